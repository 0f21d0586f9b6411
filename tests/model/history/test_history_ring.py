"""The ring of samples: bounded, gaps stay gaps, minutes are the mean of their samples, a clock may be set."""

from hypothesis import given, settings
from hypothesis import strategies as st

from history_samples import NOW, sample
from stormdeck.model.history.figures import FIGURES, combined
from stormdeck.model.history.ring import KEPT_S, MINUTE_S, STEP_S, Ring

MIDNIGHT = NOW // 60 * 60


def filled(times, value=lambda at: 1.0):
    ring = Ring()
    for at in times:
        ring.add(at, sample(0, running=value(at), waiting=value(at)))
    return ring


def times(ring, length=STEP_S):
    return [one.at for one in ring.samples(length)]


@settings(derandomize=True, deadline=None, max_examples=30)
@given(waits=st.lists(st.sampled_from([1.0, 4.9, 5.0, 5.3, 9.0, 61.0, 4000.0, -20.0]), min_size=1, max_size=300))
def test_it_never_holds_more_than_its_time_nor_anything_of_the_future(waits):
    ring, now = Ring(), float(NOW)
    for wait in waits:
        now += wait
        ring.add(now, sample(0, running=1.0))
    for length, kept in KEPT_S.items():
        assert all(now - kept <= at <= now and at % length == 0 for at in times(ring, length))
        assert times(ring, length) == sorted(set(times(ring, length)))


def test_a_day_fills_it_and_no_more():
    ring = filled(range(MIDNIGHT, MIDNIGHT + 26 * 3600, STEP_S))
    assert len(times(ring)) <= 3600 // STEP_S + 1
    assert len(times(ring, MINUTE_S)) <= 24 * 60 + 1


def test_a_minute_is_the_mean_of_its_samples_and_the_peak_of_what_must_not_be_missed():
    ring = filled(range(MIDNIGHT, MIDNIGHT + 65, STEP_S), value=lambda at: float((at - MIDNIGHT) % 60 // STEP_S))
    (minute,) = ring.samples(MINUTE_S)
    assert minute.at == MIDNIGHT
    assert minute.of("running") == sum(range(12)) / 12
    assert minute.of("waiting") == 11
    assert minute.of("ttft_p50_s") is None


def test_what_covers_a_minute_by_itself_is_taken_at_its_end():
    ring = Ring()
    for at in range(MIDNIGHT, MIDNIGHT + 65, STEP_S):
        known = {"ttft_p50_s": float(at - MIDNIGHT)} if at < MIDNIGHT + 60 else {}
        ring.add(at, sample(0, retries_per_minute=60.0 - (at - MIDNIGHT), prefix_hit_percent=None, **known))
    (minute,) = ring.samples(MINUTE_S)
    assert (minute.of("ttft_p50_s"), minute.of("retries_per_minute"), minute.of("prefix_hit_percent")) == (55, 5, None)


def test_a_late_sample_leaves_no_gap_but_a_stop_does():
    assert times(filled([MIDNIGHT, MIDNIGHT + 14])) == [MIDNIGHT, MIDNIGHT + 5, MIDNIGHT + 10]
    assert times(filled([MIDNIGHT, MIDNIGHT + 30])) == [MIDNIGHT, MIDNIGHT + 30]


def test_a_clock_that_is_set_back_drops_what_is_in_the_future_now():
    ring = filled([MIDNIGHT, MIDNIGHT + 5, MIDNIGHT - 300])
    assert times(ring) == [MIDNIGHT - 300]


def test_what_is_stored_comes_first_and_what_was_measured_stays():
    ring = filled([MIDNIGHT])
    stored = [(STEP_S, sample(MIDNIGHT, running=9.0)), (STEP_S, sample(MIDNIGHT - 5, running=2.0))]
    ring.load([*stored, (7, sample(0)), (STEP_S, sample(MIDNIGHT + 50))], MIDNIGHT)
    assert [one.of("running") for one in ring.samples(STEP_S)] == [2.0, 1.0]


def test_each_sample_is_stored_once_and_again_if_that_failed():
    ring = filled([MIDNIGHT, MIDNIGHT + 5])
    new = ring.take_new()
    assert [one.at for _, one in new] == [MIDNIGHT, MIDNIGHT + 5]
    assert not ring.has_new
    ring.put_back(new)
    assert ring.take_new() == new


def test_the_end_of_the_panel_keeps_the_minute_so_far():
    ring = filled([MIDNIGHT + 5])
    ring.end_now()
    assert times(ring, MINUTE_S) == [MIDNIGHT]
    Ring().end_now()


@settings(derandomize=True, deadline=None)
@given(numbers=st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=20))
def test_what_stands_for_several_is_within_them(numbers):
    one = combined([sample(at, running=number, waiting=number) for at, number in enumerate(numbers)], 0)
    known = [number for number in numbers if number is not None]
    if not known:
        assert set(one.values) == {None}
    else:
        assert min(known) - 0.001 <= one.of("running") <= max(known) + 0.001
        assert one.of("waiting") == max(known)


def test_each_figure_has_a_unit_or_is_a_count():
    assert {figure.unit for figure in FIGURES} == {"", "/min", "%", "s", "tok/s", "W"}
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)
    assert all(len(figure.short) <= 9 for figure in FIGURES)
    power = FIGURES[-1]
    [tokens] = [figure for figure in FIGURES if figure.key == "prompt_tokens_per_s"]
    texts = [tokens.text(value) for value in (940.0, 9_940.0, 15_644.0, 123_456.0)]
    assert texts == ["940 tok/s", "9 940 tok/s", "15.6k tok/s", "123k tok/s"]
    assert [power.text(value) for value in (None, 640.0, 12_345.0)] == ["–", "640 W", "12.3 kW"]
