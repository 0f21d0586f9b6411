"""The time column of the log view: lines that were in a log before the panel started have their own times."""

import re
from datetime import UTC, datetime

import pytest

from panel import in_loop, make_app, screen, until
from samples import NOW
from stormdeck.model.logs.book import LogBook
from stormdeck.ui.clock import Clock

ASKED = '127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 200 OK'


def clock_of(at):
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def stamp(at):
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


HISTORY = {
    "by its source": ([f"INFO:     {ASKED}"], (NOW - 1000,), clock_of(NOW - 1000)),
    "by its prefix": ([f"{stamp(NOW - 900)} INFO:     {ASKED}"], (), clock_of(NOW - 900)),
    "by its front": (
        [f'10.0.0.1 - - [{datetime.fromtimestamp(NOW - 800, UTC):%d/%b/%Y:%H:%M:%S} +0000] "GET /x HTTP/1.1" 200 5'],
        (),
        clock_of(NOW - 800),
    ),
    "days ago": ([f"INFO:     {ASKED}"], (NOW - 3 * 86_400,), f"{datetime.fromtimestamp(NOW - 3 * 86_400, UTC):%d %b}"),
    "by nothing": ([f"INFO:     {ASKED}"], (), ""),
}


@pytest.mark.parametrize(("lines", "times", "shown"), HISTORY.values(), ids=HISTORY)
@in_loop
async def test_a_line_of_the_past_has_its_time(lines, times, shown):
    app = make_app(lines=[])
    app.book.add("vllm.log", lines, None, times=times)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        row = await until(pilot, lambda: re.search(r"^.(.{8}) vllm ", screen(app), re.MULTILINE), "no row")
        assert row[1].strip() == shown


def test_the_book_keeps_the_times_of_a_source():
    book = LogBook()
    book.add("a", ["x", "y"], None, times=(5.0, None))
    book.add("a", ["z"], 9.0)
    assert [book.line(number).written for number in range(3)] == [5.0, None, None]


def test_a_moment_of_another_day_is_its_day():
    class At(Clock):
        def now(self):
            return NOW

        def local(self, at):
            return datetime.fromtimestamp(at, UTC)

    assert At().moment(NOW - 3600) == clock_of(NOW - 3600)
    assert At().moment(NOW - 2 * 86_400) == f"{datetime.fromtimestamp(NOW - 2 * 86_400, UTC):%d %b}"
