"""The columns of a graph: no sample is lost or invented, and a gap stays a gap."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history_samples import NOW, minutes, sample
from stormdeck.model.history.columns import SPANS_S, fit_columns, step_for, usual_span
from stormdeck.model.history.ring import STEP_S, HistorySnapshot

slots = st.sets(st.integers(0, 700), max_size=200)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(slots=slots, step=st.sampled_from([5, 10, 20, 60, 90, 300]), count=st.integers(1, 200))
def test_a_column_is_known_exactly_where_something_was_watched(slots, step, count):
    shown = HistorySnapshot(tuple(sample(NOW - STEP_S * back, running=2.0) for back in sorted(slots, reverse=True)))
    columns = fit_columns(shown, step, count, NOW)
    assert len(columns) == count
    first = (NOW // step - count + 1) * step
    for place, column in enumerate(columns):
        begin = first + place * step
        watched = any(begin <= NOW - STEP_S * back < begin + step for back in slots)
        assert (column is not None) == watched
        assert column is None or (column.at, column.of("running"), column.of("waiting")) == (begin, 2.0, None)


def test_minutes_stand_where_there_are_no_shorter_samples():
    old = minutes([1.0] * 60, key="running", until=NOW // 60 * 60 - 600)
    shown = HistorySnapshot((sample(NOW, running=5.0),), old)
    known = [one.of("running") for one in fit_columns(shown, 60, 80, NOW) if one is not None]
    assert known == [1.0] * 60 + [5.0]
    assert [one for one in fit_columns(shown, 5, 200, NOW) if one is not None][-1].of("running") == 5.0


def test_columns_do_not_change_as_time_goes_on():
    shown = HistorySnapshot(tuple(sample(NOW - 5 * back, running=float(back % 9)) for back in range(200, -1, -1)))
    before, after = (fit_columns(shown, 20, 30, NOW + later) for later in (0, 20))
    assert before[1:] == after[:-1]


@pytest.mark.parametrize(("known_s", "span_s"), [(0, 120), (250, 300), (3000, 3600), (20 * 3600, 3 * 3600)])
def test_the_shortest_span_that_shows_all_is_chosen(known_s, span_s):
    assert usual_span(HistorySnapshot((sample(NOW - known_s),)), NOW) == span_s
    assert usual_span(HistorySnapshot(), NOW) == SPANS_S[0]


@given(columns=st.integers(1, 400), span=st.sampled_from(SPANS_S))
def test_a_span_fits_into_its_columns_if_the_longest_column_allows_it(columns, span):
    step = step_for(span, columns)
    assert step % STEP_S == 0
    assert step * columns >= span or step == 3600
