"""The panel: the app, its screens and widgets. It draws what ``stormdeck.model`` computes.

``PanelApp`` holds the state that all screens show, ``StormdeckApp`` adds the screens and the navigation. Snapshots of
the feed arrive as messages and go down: app, deck, area, panel. Screens post ``GoTo`` messages to open other places.
"""
