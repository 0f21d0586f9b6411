"""Format the report of ``analyze`` as text of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from stormdeck.commands.colour import Ink, Paint
from stormdeck.commands.text_layout import fit, wrap
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.retries.backoff import LEFT
from stormdeck.model.retries.storms.report import Report
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.text import clean
from stormdeck.model.units import NONE, duration, grouped, plural

COLUMNS = 80
MOST_ERRORS = 5
"""Errors that are shown at most, the newest."""
_HEADINGS = ("started", "length", "attempts", "cause", "outcome", "evidence")
_NUMBERS = {"attempts"}
_UNSURE = "look like retries, but may be chance; each counts as a turn"
_INKS = {
    Outcome.LIVE: Ink.ERROR,
    Outcome.GAVE_UP: Ink.WARNING,
    Outcome.RECOVERED: Ink.GOOD,
    Outcome.STOPPED: Ink.QUIET,
    Outcome.QUIET: Ink.WARNING,
}


def as_text(report: Report, paint: Paint) -> list[str]:
    """Return the lines of the report."""
    if not report.http_requests and not report.storms:
        nothing = "No requests found. They are in the access lines of vLLM's or the proxy's log."
        return [nothing, *_remarks(report, paint)]
    return [
        *_summary(report, paint),
        "",
        *_storms(report.known_storms, paint, has_unsure=len(report.known_storms) < len(report.storms)),
        *_unclear(report, paint),
        *_remarks(report, paint),
    ]


def _remarks(report: Report, paint: Paint) -> list[str]:
    """Return what else the logs say: errors that no storm shows, lines that were not understood."""
    shown = {storm.reason for storm in report.known_storms}
    errors = [error for error in report.errors if error not in shown][-MOST_ERRORS:]
    lines = (
        ["", f"{plural(len(errors), 'error')} in the log:" if len(errors) > 1 else "Error in the log:"]
        if errors
        else []
    )
    lines += [f"  {paint(fit(mask_text(clean(error)), COLUMNS - 2), Ink.ERROR)}" for error in errors]
    if report.unread_lines:
        first = fit(mask_text(clean(report.first_unread)), COLUMNS - 2)
        count = plural(report.unread_lines, "line")
        verb = "holds" if report.unread_lines == 1 else "hold"
        what = "was not understood" if report.unread_lines == 1 else "were not understood; the first"
        lines += ["", f"{count} {verb} HTTP/ and {what}:", f"  {paint(first, Ink.QUIET)}"]
    for note in report.notes:
        lines += ["", *wrap(clean(note), COLUMNS)]
    return lines


def _summary(report: Report, paint: Paint) -> list[str]:
    named = report.main_requests + (report.auxiliary or 0) + report.count_tokens + report.probes
    kinds = [
        (report.main_requests, "main" if report.auxiliary is not None else "main or auxiliary"),
        (report.auxiliary or 0, "auxiliary"),
        (report.count_tokens, "count_tokens"),
        (report.probes, "probes"),
        (max(0, report.http_requests - named), "other"),
    ]
    sent = report.turns + report.retries
    rows = [
        ("requests", grouped(report.http_requests), _listed((count, name) for count, name in kinds)),
        ("turns", grouped(report.turns), "each with one answer or one error for the user"),
        ("retries", grouped(report.retries), f"{sent / report.turns:.1f} requests per turn" if report.turns else ""),
        (
            "unsure",
            grouped(report.retries_unsure) if report.retries_unsure else "",
            _UNSURE if report.retries_unsure else "",
        ),
        ("answers", "", _listed((count, _status(status)) for status, count in sorted(report.by_status.items()))),
        ("clients", "", _listed((count, mask_text(clean(agent))) for agent, count in report.clients.items())),
    ]
    width = max(len(count) for _, count, _ in rows)
    lines = []
    for name, count, words in rows:
        if count or words:
            shown = paint(fit(words, COLUMNS - width - 12), Ink.QUIET)
            lines.append(f"{paint(name.ljust(8), Ink.BOLD)}  {count:>{width}}  {shown}".rstrip())
    return lines


def _status(status: str) -> str:
    return f"× {status} (the client left)" if status == str(LEFT) else f"× {status}"


def _listed(counts: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{grouped(count)} {name}" for count, name in counts if count)


def _unclear(report: Report, paint: Paint) -> list[str]:
    """Return what is known where attempts cannot be told apart, and how to see them."""
    unsure = len(report.storms) - len(report.known_storms)
    if not unsure:
        return []
    lines = [] if not report.known_storms else [""]
    traffic = report.unclear
    if traffic is None:
        failed = sum(count for status, count in report.by_status.items() if status >= "400")
        share = f"{failed} of {sum(report.by_status.values())} requests failed"
        lines += wrap(f"{share}; attempts cannot be told apart in this log, since it has no times.", COLUMNS)
    else:
        lines += wrap(f"{traffic.words}.", COLUMNS)
        causes = _listed((count, f"× {status}") for status, count in traffic.causes)
        lines.append("  " + paint(fit(f"{traffic.share:.0%} failed: {causes}", COLUMNS - 2), Ink.QUIET))
    return [*lines, "  " + paint("See exactly: stormdeck run -- claude", Ink.QUIET)]


def _storms(storms: Sequence[Storm], paint: Paint, *, has_unsure: bool) -> list[str]:
    if not storms and has_unsure:
        return []
    if not storms:
        return ["No storms: no turn was sent three times or more."]
    rows = [_row(storm) for storm in storms]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = [f"{plural(len(storms), 'storm')}: turns that were sent three times or more", ""]
    lines.append("  " + paint("  ".join(_cells(_HEADINGS, widths)).rstrip(), Ink.QUIET))
    for storm, row in zip(storms, rows, strict=True):
        padded = _cells(row, widths)
        padded[4] = paint(padded[4], _INKS[storm.outcome])
        lines.append("  " + "  ".join(padded).rstrip())
        if storm.reason:
            lines.append("    " + paint(fit(mask_text(clean(storm.reason)), COLUMNS - 4), Ink.QUIET))
    return lines


def _row(storm: Storm) -> tuple[str, ...]:
    return (
        _moment(storm.started) if storm.timed else NONE,
        duration(storm.last - storm.started) if storm.timed else NONE,
        str(storm.attempts),
        clean(storm.cause),
        storm.outcome.value,
        storm.evidence,
    )


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = zip(_HEADINGS, row, widths, strict=True)
    return [text.rjust(width) if name in _NUMBERS else text.ljust(width) for name, text, width in columns]


def _moment(t: float) -> str:
    """Return a time in the user's time zone: ``20 Nov 14:02:07``."""
    try:
        return f"{datetime.fromtimestamp(t).astimezone():%d %b %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # a clock that is wrong by millennia
        return NONE
