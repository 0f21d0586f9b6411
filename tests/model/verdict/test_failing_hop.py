"""The hop that fails is named and lit, by whose answer it was; a finding explains no failure of another id."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from log_lines import access
from samples import CALM, ENGINE, FOUND, GAVE_UP, GPUS, LIVE, NOW, PROXY, VLLM, WELL, WELL_SET, settings
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Edit, Finding, Fix, HopKind, Severity
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.request_path import path
from stormdeck.model.snapshots.server import ServedModel, ServerState
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.model.status.document import status_json
from stormdeck.model.symbols import Health
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.verdict.ranking import statements

LADDER = (0.0, 0.55, 1.7, 3.9, 8.4)
OOM = "CUDA error: out of memory"
PREFIX = "(APIServer pid=4700) ERROR 11-21 14:01:28"


def litellm(text):
    return (
        "14:01:28 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - "
        "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - "
        f"litellm_call_id=0b1f6e5e - litellm.InternalServerError: InternalServerError: Hosted_vllmException - {text}"
    )


PASSED_ON = litellm('{"error":{"message":"' + OOM + '","type":"InternalServerError","param":null,"code":500}}')
UNREACHED = litellm("Cannot connect to host 127.0.0.1:8000 ssl:<ssl.SSLContext object at 0x1> [Connect call failed]")
TRACEBACK = (
    f"{PREFIX} [serving.py:274] Error in preprocessing prompt inputs",
    f"{PREFIX} [serving.py:274] Traceback (most recent call last):",
    f'{PREFIX} [serving.py:274]   File "serving.py", line 12, in create',
    f"{PREFIX} [serving.py:274] torch.OutOfMemoryError: {OOM}",
)


def traffic(*, proxy=(), behind=(), last=500, ago=9.0):
    """Return what the logs of a turn with five attempts tell; ``proxy`` and ``behind`` are records beside each."""
    meter, start = TrafficMeter(), NOW - ago
    meter.set_primary("litellm.log")
    for number, at in enumerate(LADDER):
        status = last if number == len(LADDER) - 1 else 500
        records = (proxy, behind) if status == 500 else ((), ())
        answered = access(status, 50000, "/v1/chat/completions")
        meter.take(LogBatch("vllm.log", (*records[1], *([answered] if behind else ())), start + at, history=False))
        meter.take(LogBatch("litellm.log", (*records[0], access(status)), start + at + 0.05, history=False))
    return meter.snapshot(NOW)


def deck_of(*snapshots, findings=(), client=WELL):
    made = Deck(client_version="2.1.329", version_given=True)
    for snapshot in (client, FOUND, GPUS, VLLM, PROXY, *snapshots):
        made = take(made, snapshot)
    return replace(made, findings=findings) if findings else made


def headline(deck):
    return status_json(deck, statements(deck, NOW, lambda at: "14:05"))["headline"]


def hop_states(deck):
    document: Any = status_json(deck, statements(deck, NOW, str))
    return {hop["kind"]: hop["state"] for hop in document["hops"]}


def health(deck, kind):
    return next((hop.health, hop.figure) for hop in path(deck) if hop.kind is kind)


class TestWhose:
    EVIDENCE = (
        {"proxy": (PASSED_ON,)},
        {"proxy": (PASSED_ON,), "behind": TRACEBACK},
        {"behind": TRACEBACK},
    )

    @pytest.mark.parametrize("records", EVIDENCE, ids=["as the proxy quotes it", "in both logs", "in vLLM's log"])
    def test_a_500_that_vllm_answered_is_its_own(self, records):
        deck = deck_of(traffic(**records))
        first = headline(deck)
        assert f"500 from vLLM: {OOM}" in first["text"]
        assert first["hop"] == "vllm"
        assert health(deck, HopKind.SERVER) == (Health.ERROR, "500")
        assert (hop_states(deck)["proxy"], hop_states(deck)["vllm"]) == ("ok", "degraded")
        assert health(deck, HopKind.PROXY)[0] is Health.OK

    @pytest.mark.parametrize("records", EVIDENCE, ids=["as the proxy quotes it", "in both logs", "in vLLM's log"])
    def test_it_is_once_it_has_recovered_too_and_its_light_is_green_again(self, records):
        deck = deck_of(traffic(**records, last=200, ago=30.0))
        first = headline(deck)
        assert first["text"].startswith("Recovered after 5 attempts")
        assert f"500 from vLLM: {OOM}" in first["text"]
        assert first["hop"] == "vllm"
        assert health(deck, HopKind.SERVER)[0] is Health.OK

    @pytest.mark.parametrize(("ago", "then"), [(3.0, ()), (119.0, ()), (125.0, None), (3.0, (200,))])
    def test_the_light_of_a_single_failure_is_red_as_long_as_its_headline(self, ago, then):
        meter = TrafficMeter()
        meter.set_primary("litellm.log")
        meter.take(
            LogBatch("vllm.log", (*TRACEBACK, access(500, path="/v1/chat/completions")), NOW - ago, history=False)
        )
        for status in (500, *(then or ())):
            meter.take(LogBatch("litellm.log", (access(status),), NOW - ago + 0.05, history=False))
        deck = deck_of(meter.snapshot(NOW))
        is_red = health(deck, HopKind.SERVER) == (Health.ERROR, "500")
        headline_is_red = statements(deck, NOW, str)[0].health is Health.ERROR
        assert (is_red, headline_is_red) == (then == (), then == ())

    def test_a_500_line_in_its_access_log_is_evidence_enough(self):
        deck = deck_of(traffic(behind=("INFO:     nothing else",)))
        assert "500 from vLLM" in headline(deck)["text"]

    def test_a_proxy_that_does_not_reach_it_answers_itself(self):
        first = headline(deck_of(traffic(proxy=(UNREACHED,))))
        assert "500 from LiteLLM: cannot connect to 127.0.0.1:8000" in first["text"]

    def test_a_proxy_that_was_down_and_answers_is_not_lit(self):
        refused = replace(LIVE, cause="refused", reason="")
        deck = deck_of(replace(CALM, storms=(refused,)))
        assert health(deck, HopKind.PROXY)[0] is Health.OK
        down = replace(PROXY, state=ServerState.DOWN, detail="refused")
        assert health(replace(deck, proxy=down), HopKind.PROXY) == (Health.ERROR, "down")

    def test_without_evidence_nobody_is_named(self):
        deck = deck_of(traffic())
        first = headline(deck)
        assert first["hop"] is None
        assert " · 500 · " in first["text"]
        assert health(deck, HopKind.SERVER)[0] is Health.OK


HAIKU = "claude-haiku-4-5-20251001"
NOT_TAKEN = Finding(
    "PROXY806",
    Severity.ERROR,
    f"no model_list entry matches {HAIKU}",
    f"Claude Code will request it (ANTHROPIC_DEFAULT_HAIKU_MODEL is not set, so it requests {HAIKU}); no model_name "
    "matches it: LiteLLM answers 400.",
    "model_list",
    hop=HopKind.PROXY,
)
RENAMED = replace(VLLM, models=(ServedModel("qwen3.5-27b", 131072),), engine=ENGINE)


def failed(status, reason, *, served="", passed=False):
    return replace(CALM, failure=Failure(status, NOW - 5, reason, "litellm.log", passed, served=served))


class TestWhichId:
    """A finding explains a failure only where id and status are the same."""

    ASKED = "model `Qwen3.5-27B` does not exist"

    def test_a_finding_about_another_id_lends_neither_code_nor_fix(self):
        first = statements(deck_of(failed(404, self.ASKED), findings=(NOT_TAKEN,)), NOW, str)[0]
        assert first.code != "PROXY806"
        assert "haiku" not in first.detail
        assert "Press 3" not in first.detail

    def test_a_404_that_the_proxy_passes_on_is_vllms_and_names_both_ids(self):
        deck = deck_of(RENAMED, failed(404, self.ASKED), findings=(NOT_TAKEN,))
        first = headline(deck)
        assert first["text"].endswith("404 from vLLM: it serves qwen3.5-27b, LiteLLM asks for Qwen3.5-27B")
        assert first["hop"] == "vllm"

    def test_the_ids_that_the_404_itself_names_come_before_a_list_that_may_be_old(self):
        first = headline(deck_of(failed(404, self.ASKED, served="qwen3.5-27b")))
        assert first["text"].endswith("it serves qwen3.5-27b, LiteLLM asks for Qwen3.5-27B")

    def test_a_list_that_has_the_id_says_nothing_of_what_was_served_then(self):
        assert headline(deck_of(failed(404, self.ASKED)))["text"].endswith(f"404 from vLLM: {self.ASKED}")

    def test_once_it_is_over_it_is_reported_as_what_was(self):
        first = headline(deck_of(failed(404, self.ASKED, served="qwen3.5-27b", passed=True)))
        assert "it served qwen3.5-27b, LiteLLM asked for Qwen3.5-27B" in first["text"]

    def test_the_finding_about_this_id_is_named(self):
        deck = deck_of(failed(400, f"Invalid model name passed in model={HAIKU}"), findings=(NOT_TAKEN,))
        first = statements(deck, NOW, str)[0]
        assert (first.code, first.hop) == ("PROXY806", HopKind.PROXY)

    def test_a_finding_with_another_status_is_not(self):
        deck = deck_of(failed(404, f"model `{HAIKU}` does not exist"), findings=(NOT_TAKEN,))
        assert statements(deck, NOW, str)[0].code != "PROXY806"

    @pytest.mark.parametrize(("asked", "code"), [("Qwen3.5-9B", "MODEL303"), ("Qwen3.5-27b", None)])
    def test_a_mapping_is_named_for_its_own_id_only(self, asked, code):
        text = WELL_SET.replace('HAIKU_MODEL": "Qwen3.5-27B"', 'HAIKU_MODEL": "Qwen3.5-9B"').replace(":4000", ":8000")
        client = settings(text)
        found = Finding("MODEL303", Severity.ERROR, "not served", "404; it serves Qwen3.5-27B", HAIKU_PATH)
        deck = replace(deck_of(failed(404, f"model `{asked}` does not exist"), client=client), proxy=None)
        first = statements(replace(deck, findings=(found,)), NOW, str)[0]
        assert (first.code == "MODEL303" and "it serves" in first.detail) == (code is not None)

    def test_the_ids_of_a_404_come_through_both_logs(self):
        body = "The model `Qwen3.5-27B` does not exist. Valid aliases: qwen3.5-27b."
        record = litellm('{"error":{"message":"' + body + '","type":"NotFoundError","code":404}}')
        meter = TrafficMeter()
        meter.set_primary("litellm.log")
        meter.take(LogBatch("litellm.log", (record, access(404)), NOW - 3, history=False))
        first = headline(deck_of(meter.snapshot(NOW)))
        assert first["text"].endswith("404 from vLLM: it serves qwen3.5-27b, LiteLLM asks for Qwen3.5-27B")


HAIKU_PATH = "env.ANTHROPIC_DEFAULT_HAIKU_MODEL"


class TestWhichStatus:
    """A finding that ends in another status, or after another time, explains nothing."""

    WRONG_PATH = Finding(
        "PROXY804",
        Severity.ERROR,
        "must not end in /v1",
        "With anthropic/ the api_base ends in /v1: LiteLLM gets 404, and then answers 429 itself.",
        "api_base",
        hop=HopKind.PROXY,
    )
    CEILING = Finding(
        "TIME502", Severity.WARNING, "does not hold", "A request is dropped after 301 s.", "env.API_TIMEOUT_MS"
    )

    def test_a_server_that_cannot_be_reached_is_no_wrong_path(self):
        deck = deck_of(failed(500, "cannot connect to 127.0.0.1:8000"), findings=(self.WRONG_PATH,))
        first = statements(deck, NOW, str)[0]
        assert first.code != "PROXY804"
        assert "cannot connect" in first.headline

    @pytest.mark.parametrize(("took", "code"), [(3.0, None), (301.0, "TIME502")])
    def test_the_clients_own_ceiling_ends_no_attempt_that_was_shorter(self, took, code):
        storm = replace(GAVE_UP, cause="timeout", reason="Request timed out", started=NOW - 5 - 10 * took, last=NOW - 5)
        deck = deck_of(replace(CALM, storms=(storm,)), findings=(self.CEILING,))
        assert statements(deck, NOW, str)[0].code == code


class TestOneSeverity:
    """Verdict, path and list show one severity for one finding."""

    @pytest.mark.parametrize("hop", [HopKind.CLIENT, HopKind.PROXY, HopKind.SERVER])
    @pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
    def test_verdict_and_path_agree_with_the_finding(self, hop, severity):
        finding = replace(NOT_TAKEN, severity=severity, hop=hop)
        deck = deck_of(CALM, findings=(finding,))
        first = next(one for one in statements(deck, NOW, str) if one.code == "PROXY806")
        assert first.health is severity.health
        assert health(deck, hop)[0] is severity.health

    def test_a_proxy_that_restarts_is_no_fault_of_the_settings(self):
        path_of = "env.ANTHROPIC_BASE_URL"
        plain = Finding("URL105", Severity.ERROR, "nothing listens there", "", path_of)
        elsewhere = replace(plain, fix=Fix("set it to vLLM", (Edit(path_of, "http://127.0.0.1:8000"),)))
        for state, finding in product((ServerState.DOWN, ServerState.STARTING), (plain, elsewhere)):
            deck = deck_of(replace(PROXY, state=state, detail="why"), CALM, findings=(finding,))
            assert health(deck, HopKind.CLIENT) == (Health.OK, "")
            assert health(replace(deck, proxy=PROXY), HopKind.CLIENT) == (Health.OK, "")
            assert health(deck, HopKind.PROXY)[0] is state.health
