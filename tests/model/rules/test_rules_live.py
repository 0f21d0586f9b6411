"""Rules about running servers."""

from dataclasses import replace
from pathlib import Path

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.rules.collect import live_of
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import merged, preview
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, ServerProcess
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import (
    EngineStats,
    ProxySnapshot,
    ServedModel,
    ServerKind,
    ServerState,
    VllmSnapshot,
)

URL = "http://127.0.0.1:8000"
ENV = {
    "ANTHROPIC_BASE_URL": URL,
    "ANTHROPIC_AUTH_TOKEN": "dummy",
    **{f"ANTHROPIC_DEFAULT_{tier}_MODEL": "Q" for tier in ("SONNET", "OPUS", "HAIKU")},
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
}
ENGINE = EngineStats(
    running=1,
    waiting=0,
    kv_cache_percent=20.0,
    prefix_hit_percent=None,
    prompt_tokens_per_s=None,
    generation_tokens_per_s=None,
    ttft_p50_s=1.0,
    ttft_p95_s=2.0,
    preemptions=0,
    window_s=60,
)


def vllm(window=2_000_000, version="0.32.0", state=ServerState.UP, engine=ENGINE, ids=("Q",)):
    models = tuple(ServedModel(one, window, one) for one in ids)
    return VllmSnapshot(URL, state, version=version, models=models, engine=engine)


def found(env=None, live=None, version=None, **more):
    values = {name: value for name, value in {**ENV, **(env or {})}.items() if value is not None}
    return check(Facts.effective(merged((), values), version, live=live, **more))


def marks(findings):
    return [(finding.code, finding.severity.value) for finding in findings]


def probe(reach=Reach.ANSWERS, **more):
    return Live(probe=Probe(URL, reach, **more))


def test_a_server_that_answers_as_it_should_is_no_finding():
    live = replace(probe(kind=ServerKind.VLLM, has_messages=True, credential=200), vllm=vllm())
    assert found(live=live) == ()


REACH = {
    "refused": (probe(Reach.REFUSED), [("URL105", "error")], None),
    "refused, elsewhere": (
        probe(Reach.REFUSED, elsewhere="http://127.0.0.1:8001"),
        [("URL105", "error")],
        None,
    ),
    "no such name": (probe(Reach.UNRESOLVED), [("URL105", "error")], None),
    "no route": (probe(Reach.UNREACHABLE), [("URL105", "error")], None),
    "accepts and is silent": (probe(Reach.SILENT), [("URL112", "error")], None),
    "no connection": (probe(Reach.UNCONNECTED), [("URL112", "warning")], None),
    "accepts and closes": (probe(Reach.CUT), [("URL112", "error")], None),
    "no HTTP": (probe(Reach.NO_HTTP), [("URL112", "error")], None),
    "TLS refused": (probe(Reach.NO_TLS, detail="the server ends the TLS handshake (X)"), [("URL112", "error")], None),
    "TLS that this program refuses": (
        probe(Reach.NO_TLS, detail="no TLS connection: X"),
        [("URL112", "warning")],
        None,
    ),
    "starting": (probe(Reach.STARTING, detail="vLLM (pid 4) runs here"), [("URL112", "warning")], None),
    "messages fail by a gateway": (probe(Reach.FAILS, status=502), [("URL112", "error")], None),
    "messages fail by themselves": (probe(Reach.FAILS, status=500), [("URL112", "warning")], None),
    "messages fail, the rest answers": (
        replace(probe(Reach.FAILS, status=502), vllm=vllm()),
        [("URL112", "error")],
        None,
    ),
    "speaks TLS": (probe(Reach.TLS_ONLY), [("URL113", "error")], "https://127.0.0.1:8000"),
    "redirected": (
        probe(Reach.REDIRECT, status=301, location="https://127.0.0.1/v1/messages"),
        [("URL114", "error")],
        "https://127.0.0.1",
    ),
    "redirected to a page": (
        probe(Reach.REDIRECT, status=302, location="https://127.0.0.1/login"),
        [("URL114", "warning")],
        None,
    ),
    "silent at first, answers now": (replace(probe(Reach.SILENT), vllm=vllm()), [], None),
    "a short look": (probe(Reach.UNKNOWN), [], None),
    "no messages": (probe(has_messages=False), [("URL106", "error")], None),
    "not known whether": (probe(has_messages=None), [], None),
}


@pytest.mark.parametrize(("live", "expected", "fixed"), REACH.values(), ids=REACH)
def test_what_a_connection_meets(live, expected, fixed):
    findings = found(live=live)
    assert marks(findings) == expected
    assert [one.fix.edits[0].value if one.fix else None for one in findings] == [fixed] * len(expected)


