"""The interval of the polls is changed by keys, said in words, and kept."""

from feeds import QuietFeed
from panel import in_loop, rows_with, until


class IntervalFeed(QuietFeed):
    """Notes the intervals that it gets."""

    def set_interval(self, seconds):
        self.calls.append(seconds)


@in_loop
async def test_plus_and_minus_change_the_interval_and_say_what_it_means(panel):
    app, kept = panel(), []
    app.feed = IntervalFeed()
    app.keep_choice = lambda name, value: kept.append((name, value)) or ""
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "start" in app.feed.calls)
        await pilot.press("plus", "equals_sign")
        await until(pilot, lambda: rows_with(pilot.app, "Polling servers every 5 s; less often while"))
        assert not rows_with(pilot.app, "every 3 s")
        await pilot.press("minus")
        await until(pilot, lambda: rows_with(pilot.app, "every 3 s"))
        assert app.feed.calls[1:] == [3, 5, 3]
        assert kept == [("poll", 3), ("poll", 5), ("poll", 3)]


@in_loop
async def test_at_the_end_it_stays(panel):
    app = panel()
    app.feed, app.poll_s = IntervalFeed(), 1
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "start" in app.feed.calls)
        await pilot.press("minus")
        await until(pilot, lambda: rows_with(pilot.app, "Polling servers every 1 s;"))
        assert app.feed.calls == ["start"]


@in_loop
async def test_before_the_sources_are_loaded_it_says_so(panel):
    app = panel()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("plus")
        await until(pilot, lambda: rows_with(pilot.app, "The sources are still being loaded."))
