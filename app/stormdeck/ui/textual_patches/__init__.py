"""Everything that overrides or works around Textual's own code, and nothing else.

Each part says what Textual does, what that costs, the version it was measured on (8.2.8), and the upstream change that
would make it unnecessary. ``tests/ui/test_textual_patches.py`` fails when a newer Textual moves what a patch relies on.

==================  =================================================  ==========================================
module              what it replaces                                   what would end it upstream
==================  =================================================  ==========================================
``driver``          ``LinuxDriver``: input thread, SIGTSTP, SIGCONT    a blocking select; one handler for SIGCONT
``compositor``      ``Compositor``: partial updates                     compare with the updated regions
``stylesheet``      ``Stylesheet.reparse``, ``set_variables``          keep the parse cache across new screens
``memory``          ``StylesCache``, ``Toast``, ``Strip``, ``Input``   four small corrections, each named there
``dismissing``      a second ``Screen.dismiss`` of the same screen     ignore it where the screen is not the current one
``dismissing``      ``CommandPalette._on_click`` outside the screen     ignore it where there is no widget
``paging``          page keys of a list of options without height      return in ``OptionList._move_page``
``exiting``         ``Mount`` of a screen while the app exits          send none when nothing was mounted
``selecting``       a mouse button on a widget that is removed         no selection without a parent
``screen_size``     breakpoint classes and styles of a new screen      set the classes before the first layout
==================  =================================================  ==========================================
"""
