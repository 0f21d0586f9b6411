"""A client's message decoded, as ``explain`` prints it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence

from stormdeck.commands.colour import Ink, Paint, paint_for
from stormdeck.commands.output import put, say, standard_output
from stormdeck.commands.status.once import glance
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.symptoms.decode import decode, matched_messages, near
from stormdeck.model.symptoms.evidence import Cause, Standing, as_json
from stormdeck.model.symptoms.log_traces import traces
from stormdeck.model.symptoms.matching import Quote
from stormdeck.model.symptoms.server_errors import server_error_in
from stormdeck.model.text import clean
from stormdeck.options import Options
from stormdeck.options.kinds import quoted

UNKNOWN = 2
_COLUMNS = 88
_MOST = 6
"""Messages that a list shows, and the likeliest rules of each."""
_CODES = 4
_INKS = {Standing.FOUND: Ink.ERROR, Standing.POSSIBLE: Ink.WARNING, Standing.UNLIKELY: Ink.QUIET}


def is_known(text: str) -> bool:
    """Say whether a text is a known message, a piece that only one of them has, or a server's words."""
    return bool(matched_messages(text)) or server_error_in(text) is not None


def explain_message(text: str, options: Options, environ: Mapping[str, str], *, wants_json: bool) -> int:
    """Print the causes of a known message, the ones that are found here first."""
    seen = glance(options, environ, gpus=False)
    causes = decode(text, seen.deck, traces(seen.logs))
    if wants_json:
        told = {"version": 1, "message": list(matched_messages(text)), "causes": as_json(causes)}
        put(mask_text(json.dumps(told, indent=2, ensure_ascii=False)))
    else:
        for line in _lines(matched_messages(text), causes, paint_for(standard_output())):
            put(line)
    if seen.note:
        say(seen.note)
    return 0


def list_messages(text: str, quotes: Sequence[Quote], *, wants_json: bool) -> int:
    """Print the messages that a text is a piece of, for the user to say which."""
    if wants_json:
        told = [{"text": one.text, "name": one.message.name, "codes": one.message.codes} for one in quotes]
        put(json.dumps({"version": 1, "messages": told}, indent=2, ensure_ascii=False))
        return 0
    paint = paint_for(standard_output())
    put(paint(f"{len(quotes)} messages have {quoted(text)}:", Ink.BOLD))
    for quote in quotes[:_MOST]:
        put("")
        for line in _wrapped(quote.text):
            put(line)
        codes = ", ".join(quote.message.codes[:_CODES])
        for line in _wrapped(f"{quote.message.name}{': ' if codes else ''}{codes}", "    "):
            put(paint(line, Ink.QUIET))
    if len(quotes) > _MOST:
        put("")
        put(f"  and {len(quotes) - _MOST} more")
    say("Give more of the message to see what of it is found here, or a code for its page.")
    return 0


def unknown(text: str) -> int:
    """Say that no such message is known, and which come near."""
    shown = clean(mask_text(text))
    say(f"stormdeck: no such message is known: {shown[:120]}{'…' if len(shown) > 120 else ''}")
    messages = near(text)
    if messages:
        say("The nearest that are:")
        for message in messages:
            say(f"  {message}")
    say("Paste it as the client shows it, or give the code of a rule, such as URL101; `stormdeck explain` lists all.")
    return UNKNOWN


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
