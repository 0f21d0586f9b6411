"""List every action and key of the panel. Bindings, footer, help, palette and keymap read this list."""

from __future__ import annotations

from stormdeck.model.keys.action import Action

AREAS = (("overview", "Overview"), ("logs", "Logs"), ("settings", "Settings"), ("checks", "Checks"))
"""The work areas in the order of their number keys."""
SHORT = {"overview": "View", "logs": "Logs", "settings": "Set", "checks": "Checks"}
"""Names of the areas for narrow terminals."""
ENLARGED = (("history", "History, enlarged"),)
"""Panels of the overview that have keys of their own while they are enlarged."""
EVERYWHERE = ("app", "replay")
"""Places that mean every area; ``replay`` only while the panel plays a recording."""
DIALOGS = ("help", "canary", "save", "raw", "symptom", "page", "leave", "trust", "groups", "profiles", "restart")

_APP = (
    Action("app.overview", "1", "Overview", "The path, the verdict and the live numbers.", "show('overview')"),
    Action("app.logs", "2", "Logs", "Every log line, to follow, search and filter.", "show('logs')"),
    Action("app.settings", "3", "Settings", "The settings.json form, with findings.", "show('settings')"),
    Action("app.checks", "4", "Checks", "All findings, and what was found on this machine.", "show('checks')"),
    Action(
        "app.palette",
        "p,ctrl+p",
        "palette",
        "Find an action, a rule, a setting or a theme by its name.",
        "command_palette",
        footer=True,
    ),
    Action("app.help", "question_mark,f1", "help", "All keys, and what the signs mean.", "help", footer=True),
    Action("app.quit", "q", "quit", "Quit. Nothing keeps running.", "quit", footer=True),
    Action("app.leave", "ctrl+q", "quit", "Quit, also while you type.", "quit", priority=True),
    Action("app.trust", "ctrl+t", "trust folder", "Let the server in this folder's settings get your token.", "trust"),
    Action("app.search", "ctrl+r", "look again", "Look for servers and logs on this machine again.", "search"),
)
_OVERVIEW = (
    Action("overview.storm", "s", "storm log", "Go to the log lines of the newest storm.", "app.storm", footer=True),
    Action("overview.groups", "g", "model groups", "Show every model group of the proxy and its servers.", "groups"),
    Action(
        "overview.restart",
        "R",
        "restart",
        "Show the command that restarts the server of the chosen panel, or the one to blame.",
        "restart",
        writes=True,
    ),
    Action("overview.zoom", "z", "zoom", "Enlarge a panel to the whole screen, or restore it.", "zoom", footer=True),
    Action(
        "overview.history",
        "h",
        "history",
        "Enlarge the figures of the last hours.",
        "history",
        footer=True,
    ),
    Action("overview.next", "tab", "next panel", "Go to the next panel.", "next_panel(1)"),
    Action("overview.previous", "shift+tab", "previous panel", "Go to the previous panel.", "next_panel(-1)"),
    Action("overview.back", "escape", "back", "Restore an enlarged panel, or leave the panels.", "unzoom"),
    Action("overview.copy", "y", "copy", "Copy the verdict.", "copy"),
    Action("overview.up", "up,k", "storm above", "Go to the storm above.", "move(-1)", inner=True),
    Action("overview.down", "down,j", "storm below", "Go to the storm below.", "move(1)", inner=True),
    Action("overview.open", "enter", "its lines", "Go to the log lines of the selected storm.", "open", inner=True),
)
_HISTORY = (
    Action("history.left", "left,h", "earlier", "Move the cursor to an earlier moment.", "move(-1)", inner=True),
    Action("history.right", "right,l", "later", "Move the cursor to a later moment.", "move(1)", inner=True),
    Action("history.far-left", "shift+left,H", "much earlier", "Go ten moments back.", "move(-10)", inner=True),
    Action("history.far-right", "shift+right,L", "much later", "Move the cursor ten steps on.", "move(10)", inner=True),
    Action("history.first", "home,g", "oldest", "Go to the oldest moment that is shown.", "edge(-1)", inner=True),
    Action("history.last", "end,G", "newest", "Go to the newest moment and stay there.", "edge(1)", inner=True),
    Action("history.open", "enter", "its log lines", "Go to the log lines of this moment.", "open", inner=True),
    Action("history.shorter", "left_square_bracket", "less time", "Show less time.", "span(-1)", inner=True),
    Action("history.longer", "right_square_bracket", "more time", "Show more time.", "span(1)", inner=True),
    Action(
        "history.up", "up,k", "figures above", "Show the figures above, if some are hidden.", "scroll(-1)", inner=True
    ),
    Action("history.down", "down,j", "figures below", "Show the figures below.", "scroll(1)", inner=True),
)
_LOGS = (
    Action("logs.pause", "space", "pause", "Pause the view; new lines are still read.", "pause", footer=True),
    Action("logs.filter", "slash", "filter", "Show only lines that contain a text.", "filter", footer=True),
    Action("logs.error", "e", "next error", "Go to the next failed request or error.", "error", footer=True),
    Action("logs.storm", "s", "next storm", "Go to the next older storm.", "app.storm", footer=True),
    Action("logs.follow", "f,end,G", "follow", "Go to the newest line and stay there.", "follow", footer=True),
    Action(
        "logs.next",
        "n",
        "next match",
        "Go to the next match of the last filter, or without one to the next error.",
        "next(1)",
    ),
    Action("logs.previous", "N", "previous match", "Go to the previous match.", "next(-1)"),
    Action("logs.clear", "escape", "all lines", "Clear the filter; your place in the log stays.", "clear_filter"),
    Action("logs.copy", "y", "copy", "Copy the current line, or the lines you marked.", "copy"),
    Action("logs.top", "g,home", "oldest", "Go to the oldest line that is kept.", "top"),
    Action("logs.fold", "enter", "unfold", "Unfold the current traceback, or fold it again.", "fold", inner=True),
    Action("logs.up", "up,k", "line up", "Go to the line above.", "move(-1)", inner=True),
    Action("logs.down", "down,j", "line down", "Go to the line below.", "move(1)", inner=True),
    Action("logs.mark-up", "shift+up,K", "mark up", "Mark the line above too.", "move(-1, True)", inner=True),
    Action("logs.mark-down", "shift+down,J", "mark down", "Mark the line below too.", "move(1, True)", inner=True),
    Action("logs.page-up", "pageup,b", "page up", "Scroll a page back.", "page_up", inner=True),
    Action("logs.page-down", "pagedown", "page down", "Scroll a page forward.", "page_down", inner=True),
    Action("logs.left", "left,h", "left", "Show earlier columns of long lines.", "scroll_left", inner=True),
    Action("logs.right", "right,l", "right", "Show later columns of long lines.", "scroll_right", inner=True),
)
_SETTINGS = (
    Action("settings.edit", "enter", "edit", "Change the current value.", "edit", footer=True, writes=True),
    Action("settings.save", "s,ctrl+s", "save", "Show what changes, then write it.", "save", footer=True, writes=True),
    Action(
        "settings.profiles",
        "P",
        "profiles",
        "Switch to another profile: to another server, or to the hosted API.",
        "profiles",
        footer=True,
        writes=True,
    ),
    Action("settings.fix", "f", "fix", "Apply the fix for the current value.", "fix", footer=True, writes=True),
    Action(
        "settings.undo",
        "u",
        "undo",
        "Undo the last unsaved change, or without one the last switch of profiles.",
        "undo",
        footer=True,
        writes=True,
    ),
    Action("settings.redo", "U", "redo", "Redo the last undone change.", "redo", writes=True),
    Action(
        "settings.fix-all",
        "F",
        "fix all",
        "Apply every safe fix; an empty file gets a complete working block.",
        "fix_all",
        writes=True,
    ),
    Action("settings.find", "slash", "find", "Go to a setting by its name.", "find", footer=True),
    Action(
        "settings.next",
        "n",
        "next",
        "Go to the next match of the search, or without one to the next finding.",
        "next(1)",
    ),
    Action("settings.previous", "N", "previous", "Go to the previous match or finding.", "next(-1)"),
    Action("settings.close", "escape", "close", "Close the search; n goes to findings again.", "close"),
    Action("settings.unset", "x,delete", "remove", "Remove the current value.", "unset", writes=True),
    Action("settings.reveal", "r", "reveal", "Show or hide the secrets.", "reveal"),
    Action("settings.copy", "y", "copy", "Copy the current value; a secret is never copied.", "copy"),
    Action("settings.raw", "j", "raw JSON", "Show the file as it would be saved.", "raw"),
    Action("settings.scope", "right", "next scope", "Show the next scope of settings.", "scope(1)"),
    Action("settings.scope-back", "left", "previous scope", "Show the previous scope of settings.", "scope(-1)"),
    Action("settings.top", "g,home", "first", "Go to the first value.", "edge(0)"),
    Action("settings.bottom", "G,end", "last", "Go to the last value.", "edge(-1)"),
    Action("settings.up", "up", "value above", "Go to the value above.", "move(-1)", inner=True),
    Action("settings.down", "down", "value below", "Go to the value below.", "move(1)", inner=True),
)
_CHECKS = (
    Action("checks.canary", "c", "canary", "Show what the canary would send, then send it.", "canary", footer=True),
    Action("checks.decode", "d", "decode", "Paste a message of Claude Code to see its causes.", "decode", footer=True),
    Action(
        "checks.fix",
        "f",
        "fix",
        "Apply the fix in the settings form, where you review and save it.",
        "fix",
        footer=True,
        writes=True,
    ),
    Action("checks.find", "slash", "find", "Go to a finding by its code or text.", "find", footer=True),
    Action("checks.filter", "a", "all or problems", "Show all, or problems only.", "filter", footer=True),
    Action(
        "checks.next", "n", "next", "Go to the next match of the search, or without one to the next problem.", "next(1)"
    ),
    Action("checks.previous", "N", "previous", "Go to the previous match or problem.", "next(-1)"),
    Action("checks.close", "escape", "close", "Close the field at the bottom; its text is kept.", "close"),
    Action("checks.copy", "y", "copy", "Copy the finding: its code, message and fix.", "copy"),
    Action("checks.yaml", "j", "proxy YAML", "Show LiteLLM's YAML with its findings.", "yaml"),
    Action("checks.page-down", "space,pagedown", "read on", "Scroll the explanation.", "page(1)"),
    Action("checks.page-up", "b,pageup", "read back", "Scroll the explanation back.", "page(-1)"),
    Action("checks.top", "g,home", "first", "Go to the first finding.", "edge(0)"),
    Action("checks.bottom", "G,end", "last", "Go to the last row.", "edge(-1)"),
    Action("checks.up", "up", "row above", "Go to the row above.", "move(-1)", inner=True),
    Action("checks.down", "down", "row below", "Go to the row below.", "move(1)", inner=True),
)
_REPLAY = (
    Action("replay.hold", "t", "pause", "Pause the recording, or continue.", "app.hold"),
    Action("replay.skip", "T", "skip", "Skip to the next request of the recording.", "app.skip"),
)
_DIALOGS = (
    Action("help.close", "escape,question_mark,q,f1", "close", "Close the help.", "dismiss"),
    Action("canary.send", "enter,y", "send", "Send the canary's requests.", "send"),
    Action("canary.long", "l", "long prompt", "Add a prompt that nearly fills the context window, or not.", "long"),
    Action("canary.stop", "escape,q,n", "stop", "Stop the canary, or close it.", "dismiss"),
    Action("save.write", "enter,y", "write", "Write the file.", "dismiss(True)"),
    Action("save.back", "escape,n,q", "back", "Do not write; the changes stay in the form.", "dismiss(False)"),
    Action("save.drop", "d", "drop mine", "Keep the file as it is on the disk.", "drop"),
    Action("raw.close", "escape,j,q,enter", "close", "Close the file.", "dismiss"),
    Action("symptom.close", "escape,q,enter", "close", "Close the causes.", "dismiss"),
    Action("page.close", "escape,q,enter", "close", "Close the rule.", "dismiss"),
    Action("page.copy", "y", "copy", "Copy the rule.", "copy"),
    Action("groups.close", "escape,g,q,enter", "close", "Close the model groups.", "dismiss"),
    Action("restart.run", "enter", "run", "Run the command that is shown.", "run"),
    Action("restart.copy", "y", "copy", "Copy the command.", "copy"),
    Action("restart.close", "escape,q,n", "close", "Run nothing; stop the command, or close its output.", "dismiss"),
    Action("profiles.choose", "enter,y", "choose", "Show what changes with the selected profile.", "choose"),
    Action("profiles.up", "up,k", "above", "Select the profile above.", "move(-1)"),
    Action("profiles.down", "down,j", "below", "Select the profile below.", "move(1)"),
    Action("profiles.close", "escape,P,q,n", "close", "Close the profiles.", "dismiss"),
    Action("leave.leave", "enter,q,y", "quit", "Quit and discard unsaved changes.", "dismiss(True)"),
    Action("leave.stay", "escape,n", "stay", "Stay.", "dismiss(False)"),
    Action("trust.agree", "y", "trust", "Send the token there from now on.", "dismiss(True)"),
    Action("trust.refuse", "escape,n,q,enter", "do not", "Send nothing; you can decide again later.", "dismiss(False)"),
)

ACTIONS = (*_APP, *_OVERVIEW, *_HISTORY, *_LOGS, *_SETTINGS, *_CHECKS, *_REPLAY, *_DIALOGS)
