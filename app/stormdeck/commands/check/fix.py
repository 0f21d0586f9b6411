"""``stormdeck check --fix``: what would be changed, shown, agreed to, and written into the user's own file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from stormdeck.commands.check import report
from stormdeck.commands.check.first_settings import first_server
from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.commands.colour import paint_for
from stormdeck.commands.output import asked, flush, put, say, standard_error, standard_output
from stormdeck.model.editing.diff import diff
from stormdeck.model.editing.starter import is_blank, working_block
from stormdeck.model.json_edit.repair import repair
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.rules.fixing import safe_fixes
from stormdeck.model.rules.registry import ALL, Selection
from stormdeck.model.settings.merge import edited, loaded, previewed
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.text import clean
from stormdeck.sources.settings.write import Refused, write_settings

BROKEN, MARKED = "FILE701", "FILE705"
"""The rules whose findings a repair mends: a file that is no JSON, and one that is with a byte-order mark."""


class Outcome(Enum):
    """What became of a wish to fix."""

    NOTHING = auto()
    """There was nothing to fix, or the user said no."""
    WRITTEN = auto()
    FAILED = auto()
    """There was something to fix and it could not be written, or nobody could be asked."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The text that the user's file would have, and what each change is for."""

    file: SettingsFile
    text: str
    reasons: tuple[str, ...]
    guessed: bool = False
    """It says where prompts go, to a server that was found and that the user did not name."""


def fix(known: Knowledge, rules: Selection = ALL, *, agreed: bool, aside: bool) -> Outcome:
    """Show what would change and write it when the user agrees; ``aside``: stdout is kept for other data."""
    proposal = propose(known, rules)
    if proposal is not None and proposal.guessed and agreed:
        say("Nothing is written: --yes takes no server that was only found. Name it: --vllm URL or --proxy URL.")
        return Outcome.NOTHING
    if proposal is None:
        say("There is nothing that can be fixed safely in the user's settings.")
        return Outcome.NOTHING
    file = proposal.file
    tell = say if aside else put
    paint = paint_for(standard_error() if aside else standard_output())
    hide = report.hider(known.settings, known.texts())
    tell(clean(str(file.path)))
    for line in paint.diff(diff(file.text, proposal.text, known_secrets(known.settings))):
        tell(line)
    for reason in proposal.reasons:
        tell(f"  {hide(reason)}")
    for caveat in file.caveats:
        say(clean(caveat))
    yes = agreed or asked(f"Write {clean(str(file.path))}?")
    if yes is None:
        say("stormdeck: nothing is written: there is no terminal to ask at. --yes agrees beforehand.")
        return Outcome.FAILED
    if not yes:
        say("Nothing is written.")
        return Outcome.NOTHING
    flush()
    written = write_settings(file.path, proposal.text, file.digest, known.paths.backups)
    if isinstance(written, Refused):
        say(f"stormdeck: {clean(written.detail)}")
        return Outcome.FAILED
    kept = f" A copy of what was there: {clean(str(written.backup))}" if written.backup is not None else ""
    say(f"Written.{kept}")
    return Outcome.WRITTEN


def propose(known: Knowledge, rules: Selection = ALL) -> Proposal | None:
    """Return what can be fixed safely in the user's file, of what these rules find; ``None``: nothing.

    A broken file is repaired first, then its values are fixed; where nothing is set yet and a server answers, the
    whole working block for that server.
    """
    file = known.settings.file(Scope.USER)
    if file is None:
        return None
    repaired = repair(file.text) if rules.takes(BROKEN if file.error is not None else MARKED) else None
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


def _first_settings(known: Knowledge, file: SettingsFile) -> Proposal | None:
    """Return the working block for the server that answers."""
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
        reasons.append(f"it serves too: {', '.join(server.others)}")
    named = known.options.vllm is not None or known.options.proxy is not None
    return Proposal(file, text, tuple(reasons), guessed=not named)
