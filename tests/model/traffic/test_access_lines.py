"""A log without access lines: the server finishes requests that its log does not show."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samples import CALM, FOUND, NOW, VLLM, VLLM_PROCESS, WELL
from stacks import deck
from stormdeck.model.deck import Deck
from stormdeck.model.logs.spec import ContainerLog, Runtime
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, LogPlace
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.status.bar import Bar
from stormdeck.model.status.document import bar_of, status_json
from stormdeck.model.traffic.access_lines import AccessLines, hiding_option, uncounted_words, why_uncounted
from stormdeck.model.verdict.ranking import statements

LINE = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 200 OK'
DIRECT = replace(FOUND, found=tuple(one for one in FOUND.found if not one.kind.is_proxy), logs=(VLLM_PROCESS.log,))
QUIET = replace(
    CALM, requests=0, turns=0, retries=0, requests_per_minute=0.0, turns_per_minute=0.0, retries_per_minute=0.0
)


def quiet_command(*option):
    """Return what a search finds of a vLLM that was started with an option."""
    process = replace(VLLM_PROCESS, command=(*VLLM_PROCESS.command, *option))
    return replace(DIRECT, found=tuple(replace(one, process=process) for one in DIRECT.found))


def missing(*events, now):
    """Return the requests without a line after lines (a time) and figures (time, finished, running)."""
    lines = AccessLines()
    for event in events:
        if isinstance(event, float):
            lines.take_lines(event, [LINE])
        else:
            lines.take_figures(*event)
    return lines.missing(now)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(0.0, 7, 0), (20.0, 19, 0)], 12),
        ([(0.0, 7, 0), (20.0, 7, 0)], 0),
        ([(0.0, 7, 3), (20.0, 10, 0)], 0),
        ([(0.0, 7, 3), (20.0, 11, 0)], 1),
        ([(0.0, 7, 0), 19.0, (20.0, 19, 0)], 0),
        ([(0.0, 7, 0), (20.0, 19, 0), 21.0], 0),
        ([5.0, (6.0, 7, 0), (8.0, 8, 0), (20.0, 8, 0)], 0),
        ([5.0, (20.0, 8, 0), (40.0, 9, 0)], 1),
        ([(0.0, 7, 0), (10.0, 2, 0)], 0),
        ([(0.0, 7, 0), (10.0, 2, 0), (20.0, 4, 0)], 2),
        ([(49.0, 7, 0), (58.0, 8, 0)], 0),
    ],
    ids=[
        "12 end without a line",
        "nothing ends",
        "3 ran before",
        "one more than ran before",
        "a line came before them",
        "a line came after them",
        "the request of a line ends",
        "lines, then none",
        "a restart",
        "a restart, then two",
        "the line may still come",
    ],
)
def test_requests_that_end_without_a_line(events, expected):
    assert missing(*events, now=60.0) == expected


def test_lines_in_a_format_that_is_not_understood_are_lines():
    lines = AccessLines()
    lines.take_figures(0.0, 7, 0)
    lines.take_figures(20.0, 19, 0)
    lines.take_lines(21.0, ['{"method":"POST","proto":"HTTP/1.1","status":200}'])
    assert lines.missing(60.0) == 0


def test_other_lines_are_no_requests():
    lines = AccessLines()
    lines.take_figures(0.0, 7, 0)
    lines.take_lines(10.0, ["INFO: Avg prompt throughput: 1.0", 'INFO: x:1 - "GET /health HTTP/1.1" 200 OK'])
    lines.take_figures(20.0, 19, 0)
    assert lines.missing(60.0) == 12


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--uvicorn-log-level", "warning"], "--uvicorn-log-level warning"),
        (["--uvicorn-log-level=error"], "--uvicorn-log-level error"),
        (["--uvicorn_log_level=critical"], "--uvicorn-log-level critical"),
        (["--disable-uvicorn-access-log"], "--disable-uvicorn-access-log"),
        (["--uvicorn-log-level", "info"], ""),
        (["--uvicorn-log-level", "warning", "--uvicorn-log-level", "info"], ""),
        (["--uvicorn-log-level"], ""),
        ([], ""),
    ],
)
def test_options_that_hide_access_lines(options, expected):
    assert hiding_option(["vllm", "serve", "q", *options]) == expected


BLIND = {
    "counters": (DIRECT, replace(QUIET, uncounted=uncounted_words(12)), "12 requests ended, and it shows none"),
    "option": (quiet_command("--uvicorn-log-level", "warning"), QUIET, "--uvicorn-log-level warning"),
    "flag": (quiet_command("--disable-uvicorn-access-log"), QUIET, "--disable-uvicorn-access-log"),
}


@pytest.mark.parametrize(("found", "traffic", "why"), BLIND.values(), ids=BLIND)
def test_nothing_is_said_to_be_counted(found, traffic, why):
    here = deck(WELL, found, VLLM, traffic)
    ranked = statements(here, NOW, lambda _: "12:00")
    said: Any = status_json(here, ranked)
    first = ranked[0].headline
    assert why_uncounted(here) == f"this log has no access lines: {why}"
    assert first.endswith(f"– retries: this log has no access lines: {why}")
    assert "All well" not in first
    assert "0 retries" not in first
    requests = said["requests"]
    assert requests["reason"] == why_uncounted(here)
    assert [requests[f"{name}per_minute"] for name in ("", "turns_", "retries_")] == [None] * 3
    assert requests["window"] is None
    assert said["state"] == "ok"
    bar = bar_of(here, ranked)
    assert isinstance(bar, Bar)
    assert bar.words == "Every server answers · retries cannot be counted"


def test_a_log_that_shows_requests_is_counted_whatever_the_options():
    here = deck(WELL, quiet_command("--uvicorn-log-level", "warning"), VLLM, CALM)
    assert why_uncounted(here) == ""
    said: Any = status_json(here, statements(here, NOW, lambda _: "12:00"))
    assert said["requests"]["reason"] is None
    assert said["requests"]["retries_per_minute"] == CALM.retries_per_minute


def test_the_log_of_a_proxy_counts_whatever_the_options_of_vllm():
    command = (*VLLM_PROCESS.command, "--disable-uvicorn-access-log")
    found = tuple(
        replace(one, process=replace(VLLM_PROCESS, command=command)) if not one.kind.is_proxy else one
        for one in FOUND.found
    )
    assert len(FOUND.logs) > 1
    assert why_uncounted(deck(WELL, replace(FOUND, found=found), VLLM, QUIET)) == ""


@pytest.mark.parametrize("logs", [(), ("vllm.log",)])
def test_without_a_log_the_rates_are_unknown(logs):
    here = deck(WELL, replace(DIRECT, logs=()), VLLM, replace(QUIET, logs=logs))
    said: Any = status_json(here, statements(here, NOW, lambda _: "12:00"))
    requests = said["requests"]
    assert requests["retries_per_minute"] == (0.0 if logs else None)
    assert requests["reason"] == (None if logs else "no log is read")


def test_the_option_of_a_vllm_in_a_container_is_named():
    command = ("vllm", "serve", "q", "--disable-uvicorn-access-log")
    log = ContainerLog(Runtime.DOCKER, "vllm")
    server = Found("http://127.0.0.1:8001", ServerKind.VLLM, "answers on port 8001")
    place = LogPlace(ServerKind.VLLM, log, server.url, command=command)
    deck = Deck(discovery=DiscoverySnapshot((server,), logs=(log,), places=(place,), done=True))
    assert why_uncounted(deck) == "this log has no access lines: --disable-uvicorn-access-log"
    other = replace(deck, discovery=replace(deck.discovery, logs=(log, Path("litellm.log"))))
    assert why_uncounted(other) == ""
