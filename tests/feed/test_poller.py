"""The poller: one poll at a time, only changes are delivered, and pauses after failures or unchanged answers."""

import asyncio

from stormdeck.feed.polling import LONGEST, QUIET, QUIET_AFTER, SLOW, Poller, align_to_second, wait_for


class Waits:
    """Notes each wait and ends it at once, for a number of rounds."""

    def __init__(self, rounds):
        self.rounds, self.seen = rounds, []

    async def __call__(self, event, seconds):
        self.seen.append(seconds)
        if len(self.seen) == self.rounds:
            raise asyncio.CancelledError
        return False


def run(answers, rounds, well=lambda _: True, slow=False):
    waits, handed, queue = Waits(rounds), [], iter(answers)

    async def poll():
        return next(queue)

    async def scene():
        poller = Poller(poll, handed.append, well, 2, waits)
        poller.slow = slow
        try:
            await poller.run()
        except asyncio.CancelledError:
            return

    asyncio.run(scene())
    return handed, waits.seen


def test_only_what_is_new_is_delivered():
    handed, _ = run(["a", "a", "b", "b", "a"], 5)
    assert handed == ["a", "b", "a"]


def test_a_failing_source_is_asked_less_often_up_to_a_limit():
    _, waits = run(["down"] * 6, 6, well=lambda _: False)
    assert waits[0] < waits[2]
    assert max(waits) <= 2 * LONGEST * 1.1


def test_a_source_that_says_nothing_new_is_asked_less_often():
    _, waits = run(["same"] * (QUIET_AFTER + 3), QUIET_AFTER + 3)
    assert waits[0] == 2
    assert waits[-1] == 2 * QUIET


def test_a_source_is_asked_less_often_while_nobody_looks():
    _, waits = run(["a", "b"], 2, slow=True)
    assert waits == [2 * SLOW, 2 * SLOW]


def test_waits_of_whole_seconds_end_together_and_those_of_a_failing_source_as_they_come(monkeypatch):
    async def scene():
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 10.25)
        return align_to_second(1), align_to_second(5.0), align_to_second(1.6)

    assert asyncio.run(scene()) == (0.75, 4.75, 1.6)


def test_a_wait_ends_with_its_event_and_a_cancellation_is_never_swallowed():
    async def scene():
        event = asyncio.Event()
        task = asyncio.get_running_loop().create_task(wait_for(event, 3600))
        await asyncio.sleep(0)
        event.set()
        assert await task
        stuck = asyncio.get_running_loop().create_task(wait_for(asyncio.Event(), 3600))
        await asyncio.sleep(0)
        stuck.cancel()
        return await asyncio.gather(stuck, return_exceptions=True)

    [ended] = asyncio.run(scene())
    assert isinstance(ended, asyncio.CancelledError)


def test_a_poke_ends_the_rest_and_a_cancelled_poller_ends():
    async def scene():
        rounds = []
        poller = Poller(lambda: asyncio.sleep(0, len(rounds)), rounds.append, lambda _: True, 3600)
        task = asyncio.get_running_loop().create_task(poller.run())
        while len(rounds) < 3:
            poller.poke()
            await asyncio.sleep(0)
        poller.poke()
        task.cancel()
        return await asyncio.gather(task, return_exceptions=True)

    [ended] = asyncio.run(scene())
    assert isinstance(ended, asyncio.CancelledError)


def test_another_interval_holds_at_once():
    async def scene():
        polled, waits = [], []

        async def poll():
            polled.append(len(polled))
            return polled[-1]

        async def wait(event, seconds):
            waits.append(seconds)
            if len(waits) == 3:
                raise asyncio.CancelledError
            poller.set_interval(7)
            return await wait_for(event, 60)

        poller = Poller(poll, lambda _: None, lambda _: True, 2, wait)
        try:
            await poller.run()
        except asyncio.CancelledError:
            return polled, waits

    polled, waits = asyncio.run(scene())
    assert (polled, waits) == ([0, 1, 2], [2, 7, 7])