def test_https_to_a_plain_port_is_set_to_http():
    (finding,) = found({"ANTHROPIC_BASE_URL": "https://127.0.0.1:8000"}, probe(Reach.PLAIN_HTTP))
    assert (finding.code, finding.fix.edits[0].value) == ("URL104", URL)


@pytest.mark.parametrize("host", ["gpu-box:8000", "10.0.0.7:8000", "llm.example.org", "192.168.1.4"])
def test_https_to_a_plain_port_elsewhere_has_no_fix_that_sends_the_token_in_clear(host):
    (finding,) = found({"ANTHROPIC_BASE_URL": f"https://{host}"}, probe(Reach.PLAIN_HTTP))
    assert (finding.code, finding.fix) == ("URL104", None)
    assert "unencrypted" in finding.message


def test_a_vllm_before_messages_is_named():
    live = Live(probe=Probe(URL, Reach.ANSWERS, ServerKind.VLLM), vllm=vllm(version="0.10.2"))
    assert {"URL106", "SERVER903"} <= {one.code for one in found(live=live)}


REAL = "sk-7f3a9c1e5b2d8046"
CLEAR = {
    "far, real": ("http://llm.example.org:8000", REAL, ["URL108"]),
    "far by number": ("http://8.8.8.8:8000", REAL, ["URL108"]),
    "far, placeholder": ("http://llm.example.org:8000", "dummy", []),
    "private": ("http://192.168.1.4:8000", REAL, []),
    "of the house": ("http://gpu-box:8000", REAL, []),
    "of a VPN": ("http://100.101.1.2:8000", REAL, []),
    "encrypted": ("https://llm.example.org", REAL, []),
}


@pytest.mark.parametrize(("url", "token", "expected"), CLEAR.values(), ids=CLEAR)
def test_a_secret_in_the_clear(url, token, expected):
    assert [one.code for one in found({"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": token})] == expected


def test_the_finding_names_the_server_that_rejects_the_token():
    assert marks(found(live=probe(kind=ServerKind.LITELLM, credential=400))) == [("AUTH204", "error")]
    assert marks(found(live=probe(kind=ServerKind.VLLM, credential=401))) == [("AUTH205", "error")]


def test_a_key_alone_is_an_error_once_vllm_has_refused_it():
    env = {"ANTHROPIC_AUTH_TOKEN": None, "ANTHROPIC_API_KEY": "k"}
    assert marks(found(env, probe(kind=ServerKind.VLLM, credential=401))) == [("AUTH202", "error")]
    assert marks(found(env, probe(kind=ServerKind.VLLM, credential=200))) == [("AUTH202", "warning")]


def test_bursts_of_400_in_a_log_make_the_switch_a_warning():
    env = {"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": None}
    assert marks(found(env, Live(bursts_of_400=True))) == [("TRAFFIC403", "warning")]


DETOURS = {
    "no exception": ({"HTTPS_PROXY": "http://p:3128"}, ["TRAFFIC404"]),
    "in lower case": ({"http_proxy": "http://p:3128"}, ["TRAFFIC404"]),
    "another exception": ({"HTTP_PROXY": "http://p:3128", "NO_PROXY": "10.0.0.1"}, ["TRAFFIC404"]),
    "named": ({"HTTP_PROXY": "http://p:3128", "NO_PROXY": "localhost, 127.0.0.1"}, []),
    "network": ({"HTTP_PROXY": "http://p:3128", "no_proxy": "127.0.0.0/8"}, []),
    "all": ({"HTTP_PROXY": "http://p:3128", "NO_PROXY": "*"}, []),
    "a domain": ({"HTTP_PROXY": "http://p", "NO_PROXY": ".lan", "ANTHROPIC_BASE_URL": "http://gpu.lan"}, []),
    "far away": ({"HTTP_PROXY": "http://p", "ANTHROPIC_BASE_URL": "https://llm.example.org"}, []),
}


@pytest.mark.parametrize(("env", "expected"), DETOURS.values(), ids=DETOURS)
def test_a_company_proxy_before_a_local_server(env, expected):
    findings = found(env)
    assert [one.code for one in findings] == expected
    for finding in findings:
        ours = {edit.path.removeprefix("env."): edit.value for edit in finding.fix.edits}
        assert found({**env, **ours}) == ()


