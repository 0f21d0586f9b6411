"""What is said on return: a few plain lines, the worst first."""

from dataclasses import replace

from samples import GAVE_UP, NOW, RECOVERED
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.symbols import Health
from stormdeck.model.timeline.away import News, while_away
from stormdeck.model.timeline.event import Event, Kind
from stormdeck.model.timeline.storms import storm_events


def storms(one, count):
    """Return events of a storm that happened several times since ``NOW``."""
    made = [replace(one, started=NOW + 60 * at, last=NOW + 60 * at + 30) for at in range(count)]
    return tuple(storm_events(made))


def version(at):
    return Event(Kind.VERSION, f"x{at}", NOW + at, "vLLM :8000", "", "", "0.32.0", "0.33.0")


def test_several_storms_with_one_outcome_are_one_line():
    assert while_away((*storms(GAVE_UP, 3), *storms(RECOVERED, 2)), NOW - 1, NOW + 900) == (
        News(Health.ERROR, "3 turns were given up by Claude Code: send them again"),
        News(Health.WARNING, "2 turns took three or more attempts and were answered"),
    )


def test_one_storm_is_said_in_full():
    (news,) = while_away(storms(GAVE_UP, 1), NOW - 1, NOW + 900)
    assert news.text.startswith("Claude Code gave up a turn after 11 attempts in 30 s: 500")


def test_what_may_be_chance_is_not_said():
    unsure = replace(RECOVERED, started=NOW, last=NOW + 30, confidence=Confidence.UNSURE)
    assert while_away(tuple(storm_events([unsure])), NOW - 1, NOW + 900) == ()


def test_only_what_is_new_counts_and_the_worst_comes_first():
    down = Event(Kind.DOWN, "x", NOW + 1, "vLLM :8000", "down", until=NOW + 91, total_s=90.0, health=Health.ERROR)
    news = while_away((version(-50), down, version(5)), NOW, NOW + 900)
    assert [one.text for one in news] == [
        "vLLM :8000 was down for 1 min 30 s",
        "vLLM :8000 is now 0.33.0, before 0.32.0",
    ]


def test_five_lines_are_the_most():
    news = while_away(tuple(version(at) for at in range(9)), NOW, NOW + 900)
    assert len(news) == 5
    assert news[-1] == News(None, "and 5 more: press 5")
    assert len(while_away(tuple(version(at) for at in range(5)), NOW, NOW + 900)) == 5
