"""Each state of the answers has its sentence and a next step."""

import pytest

from fleets import SOURCE
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState
from stormdeck.model.fleet.view.advice import trouble


@pytest.mark.parametrize("state", [state for state in FleetState if state is not FleetState.OK])
def test_every_state_but_the_good_one_says_what_is_wrong_and_what_to_do(state):
    text = trouble(FleetSnapshot(state, sources=(SOURCE,)))
    assert text[-1] == "."
    assert len(text.replace(SOURCE, "it").split(". ")) == 2
    assert SOURCE in text or state is FleetState.OFF


def test_a_good_answer_has_no_trouble():
    assert trouble(FleetSnapshot(FleetState.OK)) == ""


def test_the_sentences_of_the_source_are_used_where_it_has_some():
    given = FleetSnapshot(FleetState.SLOW, note="Prometheus a.lab: no answer within 10 s", next_step="ask another one")
    assert trouble(given) == "Prometheus a.lab: no answer within 10 s. Ask another one."


def test_without_a_name_it_is_the_prometheus():
    assert trouble(FleetSnapshot(FleetState.ASKING)).startswith("Waiting for the first answer of the Prometheus.")
    assert trouble(FleetSnapshot(FleetState.SLOW)).startswith("The Prometheus did not answer in time.")
    assert trouble(FleetSnapshot(FleetState.REFUSED)).startswith("The connection to the Prometheus was refused.")


def test_several_are_all_named_and_what_was_not_read_is_counted():
    many = FleetSnapshot(FleetState.TOO_MANY, sources=("a:9090", "b:9090"), omitted=1_990_000)
    assert trouble(many).startswith(
        "More series than stormdeck reads come from a:9090 and b:9090: 1 990 000 were not read."
    )
