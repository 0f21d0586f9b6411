"""State what is wrong with the settings: a file that is ignored, an error, nothing set up yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.rules.client.folder_trust import WITHHELD
from stormdeck.model.rules.impact import follows_from_server, is_background, where_to_fix
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.snapshots.client_state import Login
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.urls import place
from stormdeck.model.verdict.statement import Statement, brief, command_for

_WORST = 20
"""How many findings get a statement of their own."""
_ROOTS = {"FILE701", "FILE702", "MODEL307", "PROXY801", "PROXY813", "SERVER904"}
"""Rules whose findings cause others: a file that is ignored, a proxy that does not start."""


def dropped_files(deck: Deck) -> Iterator[Statement]:
    """Yield the files that the client ignores entirely, and those that stormdeck cannot read."""
    for file in deck.settings.files:
        if file.error is None:
            continue
        if file.error.ours:
            yield _unread(file.path, file.error.message)
            continue
        where = f"{file.path.name} line {file.error.line}" if file.error.line else file.path.name
        yield Statement(
            Health.ERROR,
            f"{where}: {file.error.message}",
            "Claude Code ignores the whole file and says “Not logged in”. Nothing in it takes effect. "
            "Press 3 to see where.",
            HopKind.CLIENT,
            _code_of(file, deck),
            brief=brief(f"{where} is broken", "Claude Code ignores the whole file"),
            cause="a settings file that has no effect",
            evidence=f"{file.path} was read as Claude Code reads it",
            step="stormdeck check",
        )


def _unread(path: PurePath, why: str) -> Statement:
    return Statement(
        Health.WARNING,
        f"{path.name} cannot be read: {why}",
        "Whether Claude Code can read it is unknown. The panel shows what it read last.",
        HopKind.CLIENT,
        brief=brief(f"{path.name} cannot be read", why),
        cause="stormdeck could not read the file",
        evidence=f"{path}: {why}",
        step=f"cat {path}",
    )


def errors(deck: Deck) -> Iterator[Statement]:
    """Yield the findings that are errors."""
    found = [one for one in deck.findings if one.severity is Severity.ERROR and not follows_from_server(one, deck)]
    # Of several findings of one rule only the first is shown: that of the main model.
    ranked = [(one.code not in _ROOTS, is_background(one, deck), one) for one in found]
    for _, background, finding in sorted(ranked, key=lambda one: one[:2])[:_WORST]:
        yield replace(_statement(finding, Health.ERROR, deck), rank=Health.WARNING if background else None)


def untrusted(deck: Deck) -> Iterator[Statement]:
    """Yield that the server which the folder names gets no token from the user, which may explain its answers."""
    for finding in deck.findings:
        if finding.code == WITHHELD:
            headline = f"{finding.title[0].upper()}{finding.title[1:]}"
            yield Statement(
                Health.WARNING,
                headline,
                f"{finding.message} Trust only a folder whose code you would run.",
                finding.hop,
                finding.code,
                brief=brief("This folder's server gets no token", "ctrl+t: trust the folder"),
                cause="only the folder's own settings name the server",
                evidence=_evidence(finding),
                step="trust the folder in Claude Code, or with ctrl+t in the panel",
            )


def warnings(deck: Deck) -> Iterator[Statement]:
    """Yield the findings that are warnings: none of them breaks a turn."""
    found = [one for one in deck.findings if one.severity is Severity.WARNING and one.code != WITHHELD]
    for finding in found[:_WORST]:
        yield _statement(finding, Health.WARNING, deck)


def not_set_up(deck: Deck) -> Iterator[Statement]:
    """Yield that a server runs but no setting on this machine leads to it."""
    settings = deck.settings
    if not settings.files or any(file.exists for file in settings.files) or settings.shell:
        return
    if deck.traffic is not None and deck.traffic.requests:
        return
    login = deck.client.login
    if login is not Login.NONE and not (login is Login.UNKNOWN and deck.named):
        # A user who is logged in to Anthropic needs no setting; on a Mac that cannot be ruled out.
        return
    server = deck.proxy or deck.vllm
    if server is None or server.state is not ServerState.UP:
        return
    yield Statement(
        Health.WARNING,
        f"Claude Code is not set up here yet: no settings lead to {place(server.url)}",
        "The server is up. Press 3 to set the base URL, a token and the model. Clients elsewhere have settings there.",
        HopKind.CLIENT,
        "URL102",
        brief=brief("Claude Code is not set up here", f"press 3: base URL {place(server.url)}"),
        cause="no settings",
        evidence="no settings file in any scope, no variable of the client in the shell",
        step=f"stormdeck set ANTHROPIC_BASE_URL {server.url}",
    )


def _statement(finding: Finding, health: Health, deck: Deck) -> Statement:
    name, what = _name(finding), _what(finding, deck)
    return Statement(
        health,
        f"{name}: {what}" if name else what,
        f"{finding.message} {where_to_fix(finding)}",
        finding.hop,
        finding.code,
        brief=brief(name.partition(", ")[0] or what, finding.title if name else ""),
        cause=finding.title,
        evidence=_evidence(finding),
        step=command_for(finding.code, fixed=finding.fix is not None),
        setting=name,
    )


def _name(finding: Finding) -> str:
    """Return the name of what a finding is about, as the user knows it; empty if its title contains it."""
    if finding.hop is HopKind.PROXY and finding.file is not None:
        line = f" line {finding.line}" if finding.line is not None else ""
        key = finding.path.rpartition(".")[2]
        return f"{PurePath(finding.file).name}{line}" + (f", {key}" if key else "")
    if finding.hop is HopKind.SERVER:
        option = f" {finding.path}" if finding.path.startswith("--") else ""
        return "" if finding.title.startswith("vLLM") else f"vLLM{option}"
    return finding.path.removeprefix("env.")


def _what(finding: Finding, deck: Deck) -> str:
    """Return what is wrong. For a model that is not served, name it and the closest one that is."""
    asked = deck.settings.text(finding.path)
    if finding.code != "MODEL303" or not asked:
        return finding.title
    closest = finding.fix.edits[0].value if finding.fix is not None and finding.fix.edits else None
    return f"`{asked}` is not served" + (f", did you mean `{closest}`?" if closest else "")


def _evidence(finding: Finding) -> str:
    at = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part is not None)
    return f"{at or finding.path} ({finding.evidence})"


def _code_of(file: SettingsFile, deck: Deck) -> str:
    """Return the rule for a broken file: not JSON, or a key of the wrong type."""
    path = str(file.path)
    codes = (one.code for one in deck.findings if one.file == path and one.code in {"FILE701", "FILE702"})
    return next(codes, "FILE702" if " must be " in (file.error.message if file.error else "") else "FILE701")
