"""The fleet has a key, an area and actions only where a Prometheus is given."""

from fleets import FLEET
from stormdeck.model.deck import Deck
from stormdeck.model.keys.actions import ACTIONS, AREAS
from stormdeck.model.keys.offered import has_area, offered_actions, offered_areas


def test_without_a_prometheus_nothing_leads_to_the_fleet():
    deck = Deck()
    assert [area for area, _ in offered_areas(deck)] == ["overview", "logs", "settings", "checks", "timeline"]
    left_out = {one.id for one in ACTIONS} - {one.id for one in offered_actions(ACTIONS, deck)}
    assert "app.fleet" in left_out
    assert {one for one in left_out if not one.startswith("fleet.")} == {"app.fleet"}
    assert not has_area("fleet", deck)


def test_with_one_everything_is_offered():
    deck = Deck(fleet=FLEET)
    assert offered_areas(deck) == AREAS
    assert offered_actions(ACTIONS, deck) == ACTIONS
