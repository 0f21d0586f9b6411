"""Widgets of the Settings screen.

From a key in the form to the bytes of the file:

1. ``FieldRow`` posts ``Edited`` with the text of the current row.
2. ``SettingsScreen`` takes ``Draft.edit`` of its draft and shows the new draft.
3. The draft computes once what it needs: the text of the file, edited byte by byte (``model.json_edit``), its findings
   and the changed paths.
4. ``FormView`` turns the draft into rows, and ``SettingsForm`` draws the visible ones.
5. ``s`` calls ``Saving.ask``, which shows ``Draft.diff`` in a ``SaveScreen``.
6. Enter calls ``PanelApp.save``, which passes the text to ``SettingsFeed.save``. The file is written in a thread, and
   not at all if its digest has changed since it was read.
7. The feed reads the file again and posts a snapshot. ``take_deck`` updates the drafts to the new deck.
"""
