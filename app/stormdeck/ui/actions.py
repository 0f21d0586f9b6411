"""Every key of the panel, once: the footer, the help, the palette and the bindings read this list."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a key does."""

    id: str
    """Stable: a keymap names it."""
    keys: str
    """As Textual names them, several with commas."""
    shown: str
    """The key as people write it."""
    words: str
    """Two words at most, for the footer."""
    help: str
    """One sentence, for the help and the palette."""
    call: str
    """Textual's action string."""
    area: str = "app"
    """``app``: everywhere; else the screen it belongs to."""
    footer: bool = False

    @property
    def target(self) -> str:
        """Return the action string with its owner, as a click or the palette calls it."""
        if "." in self.call:
            return self.call
        return f"{'app' if self.area == 'app' else 'screen'}.{self.call}"


AREAS = (("overview", "Overview"), ("logs", "Logs"), ("settings", "Settings"), ("checks", "Checks"))
"""The work areas in the order of their number keys."""

ACTIONS = (
    Action("show.overview", "1", "1", "Overview", "The path, the verdict and the live numbers.", "show('overview')"),
    Action("show.logs", "2", "2", "Logs", "Every log line, to follow and to filter.", "show('logs')"),
    Action("show.settings", "3", "3", "Settings", "The settings.json form, with findings.", "show('settings')"),
    Action("show.checks", "4", "4", "Checks", "All findings, and what was found on this machine.", "show('checks')"),
    Action("palette", "p,ctrl+p", "p", "palette", "Find any action by its name.", "command_palette", footer=True),
    Action("help", "question_mark,f1", "?", "help", "All keys, and what the signs mean.", "help", footer=True),
    Action("quit", "q,ctrl+q", "q", "quit", "Leave. Nothing keeps running.", "quit", footer=True),
    Action("search", "ctrl+r", "^r", "look again", "Look for servers and logs on this machine again.", "search"),
    Action(
        "overview.storm", "s", "s", "storm log", "Go to the log lines of the newest storm.", "app.storm", "overview"
    ),
    Action("logs.storm", "s", "s", "next storm", "Go to the next older storm.", "app.storm", "logs", footer=True),
    Action(
        "logs.pause", "space", "space", "pause", "Hold the view; lines go on being read.", "pause", "logs", footer=True
    ),
    Action("logs.filter", "slash", "/", "filter", "Show only lines that hold a text.", "filter", "logs", footer=True),
    Action("logs.clear", "escape", "esc", "all lines", "Drop the filter.", "clear_filter", "logs"),
    Action(
        "logs.follow", "f,end,G", "f", "follow", "Go to the newest line and stay there.", "follow", "logs", footer=True
    ),
    Action("logs.top", "home,g", "g", "oldest", "Go to the oldest line that is kept.", "top", "logs"),
    Action(
        "logs.error", "e", "e", "next error", "Go to the next failed request or error.", "error", "logs", footer=True
    ),
    Action("settings.edit", "enter", "enter", "edit", "Change the value you are on.", "edit", "settings", footer=True),
    Action(
        "settings.save", "s,ctrl+s", "s", "save", "Show what changes, then write it.", "save", "settings", footer=True
    ),
    Action("settings.redo", "U", "U", "redo", "Make the change again that was taken back last.", "redo", "settings"),
    Action("settings.find", "slash", "/", "find", "Go to a setting by its name.", "find", "settings"),
    Action("settings.close", "escape", "esc", "close", "Close the search.", "close", "settings"),
    Action("settings.raw", "j", "j", "raw JSON", "Show the file as it would be written.", "raw", "settings"),
    Action("settings.scope", "right", "→", "next scope", "Show the next scope of settings.", "scope(1)", "settings"),
    Action("settings.scope-back", "left", "←", "scope before", "Show the scope before.", "scope(-1)", "settings"),
    Action("settings.undo", "u", "u", "undo", "Take back the last unsaved change.", "undo", "settings", footer=True),
    Action("settings.fix", "f", "f", "fix", "Take the fix of the value you are on.", "fix", "settings", footer=True),
    Action(
        "settings.fix-all",
        "F",
        "F",
        "fix all",
        "Take every safe fix; an empty file gets the whole working block.",
        "fix_all",
        "settings",
    ),
    Action("settings.unset", "x,delete", "x", "remove", "Remove the value you are on.", "unset", "settings"),
    Action("settings.reveal", "r", "r", "reveal", "Show or hide the secrets.", "reveal", "settings"),
    Action(
        "settings.next", "n", "n", "next finding", "Go to the next value with a finding.", "next_finding", "settings"
    ),
    Action(
        "checks.canary", "c", "c", "canary", "Show what a canary would send, then send it.", "canary", "checks", True
    ),
    Action(
        "checks.decode",
        "slash,d",
        "/",
        "decode",
        "Paste a message of Claude Code to see its causes.",
        "decode",
        "checks",
        True,
    ),
    Action("checks.close", "escape", "esc", "close", "Close the field for a message.", "close", "checks"),
    Action(
        "checks.fix",
        "f",
        "f",
        "fix",
        "Take the fix to the form, where it is saved after its diff.",
        "fix",
        "checks",
        True,
    ),
    Action(
        "checks.filter", "a", "a", "all or problems", "Show all, or problems only.", "filter", "checks", footer=True
    ),
    Action(
        "checks.yaml", "y", "y", "proxy YAML", "Show LiteLLM's YAML with its findings.", "yaml", "checks", footer=True
    ),
    Action("checks.down", "space,pagedown", "space", "read on", "Scroll the explanation.", "page(1)", "checks"),
    Action("checks.up", "b,pageup", "b", "read back", "Scroll the explanation back.", "page(-1)", "checks"),
)


def bindings(area: str) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Return the bindings of one area, each with its id and tooltip."""
    return [
        Binding(action.keys, action.call, action.words, id=action.id, tooltip=action.help, show=action.footer)
        for action in ACTIONS
        if action.area == area
    ]


def footer(area: str) -> list[Action]:
    """Return the few keys that matter in an area, its own before the common ones."""
    own = [action for action in ACTIONS if action.footer and action.area == area]
    return own + [action for action in ACTIONS if action.footer and action.area == "app"]
