"""Print the causes of a message, for ``stormdeck explain``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from stormdeck.commands.colour import Ink, Paint, paint_for
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import standard_output, write_err, write_out
from stormdeck.commands.status.once import take_snapshot
from stormdeck.commands.text_layout import wrap
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.symptoms.decode import decode, matched_messages, near
from stormdeck.model.symptoms.evidence import Cause, Standing, as_json
from stormdeck.model.symptoms.log_traces import last_failures, traces
from stormdeck.model.symptoms.matching import Quote
from stormdeck.model.symptoms.server_errors import server_error_in
from stormdeck.model.symptoms.speakers import speaker_in
from stormdeck.model.text import clean
from stormdeck.options import Options
from stormdeck.options.kinds import quoted

_COLUMNS = 88
_MOST = 6
"""Number of messages in a list."""
_CODES = 4
"""Number of rules shown for each."""
_INKS = {Standing.FOUND: Ink.ERROR, Standing.POSSIBLE: Ink.WARNING, Standing.UNLIKELY: Ink.QUIET}


def is_known(text: str) -> bool:
    """Return whether a text is a known message, part of exactly one, or a known error text of a server."""
    return bool(matched_messages(text)) or server_error_in(text) is not None


def explain_message(text: str, options: Options, environ: Mapping[str, str], *, wants_json: bool) -> int:
    """Print the causes of a known message, those found on this machine first."""
    stack = take_snapshot(options, environ, gpus=False)
    causes = decode(text, stack.deck, traces(stack.logs))
    if wants_json:
        document = {"version": 1, "message": list(matched_messages(text)), "causes": as_json(causes)}
        document["speaker"] = speaker_in(text) or None
        write_out(mask_text(json.dumps(document, indent=2, ensure_ascii=False)))
    else:
        for line in _lines(matched_messages(text), speaker_in(text), causes, paint_for(standard_output())):
            write_out(line)
    if stack.note:
        write_err(stack.note)
    return SUCCESS


def list_messages(text: str, quotes: Sequence[Quote], *, wants_json: bool) -> int:
    """Print the messages that contain a text."""
    if wants_json:
        document = [{"text": one.text, "name": one.message.name, "codes": one.message.codes} for one in quotes]
        write_out(json.dumps({"version": 1, "messages": document}, indent=2, ensure_ascii=False))
        return SUCCESS
    paint = paint_for(standard_output())
    write_out(paint(f"{len(quotes)} messages contain {quoted(text)}:", Ink.BOLD))
    for quote in quotes[:_MOST]:
        write_out("")
        for line in wrap(quote.text, _COLUMNS, indent="  "):
            write_out(line)
        codes = ", ".join(quote.message.codes[:_CODES])
        for line in wrap(f"{quote.message.name}{': ' if codes else ''}{codes}", _COLUMNS, indent="    "):
            write_out(paint(line, Ink.QUIET))
    if len(quotes) > _MOST:
        write_out("")
        write_out(f"  and {len(quotes) - _MOST} more")
    write_err("Give more of the message to see its cause on this machine, or a code for its page.")
    return SUCCESS


def unknown(text: str, options: Options, environ: Mapping[str, str]) -> int:
    """Print that the message is unknown, the most similar ones, and the newest errors in the logs."""
    shown = clean(mask_text(text))
    write_err(f"stormdeck: unknown message: {shown[:120]}{'…' if len(shown) > 120 else ''}")
    messages = near(text)
    if messages:
        write_err("Similar messages:")
        for message in messages:
            write_err(f"  {message}")
    failures = last_failures(take_snapshot(options, environ, gpus=False).logs, text)
    if failures:
        write_err("The logs say:")
        for failure in failures:
            write_err(f"  {mask_text(clean(failure))}")
    write_err("Paste it as Claude Code shows it, or give a rule code such as URL101; `stormdeck explain` lists all.")
    return FAILURE


def _lines(names: Sequence[str], speaker: str, causes: Sequence[Cause], paint: Paint) -> list[str]:
    lines = [paint(f"{'; or '.join(names)}:" if names else "a server's error:", Ink.BOLD)]
    lines += [f"said by {speaker}, judged by its words"] if speaker else []
    likely = [one for one in causes if one.standing is not Standing.UNLIKELY]
    for cause in likely:
        lines += [
            "",
            "  ".join(
                [
                    *([paint(cause.code, Ink.BOLD)] if cause.code else []),
                    cause.title,
                    paint(cause.standing.value, _INKS[cause.standing]),
                ]
            ),
        ]
        for proof in cause.evidence:
            lines += wrap(mask_text(clean(proof)), _COLUMNS, indent="  ")
        lines += wrap(f"change: {clean(cause.change)}", _COLUMNS, indent="  ") if cause.change else []
    unlikely = [one for one in causes if one.standing is Standing.UNLIKELY]
    if unlikely:
        lines += [
            "",
            *wrap(f"{Standing.UNLIKELY.value}: {', '.join(f'{one.code} {one.title}' for one in unlikely)}", _COLUMNS),
        ]
    if not causes:
        lines += ["", "No rule explains it. Look into the server's log."]
    return lines
