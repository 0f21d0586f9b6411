"""``stormdeck check --fix``: show the safe fixes, ask, and write them into the user's settings file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from stormdeck.commands.check import report
from stormdeck.commands.check.first_settings import first_server
from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.commands.colour import paint_for
from stormdeck.commands.output import confirm, flush, standard_error, standard_output, write_err, write_out
from stormdeck.model.editing.diff import diff
from stormdeck.model.editing.starter import is_blank, working_block
from stormdeck.model.finding import Severity
from stormdeck.model.json_edit.document import BOM
from stormdeck.model.json_edit.repair import repair
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.rules.fixing import safe_fixes
from stormdeck.model.rules.registry import ALL, Selection
from stormdeck.model.settings.merge import edited, loaded, previewed
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.text import clean
from stormdeck.sources.settings.write import Refused, write_settings

BROKEN, MARKED = "FILE701", "FILE705"
"""Rules whose findings are fixed by a repair: a file that is not JSON, and one with a byte-order mark."""


class Outcome(Enum):
    """Result of ``--fix``."""

    NOTHING = auto()
    """There was nothing to fix, or the user declined."""
    WRITTEN = auto()
    FAILED = auto()
    """The fixes could not be written, or there was no terminal to ask on."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposed text of the user's settings file, and the reason for each change."""

    file: SettingsFile
    text: str
    reasons: tuple[str, ...]
    guessed: bool = False
    """It would send prompts to a server that was found, not named by the user."""


def fix(known: Knowledge, rules: Selection = ALL, *, agreed: bool, to_stderr: bool) -> Outcome:
    """Show the changes and write them if the user agrees. ``to_stderr``: stdout is needed for other data."""
    proposal = propose(known, rules)
    if proposal is not None and proposal.guessed and agreed:
        write_err("Nothing is written: with --yes, the server must be named with --vllm URL or --proxy URL.")
        return Outcome.NOTHING
    if proposal is None:
        write_err("There is nothing that can be fixed safely in the user's settings.")
        return Outcome.NOTHING
    file = proposal.file
    show = write_err if to_stderr else write_out
    paint = paint_for(standard_error() if to_stderr else standard_output())
    hide = report.hider(known.settings, known.texts())
    show(clean(str(file.path)))
    for line in paint.diff(diff(file.text, proposal.text, known_secrets(known.settings))):
        show(line)
    for reason in proposal.reasons:
        show(f"  {hide(reason)}")
    for caveat in file.caveats:
        write_err(clean(caveat))
    yes = agreed or confirm(f"Write {clean(str(file.path))}?")
    if yes is None:
        write_err("stormdeck: nothing is written: there is no terminal to ask on. --yes writes without asking.")
        return Outcome.FAILED
    if not yes:
        write_err("Nothing is written.")
        return Outcome.NOTHING
    flush()
    written = write_settings(file.path, proposal.text, file.digest, known.paths.backups)
    if isinstance(written, Refused):
        write_err(f"stormdeck: {clean(written.detail)}")
        return Outcome.FAILED
    kept = f" The old file is kept as {clean(str(written.backup))}" if written.backup is not None else ""
    write_err(f"Written.{kept}")
    return Outcome.WRITTEN


def propose(known: Knowledge, rules: Selection = ALL) -> Proposal | None:
    """Return the safe fixes in the user's file for what these rules find; ``None`` if there are none.

    A broken file is repaired first, then its values are fixed. If nothing is set yet and a server answers, all
    settings for that server are proposed.
    """
    file = known.settings.file(Scope.USER)
    if file is None:
        return None
    needs_repair = rules.takes(BROKEN) if file.error is not None else _mark_must_go(known, file, rules)
    repaired = repair(file.text) if needs_repair else None
    if file.error is not None and repaired is None:
        return None
    if file.error is None and repaired is None and is_blank(known.settings):
        return _first_settings(known, file) if rules.is_all else None
    sound = loaded(file, repaired.text) if repaired is not None else file
    made = safe_fixes(previewed(known.settings, sound), Scope.USER, known.raw_findings, rules)
    text = edited(sound.text, made.edits)
    if not isinstance(text, str) or text == file.text or loaded(sound, text).error is not None:
        return None
    reasons = [f"{one.code}: {one.fix.description}" for one in made.fixed if one.fix is not None]
    return Proposal(file, text, (*(repaired.notes if repaired is not None else ()), *reasons))


def _mark_must_go(known: Knowledge, file: SettingsFile, rules: Selection) -> bool:
    """Return whether the byte-order mark of a sound file is removed: the client cannot read it, or the user asks."""
    if not file.text.startswith(BOM) or not rules.takes(MARKED):
        return False
    found = known.raw_findings(known.settings)
    is_error = any(
        one.code == MARKED and one.severity is Severity.ERROR and one.file == str(file.path) for one in found
    )
    return is_error or MARKED in rules.only


def _first_settings(known: Knowledge, file: SettingsFile) -> Proposal | None:
    """Return the settings for the server that answers."""
    server = first_server(known)
    if server is None:
        return None
    from stormdeck.commands.check.servers import token_for

    token = token_for(server.url, known.options, known.settings, known.seen)
    server = replace(server, token=token or server.token)
    text = edited(file.text, working_block(server, known.client.version))
    if not isinstance(text, str):
        return None
    reasons = [f"the settings for {server.model} at {server.url}"]
    if server.others:
        reasons.append(f"it also serves {', '.join(server.others)}")
    named = known.options.vllm is not None or known.options.proxy is not None
    return Proposal(file, text, tuple(reasons), guessed=not named)
