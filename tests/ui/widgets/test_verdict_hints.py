"""Hints to a key are given where it leads somewhere, and what was found on this machine is shown as it was met."""

from dataclasses import replace

import pytest

from panel import deliver, in_loop, rows_with, screen, settled, show, until
from samples import CALM, DOWN_VLLM, FOUND, GPUS, PROXY, STORMY, VLLM, WELL, WRONG
from stormdeck.model.finding import Finding, Fix, HopKind, Severity
from stormdeck.model.rules.impact import where_to_fix
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Missed
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.verdict.hints import in_area


class TestHints:
    @pytest.mark.parametrize(
        ("text", "number", "shown"),
        [
            ("It answers 400. Press 3 for the fix.", 3, "It answers 400."),
            ("It answers 400. Press 3 for the fix.", 1, "It answers 400. Press 3 for the fix."),
            ("Refused. Press 3 and set TOKEN to its key.", 3, "Refused. Set TOKEN to its key."),
            ("Not served. Press 3 to map a served one.", 3, "Not served. Map a served one."),
            ("5 settings worth a look: press 3.", 3, "5 settings worth a look."),
            ("Start it, or press 3 and change it. Press 4 for more.", 3, "Start it, or change it. Press 4 for more."),
            ("The log beside the attempts says why: press 2.", 2, "The log beside the attempts says why."),
            ("Not set up here\npress 3: base URL :8000", 3, "Not set up here\nbase URL :8000"),
            ("No such path. Press 3: the URL ends before /v1.", 3, "No such path. The URL ends before /v1."),
        ],
    )
    def test_a_key_is_not_named_in_its_own_area(self, text, number, shown):
        assert in_area(text, number) == shown

    @pytest.mark.parametrize(
        ("hop", "path", "fix", "where"),
        [
            (HopKind.CLIENT, "env.ANTHROPIC_BASE_URL", True, "Press 3 for the fix."),
            (HopKind.PROXY, "model_list", True, "Press 4 for the fix."),
            (HopKind.CLIENT, "env.ANTHROPIC_BASE_URL", False, "Press 4 for what to change."),
        ],
    )
    def test_the_form_is_named_only_where_it_has_the_fix(self, hop, path, fix, where):
        finding = Finding("X101", Severity.ERROR, "", "", path, hop=hop, fix=Fix("do it", ()) if fix else None)
        assert where_to_fix(finding) == where

    @in_loop
    async def test_the_verdict_leaves_its_hint_out_on_the_form_and_leads_to_the_row(self, panel):
        async with panel().run_test(size=(120, 40)) as pilot:
            await deliver(pilot, WRONG, FOUND, VLLM, PROXY, GPUS, CALM)
            assert rows_with(pilot.app, "Press 3")
            await show(pilot, "settings")
            await settled(pilot)
            assert not rows_with(pilot.app, "Press 3")
            assert pilot.app.focused.field.path == "env.ANTHROPIC_BASE_URL"

    @pytest.mark.parametrize("key", ["3", "enter"])
    @in_loop
    async def test_its_key_and_enter_lead_to_the_row_each_time(self, panel, key):
        async with panel().run_test(size=(120, 40)) as pilot:
            await deliver(pilot, WRONG, FOUND, VLLM, PROXY, GPUS, CALM)
            for _ in range(2):
                await until(pilot, lambda: rows_with(pilot.app, "Press 3"))
                await pilot.press(key)
                await until(pilot, lambda: pilot.app.current_mode == "settings" and pilot.app.screen.is_active)
                row = "env.ANTHROPIC_BASE_URL"
                await until(pilot, lambda: getattr(pilot.app.focused, "field", None) is not None)
                await until(pilot, lambda row=row: pilot.app.focused.field.path == row)
                await pilot.press("G")
                await until(pilot, lambda row=row: pilot.app.focused.field.path != row)
                await show(pilot, "overview")

    @in_loop
    async def test_enter_without_a_fix_in_the_form_goes_to_what_the_verdict_is_about(self, panel):
        async with panel().run_test(size=(120, 40)) as pilot:
            await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
            await pilot.press("enter")
            await until(pilot, lambda: pilot.app.current_mode == "logs")


class TestFound:
    @in_loop
    async def test_a_server_that_was_found_and_does_not_answer_is_not_green(self, panel):
        async with panel().run_test(size=(120, 40)) as pilot:
            await deliver(pilot, WELL, FOUND, DOWN_VLLM, PROXY, GPUS, CALM)
            await show(pilot, "checks")
            assert any("down" in row for row in rows_with(pilot.app, "✖ vLLM  http://127.0.0.1:8000"))
            assert rows_with(pilot.app, "● LiteLLM  http://127.0.0.1:4000")

    @in_loop
    async def test_one_that_was_named_and_refused_is_not_green_before_it_is_asked(self, panel):
        named = Found("http://127.0.0.1:9", ServerKind.VLLM, "--vllm")
        missed = Missed("http://127.0.0.1:9 (--vllm)", "connection refused: nothing listens on port 9")
        async with panel().run_test(size=(160, 40)) as pilot:
            await deliver(pilot, WELL, DiscoverySnapshot((named,), (missed,), done=True), GPUS, CALM)
            await show(pilot, "checks")
            assert any("✖ vLLM  http://127.0.0.1:9" in row for row in rows_with(pilot.app, "127.0.0.1:9"))

    @in_loop
    async def test_a_log_that_is_not_there_is_not_listed_as_found(self, panel):
        unread = OwnFaults(unread=("/var/log/vllm.log does not exist yet; it is read once it appears",))
        async with panel().run_test(size=(120, 40)) as pilot:
            await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM, unread)
            await show(pilot, "checks")
            assert not rows_with(pilot.app, "log  /var/log/vllm.log")
            assert rows_with(pilot.app, "log  /var/log/litellm.log")

    @in_loop
    async def test_what_was_missed_says_what_was_tried_as_far_as_there_is_room(self, panel):
        why = "whose processes belong to other users, so that their command lines and logs cannot be read from here"
        missed = DiscoverySnapshot(missed=(Missed("processes", why),), done=True)
        async with panel().run_test(size=(100, 30)) as pilot:
            await deliver(pilot, WELL, missed, GPUS, CALM)
            await show(pilot, "checks")
            assert any("whose processes" in row for row in rows_with(pilot.app, "○ processes"))


@pytest.mark.parametrize("size", [(100, 30), (120, 40), (120, 30)], ids=str)
@in_loop
async def test_turns_and_retries_stand_on_the_overview(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, replace(STORMY, storms=()))
        shown = screen(pilot.app)
        assert "1.1 turns" in shown
        assert "6.1 retries" in shown
