"""How the panel looks: each area, at each size, in the states that matter.

A change of looks is accepted with ``make snapshots``, after looking at ``snapshot_report.html``.
"""

from dataclasses import replace

import pytest
from shots import CALM, DOWN, FLEET, FLIGHT, INVALID, MANY_GPUS, NO_GPU, NOTHING, PITFALLS, STORM, TIMELINE, Shot

from fleets import CALM_FLEET, EMPTY_STATES, FleetFeed, large_fleet
from fleets import FLEET as WHOLE_FLEET
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.model.overview_layout import LayoutPreferences
from stormdeck.ui.appearance import Appearance

HUGE, WIDE, MEDIUM, SLIM, NARROW = (200, 60), (120, 40), (80, 24), (60, 20), (40, 12)
SHOTS = {
    "overview-calm-120x40": Shot("overview", CALM, WIDE),
    "overview-calm-80x24": Shot("overview", CALM, MEDIUM),
    "overview-calm-40x12": Shot("overview", CALM, NARROW),
    "overview-storm-120x40": Shot("overview", STORM, WIDE),
    "overview-storm-80x24": Shot("overview", STORM, MEDIUM),
    "overview-storm-40x12": Shot("overview", STORM, NARROW),
    "overview-storm-200x60": Shot("overview", STORM, HUGE),
    "overview-storm-60x20": Shot("overview", STORM, SLIM),
    "overview-storm-compact": Shot(
        "overview", STORM, WIDE, look=Appearance(preferences=LayoutPreferences(compact=True))
    ),
    "overview-storm-ascii": Shot("overview", STORM, WIDE, look=Appearance(ascii=True)),
    "overview-storm-ansi": Shot("overview", STORM, MEDIUM, look=Appearance("ansi")),
    "overview-storm-high-contrast": Shot("overview", STORM, MEDIUM, look=Appearance("high-contrast")),
    "overview-storm-nord": Shot("overview", STORM, MEDIUM, look=Appearance("nord")),
    "overview-in-flight-200x60": Shot("overview", FLIGHT, HUGE),
    "overview-in-flight-120x40": Shot("overview", FLIGHT, WIDE),
    "overview-in-flight-80x24": Shot("overview", FLIGHT, MEDIUM),
    "overview-in-flight-40x12": Shot("overview", FLIGHT, NARROW),
    "overview-many-gpus-80x24": Shot("overview", MANY_GPUS, MEDIUM),
    "overview-zoom-requests": Shot("overview", STORM, MEDIUM, keys=("z",)),
    "overview-zoom-gpus": Shot("overview", STORM, WIDE, keys=("shift+tab", "shift+tab", "z")),
    "history-200x60": Shot("overview", CALM, HUGE, keys=("h",)),
    "history-120x40": Shot("overview", STORM, WIDE, keys=("h", "H", "left")),
    "history-80x24": Shot("overview", CALM, MEDIUM, keys=("h", "left")),
    "history-60x20": Shot("overview", CALM, SLIM, keys=("h",)),
    "history-40x12": Shot("overview", CALM, NARROW, keys=("h", "left")),
    "history-ascii": Shot("overview", CALM, MEDIUM, keys=("h", "left"), look=Appearance(ascii=True)),
    "overview-calm-200x60": Shot("overview", CALM, HUGE),
    "overview-zoom-log-40x12": Shot("overview", STORM, NARROW, keys=("z", "shift+tab")),
    "overview-looking-80x24": Shot("overview", (), MEDIUM, lines=()),
    "overview-storm-light": Shot("overview", STORM, WIDE, look=Appearance("light")),
    "overview-down-120x40": Shot("overview", DOWN, WIDE),
    "overview-down-80x24": Shot("overview", DOWN, MEDIUM),
    "overview-down-40x12": Shot("overview", DOWN, NARROW),
    "overview-no-gpu-120x40": Shot("overview", NO_GPU, WIDE),
    "overview-no-gpu-80x24": Shot("overview", NO_GPU, MEDIUM),
    "overview-nothing-120x40": Shot("overview", NOTHING, WIDE, lines=()),
    "overview-nothing-80x24": Shot("overview", NOTHING, MEDIUM, lines=()),
    "overview-nothing-40x12": Shot("overview", NOTHING, NARROW, lines=()),
    "overview-invalid-80x24": Shot("overview", INVALID, MEDIUM),
    "logs-120x40": Shot("logs", STORM, WIDE),
    "logs-80x24": Shot("logs", STORM, MEDIUM),
    "logs-60x20": Shot("logs", STORM, SLIM),
    "logs-200x60": Shot("logs", STORM, HUGE),
    "logs-40x12": Shot("logs", STORM, NARROW),
    "logs-filter-80x24": Shot("logs", STORM, MEDIUM, keys=("slash", *"500 -litellm")),
    "settings-pitfalls-120x40": Shot("settings", PITFALLS, WIDE),
    "settings-pitfalls-80x24": Shot("settings", PITFALLS, MEDIUM),
    "settings-pitfalls-60x20": Shot("settings", PITFALLS, SLIM),
    "settings-pitfalls-ascii": Shot("settings", PITFALLS, MEDIUM, look=Appearance(ascii=True)),
    "settings-pitfalls-40x12": Shot("settings", PITFALLS, NARROW),
    "settings-typing-120x40": Shot("settings", CALM, WIDE, keys=("enter", *"/v1")),
    "settings-save-120x40": Shot("settings", PITFALLS, WIDE, keys=("f", "s")),
    "settings-save-40x12": Shot("settings", PITFALLS, NARROW, keys=("f", "s")),
    "settings-invalid-120x40": Shot("settings", INVALID, WIDE),
    "settings-invalid-80x24": Shot("settings", INVALID, MEDIUM),
    "settings-no-file-80x24": Shot("settings", NOTHING, MEDIUM),
    "checks-pitfalls-120x40": Shot("checks", PITFALLS, WIDE),
    "checks-nothing-80x24": Shot("checks", NOTHING, MEDIUM),
    "checks-pitfalls-200x60": Shot("checks", PITFALLS, HUGE),
    "checks-pitfalls-80x24": Shot("checks", PITFALLS, MEDIUM),
    "checks-pitfalls-60x20": Shot("checks", PITFALLS, SLIM),
    "checks-pitfalls-40x12": Shot("checks", PITFALLS, NARROW),
    "timeline-200x60": Shot("timeline", TIMELINE, HUGE),
    "timeline-120x40": Shot("timeline", TIMELINE, WIDE),
    "timeline-80x24": Shot("timeline", TIMELINE, MEDIUM),
    "timeline-40x12": Shot("timeline", TIMELINE, NARROW),
    "timeline-nothing-80x24": Shot("timeline", NOTHING, MEDIUM),
    "timeline-nothing-40x12": Shot("timeline", NOTHING, NARROW),
    "fleet-200x60": Shot("fleet", FLEET, HUGE),
    "fleet-120x40": Shot("fleet", FLEET, WIDE),
    "fleet-80x24": Shot("fleet", FLEET, MEDIUM),
    "fleet-60x20": Shot("fleet", FLEET, SLIM),
    "fleet-40x12": Shot("fleet", FLEET, NARROW),
    "fleet-light": Shot("fleet", FLEET, WIDE, look=Appearance("light")),
    "fleet-ascii": Shot("fleet", FLEET, MEDIUM, look=Appearance(ascii=True)),
    "fleet-proxies-120x40": Shot("fleet", FLEET, WIDE, keys=("G", "up")),
    "fleet-filter-120x40": Shot("fleet", FLEET, WIDE, keys=("slash", *"model:qwen waiting>")),
    "fleet-large-80x24": Shot("fleet", (*CALM, large_fleet()), MEDIUM, keys=("pagedown", "o")),
    "fleet-calm-80x24": Shot("fleet", (*CALM, CALM_FLEET), MEDIUM),
    "fleet-stale-80x24": Shot("fleet", (*CALM, replace(WHOLE_FLEET, state=FleetState.SLOW)), MEDIUM),
    "fleet-stale-40x12": Shot("fleet", (*CALM, replace(WHOLE_FLEET, state=FleetState.SLOW)), NARROW),
    **{
        f"fleet-{state.replace(' ', '-')}-80x24": Shot("fleet", (*CALM, snapshot), MEDIUM)
        for state, snapshot in EMPTY_STATES.items()
    },
    "fleet-asking-40x12": Shot("fleet", (*CALM, EMPTY_STATES[FleetState.ASKING]), NARROW),
    "fleet-history-120x40": Shot("fleet", FLEET, WIDE, keys=("down", "enter", "left"), answers=FleetFeed),
    "fleet-history-80x24": Shot("fleet", FLEET, MEDIUM, keys=("down", "enter"), answers=FleetFeed),
    "fleet-history-40x12": Shot("fleet", FLEET, NARROW, keys=("down", "enter"), answers=FleetFeed),
    "help-120x40": Shot("overview", CALM, WIDE, keys=("question_mark",)),
    "help-40x12": Shot("overview", CALM, NARROW, keys=("question_mark",)),
}


@pytest.mark.parametrize("name", SHOTS)
def test_it_looks_as_it_was_accepted(snap_compare, name):
    shot = SHOTS[name]
    assert snap_compare(shot.app(), terminal_size=shot.size, run_before=shot.set_up)
