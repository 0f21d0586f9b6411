"""A moment that another screen names is shown in the logs."""

from panel import in_loop, rows_with, screen, until
from samples import NOW
from stormdeck.ui.messages import GoTo, LogMoment
from stormdeck.ui.widgets.logs.view import LogView

LOG = "/var/log/litellm.log"
SIZE = (120, 40)


def minute(number, text="line"):
    """Return fifty lines that arrived in a minute."""
    return (LOG, [f"{text} {number:02}-{at:02}" for at in range(50)], NOW + 60 * number, {})


@in_loop
async def test_a_moment_opens_the_logs_at_its_first_line(panel):
    async with panel(lines=[minute(number) for number in range(10)]).run_test(size=SIZE) as pilot:
        pilot.app.post_message(GoTo(LogMoment(NOW + 60 * 4 - 20)))
        await until(pilot, lambda: pilot.app.screen.AREA == "logs" and rows_with(pilot.app, "line 04-00"))
        await until(pilot, lambda: pilot.app.screen.query_one(LogView).mark == 200)


@in_loop
async def test_a_moment_after_the_last_line_shows_the_newest(panel):
    async with panel(lines=[minute(number) for number in range(10)]).run_test(size=SIZE) as pilot:
        pilot.app.post_message(GoTo(LogMoment(NOW + 6000)))
        await until(pilot, lambda: pilot.app.screen.AREA == "logs" and rows_with(pilot.app, "line 09-49"))


@in_loop
async def test_a_moment_before_the_kept_lines_is_said_to_be_gone(panel):
    async with panel(lines=[minute(number) for number in range(10)]).run_test(size=SIZE, notifications=True) as pilot:
        pilot.app.post_message(GoTo(LogMoment(NOW - 3600)))
        await until(pilot, lambda: rows_with(pilot.app, "are not kept"))
        assert "line 00-00" not in screen(pilot.app) or pilot.app.screen.AREA == "overview"