WAITS = {
    "default holds": ({}, 590.0, []),
    "default is too short": ({}, 700.0, ["TIME504"]),
    "set too short": ({"API_TIMEOUT_MS": "20000"}, 30.0, ["TIME504"]),
    "set long enough": ({"API_TIMEOUT_MS": "40000"}, 30.0, []),
    "no figure": ({"API_TIMEOUT_MS": "1"}, None, []),
}


@pytest.mark.parametrize(("env", "slowest", "expected"), WAITS.values(), ids=WAITS)
def test_a_timeout_below_what_the_server_needs(env, slowest, expected):
    live = Live(vllm=vllm(engine=replace(ENGINE, ttft_p95_s=slowest)))
    assert [one.code for one in found(env, live)] == expected


WINDOWS = {
    "a million and more": (1_000_000, {}, None, []),
    "200k, newest": (200_000, {}, None, [("CTX601", "warning")]),
    "200k, before": (200_000, {}, "2.1.112", []),
    "200k, no million": (200_000, {"CLAUDE_CODE_DISABLE_1M_CONTEXT": "1"}, None, []),
    "64k, told": (65_536, {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "65536"}, None, []),
    "64k, told too much": (65_536, {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072"}, None, [("CTX601", "warning")]),
    "32k": (32_768, {"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "8000"}, None, [("CTX601", "warning")]),
    "24k": (24_000, {"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "4000"}, None, [("CTX601", "error")]),
    "not told": (None, {}, None, []),
}


@pytest.mark.parametrize(("window", "env", "version", "expected"), WINDOWS.values(), ids=WINDOWS)
def test_a_window_that_the_client_believes_to_be_larger(window, env, version, expected):
    findings = found(env, Live(vllm=vllm(window)), version)
    assert marks(findings) == expected
    for finding in findings:
        assert finding.fix.edits[0].value == str(window)


ANSWERS = {
    "fits": (65_536, None, "0.28.0", None),
    "more than the window": (30_000, "40000", "0.32.0", "error"),
    "together, old vLLM": (49_152, None, "0.28.0", "error"),
    "together, vLLM clamps": (49_152, None, "0.32.0", None),
    "together, version unknown": (49_152, None, None, "warning"),
}


@pytest.mark.parametrize(("window", "asked", "version", "severity"), ANSWERS.values(), ids=ANSWERS)
def test_room_for_the_longest_answer(window, asked, version, severity):
    env = {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(window), "CLAUDE_CODE_MAX_OUTPUT_TOKENS": asked}
    findings = [one for one in found(env, Live(vllm=vllm(window, version))) if one.code == "CTX602"]
    assert [one.severity.value for one in findings] == ([severity] if severity else [])
    for finding in findings:
        value = finding.fix.edits[0].value
        after = found({**env, "CLAUDE_CODE_MAX_OUTPUT_TOKENS": value}, Live(vllm=vllm(window, version)))
        assert "CTX602" not in {one.code for one in after}


TOOLS = ("vllm", "serve", "Qwen/Qwen3.5-27B", "--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder")
COMMANDS = {
    "as it should be": (TOOLS, []),
    "written with equals and underscores": (
        ("vllm", "serve", "Qwen/Q", "--enable_auto_tool_choice", "--tool-call-parser=qwen3_coder"),
        [],
    ),
    "neither": (("vllm", "serve", "Q"), [("SERVER901", "error")]),
    "parser alone": (("vllm", "serve", "Q", "--tool-call-parser", "hermes"), [("SERVER901", "error")]),
    "in a file": (("vllm", "serve", "--config", "v.yaml"), []),
    "another family's parser": ((*TOOLS[:5], "llama3_json"), [("SERVER902", "warning")]),
    "a parser of one's own": ((*TOOLS[:5], "my_parser"), []),
    "a model of no known family": (("vllm", "serve", "acme/x", *TOOLS[3:]), []),
    "slash in the name": ((*TOOLS, "--served-model-name", "Qwen/Q"), [("SERVER906", "warning")]),
    "the same port": ((*TOOLS, "--port=8000"), []),
}


@pytest.mark.parametrize(("command", "expected"), COMMANDS.values(), ids=COMMANDS)
def test_how_vllm_was_started(command, expected):
    findings = found(live=Live(vllm=vllm(), command=command))
    assert marks(findings) == expected
    assert {one.hop for one in findings} <= {HopKind.SERVER}


def test_another_port_is_reported_unless_something_answers_there():
    command = (*TOOLS, "--port", "9000")
    elsewhere = replace(vllm(), url="http://127.0.0.1:9000")
    assert ("SERVER906", "warning") in marks(found(live=Live(vllm=elsewhere, command=command)))
    assert found(live=replace(probe(kind=ServerKind.VLLM), vllm=elsewhere, command=command)) == ()


def test_a_slash_that_the_settings_have_too_is_fine():
    env = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": "Qwen/Q" for tier in ("SONNET", "OPUS", "HAIKU")}
    live = Live(vllm=vllm(ids=("Qwen/Q",)), command=(*TOOLS, "--served-model-name", "Qwen/Q"))
    assert found(env, live) == ()


OLD = {
    "no messages": ("0.11.1", None, "error"),
    "late system message": ("0.22.0", None, "error"),
    "an older client": ("0.22.0", "2.1.112", None),
    "no count_tokens": ("0.17.0", "2.1.112", "info"),
    "new": ("0.23.0", None, None),
}


@pytest.mark.parametrize(("version", "client", "severity"), OLD.values(), ids=OLD)
def test_a_vllm_that_is_too_old(version, client, severity):
    findings = [one for one in found(live=Live(vllm=vllm(version=version)), version=client) if one.code == "SERVER903"]
    assert [one.severity.value for one in findings] == ([severity] if severity else [])


def test_an_old_vllm_behind_a_proxy_is_the_proxy_s_matter():
    proxy = ProxySnapshot("http://127.0.0.1:4000", ServerKind.LITELLM, ServerState.UP)
    assert "SERVER903" not in {one.code for one in found(live=Live(vllm=vllm(version="0.11.1"), proxy=proxy))}


ENGINES = {
    "hung": (vllm(state=ServerState.DEGRADED), "SERVER905", "error"),
    "full": (vllm(engine=replace(ENGINE, kv_cache_percent=99.0, waiting=3)), "SERVER907", "warning"),
    "pushed out": (vllm(engine=replace(ENGINE, preemptions=2)), "SERVER907", "warning"),
    "tiny": (vllm(window=8192), "SERVER904", "error"),
}


@pytest.mark.parametrize(("server", "code", "severity"), ENGINES.values(), ids=ENGINES)
def test_an_engine_that_cannot_serve(server, code, severity):
    assert (code, severity) in marks(found(live=Live(vllm=server)))


def test_a_full_cache_without_waiting_requests_is_fine():
    live = Live(vllm=vllm(engine=replace(ENGINE, kv_cache_percent=99.0)))
    assert found(live=live) == ()


def test_the_live_facts_come_from_the_deck():
    process = ServerProcess(1, "vllm", TOOLS, 0, None, "")
    discovery = DiscoverySnapshot(found=(Found(URL, ServerKind.VLLM, "", process),))
    live = live_of(Deck(discovery=discovery, vllm=vllm()))
    assert live.command == TOOLS
    assert live.served_at(URL) == live.served_at("") == ("Q",)
    assert live.attribution_stripped
    proxy = ProxySnapshot("http://127.0.0.1:4000", ServerKind.LITELLM, ServerState.UP, models=("m",))
    behind = live_of(Deck(discovery=discovery, vllm=vllm(), proxy=proxy))
    assert behind.served_at(proxy.url) == behind.served_at("") == ("m",)
    assert behind.served_at("http://127.0.0.1:9999") is None
    assert not behind.attribution_stripped


def test_findings_stand_by_severity_then_along_the_path():
    live = Live(vllm=vllm(window=8192, version="0.10.0"), command=("vllm", "serve", "Q"))
    findings = found({"ANTHROPIC_BASE_URL": "http://0.0.0.0:8000/v1"}, live)
    order = [(list(Severity).index(one.severity), list(HopKind).index(one.hop)) for one in findings]
    assert len(order) > 5
    assert order == sorted(order)


def test_one_fix_after_another_makes_a_small_window_work():
    live = Live(vllm=vllm(65_536))
    file = SettingsFile(Scope.USER, Path("settings.json"), exists=True)
    settings = merged((file,), ENV)
    for _ in range(5):
        fix = next((one.fix for one in check(Facts.effective(settings, live=live)) if one.fix), None)
        settings = preview(settings, Scope.USER, fix.edits) if fix else settings
    assert check(Facts.effective(settings, live=live)) == ()


def test_a_redirect_that_keeps_the_request_loses_nothing_where_there_is_no_token():
    moved = Probe(URL, Reach.REDIRECT, status=307, location="http://127.0.0.1:9000/v1/messages")
    assert not [one for one in found({"ANTHROPIC_AUTH_TOKEN": ""}, Live(probe=moved)) if one.code == "URL114"]
