"""A client's message decoded, as ``explain`` prints it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence

from stormdeck.commands.glance import glance
from stormdeck.commands.paint import Ink, Paint, paint_for
from stormdeck.commands.talk import put, say, standard_output
from stormdeck.model.symptoms.cause import Cause, Standing, as_json
from stormdeck.model.symptoms.decode import decode, meant, near
from stormdeck.model.symptoms.traces import traces
from stormdeck.model.symptoms.words import words_in
from stormdeck.model.text import clean, mask_text
from stormdeck.options import Options

UNKNOWN = 2
_COLUMNS = 88
_INKS = {Standing.FOUND: Ink.ERROR, Standing.POSSIBLE: Ink.WARNING, Standing.UNLIKELY: Ink.QUIET}


def is_message(text: str) -> bool:
    """Say whether a text is, or may be, a message: one that is known, or more than one word."""
    return _known(text) or len(text.split()) > 1


def explain_message(text: str, options: Options, environ: Mapping[str, str], *, wants_json: bool) -> int:
    """Print the causes of a message, the ones that are found here first; name near messages for an unknown one."""
    if not _known(text):
        return _unknown(text)
    seen = glance(options, environ, gpus=False)
    causes = decode(text, seen.deck, traces(seen.logs))
    if wants_json:
        told = {"version": 1, "message": list(meant(text)), "causes": as_json(causes)}
        put(mask_text(json.dumps(told, indent=2, ensure_ascii=False)))
    else:
        for line in _lines(meant(text), causes, paint_for(standard_output())):
            put(line)
    if seen.note:
        say(seen.note)
    return 0


def _known(text: str) -> bool:
    return bool(meant(text)) or words_in(text) is not None


def _lines(names: Sequence[str], causes: Sequence[Cause], paint: Paint) -> list[str]:
    lines = [paint(f"{'; or '.join(names)}:" if names else "a server's error:", Ink.BOLD)]
    open_ones = [one for one in causes if one.standing is not Standing.UNLIKELY]
    for cause in open_ones:
        lines += [
            "",
            f"{paint(cause.code, Ink.BOLD)}  {cause.title}  {paint(cause.standing.value, _INKS[cause.standing])}",
        ]
        for proof in cause.evidence:
            lines += _wrapped(mask_text(clean(proof)))
        lines += _wrapped(f"change: {clean(cause.change)}") if cause.change else []
    unlikely = [one for one in causes if one.standing is Standing.UNLIKELY]
    if unlikely:
        lines += [
            "",
            *_wrapped(f"{Standing.UNLIKELY.value}: {', '.join(f'{one.code} {one.title}' for one in unlikely)}", ""),
        ]
    if not causes:
        lines += ["", "No rule knows what is behind it. The server's log says why."]
    return lines


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, _COLUMNS, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _unknown(text: str) -> int:
    shown = clean(mask_text(text))
    say(f"stormdeck: no such message is known: {shown[:120]}{'…' if len(shown) > 120 else ''}")
    messages = near(text)
    if messages:
        say("The nearest that are:")
        for message in messages:
            say(f"  {message}")
    else:
        say("Paste it as the client shows it, or give the code of a rule, such as URL101.")
    return UNKNOWN
