"""Hostile model names, logs, settings and process names: none acts on the terminal or breaks a row."""

import json
from dataclasses import replace

import pytest
from hostile import HOSTILE, LONG, forbidden_in, planted
from rich.cells import cell_len

import samples
from panel import AREAS, deliver, in_loop, screen, show, until
from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.finding import HopKind
from stormdeck.model.snapshots.replay import Pace, Replay
from stormdeck.sources.litellm_yaml import parse_proxy_config
from stormdeck.ui.widgets.panel import Panel

ACTING = "".join(HOSTILE[name] for name in ("escapes", "controls", "markup"))
HIDING = "".join(HOSTILE[name] for name in ("bidi", "zero-width", "look-alikes", "combining"))
WIDE = HOSTILE["wide"] + LONG
EVERYTHING = ACTING + HIDING + WIDE


def settings_of(text):
    env = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:4000/{text}", "API_TIMEOUT_MS": text, text: text}
    values = {"model": text, text: text, "env": env, "permissions": {text: [text]}}
    return samples.settings(json.dumps(values, indent=2))


def snapshots(text):
    """Return what a feed would deliver, each text in it ending with a hostile one."""
    yaml = json.dumps({"model_list": [{"model_name": text, "litellm_params": {"model": f"openai/{text}", text: text}}]})
    whole = (samples.FOUND, samples.VLLM, samples.PROXY, samples.GPUS, samples.STORMY)
    return (*(planted(one, text) for one in whole), settings_of(text), parse_proxy_config(yaml, f"/etc/{text}.yaml"))


def lines(text):
    """Return log lines that hold a text wherever one can stand."""
    request = f'INFO:     127.0.0.1:60140 - "POST /v1/messages?{"".join(text.split())} HTTP/1.1" 500 {text}'
    record = f"14:01:28 - LiteLLM Proxy:ERROR: {'x.py'}:1984 - Exception occured - {text}"
    spoken = json.dumps({"message": text, "level": "ERROR", "timestamp": text, "component": text})
    return [(f"/var/log/{text}.log", [text, request, record, spoken, *samples.TRACEBACK], samples.NOW - 5, {1: 2})]


def canary(text):
    checks = [Check(one, Route.CLIENT, HopKind.PROXY, Verdict.FAIL, f"says {text}", "SERVER901") for one in Question]
    return CanaryReport(tuple(checks))


def assert_harmless(app, where):
    """Every row of the screen fills it to the last column and holds no character that acts on a terminal."""
    for row in app.screen._compositor.render_strips():
        assert not forbidden_in(row.text), f"{where}: {row.text!r}"
        assert cell_len(row.text) == app.size.width, f"{where}: {row.text!r}"
    for one in app.screen.query("#board > Panel").results(Panel):
        width, height = one.content_size
        if width and height and one.is_on_screen:
            wider = [row.plain for row in one.rows(width, height) if row.cell_length > width]
            assert not wider, f"{where}, {type(one).__name__} of {width} columns: {wider}"


@pytest.mark.parametrize(("text", "size"), [(ACTING + HIDING, (120, 40)), (WIDE, (80, 24))], ids=["acting", "wide"])
@in_loop
async def test_no_area_lets_outside_text_act(panel, text, size):
    async with panel(lines=lines(text), client_version=text).run_test(size=size) as pilot:
        await deliver(pilot, *snapshots(text))
        pilot.app.deck = replace(pilot.app.deck, canary=canary(text))
        shown = ""
        for area in AREAS:
            await show(pilot, area)
            assert_harmless(pilot.app, area)
            shown += screen(pilot.app)
        if ACTING in text:
            assert "[b]A[/b][@click=app.quit]B[/]" in shown, "markup is no text"


@in_loop
async def test_broken_settings_and_silent_servers_do_not_either(panel):
    text = EVERYTHING
    down = planted(replace(samples.DOWN_VLLM, detail="Connection refused: "), text)
    absent = planted(samples.NO_GPU, text)
    async with panel(lines=lines(text)).run_test(size=(40, 12)) as pilot:
        await deliver(pilot, planted(samples.NOTHING, text), down, absent, samples.settings('{"model": ' + text))
        for area in AREAS:
            await show(pilot, area)
            assert_harmless(pilot.app, area)


@in_loop
async def test_a_recording_s_name_does_not_either(panel):
    replay = Replay("storm.jsonl", "20 Nov 19:25", 60.0, Pace.PLAYING, "line 3 is left out")
    async with panel(lines=lines(EVERYTHING)).run_test(size=(80, 24)) as pilot:
        await deliver(pilot, planted(replay, EVERYTHING))
        await until(pilot, lambda: "REPLAY" in screen(pilot.app))
        assert_harmless(pilot.app, "replay")
