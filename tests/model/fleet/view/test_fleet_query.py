"""The filter of the fleet: words, patterns, terms and limits, and what is said while it is typed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleets import FLEET, proxy, replica
from stormdeck.model.fleet.snapshot import FleetSnapshot
from stormdeck.model.fleet.view.query import FIELDS, FIGURES, FleetQuery
from stormdeck.model.fleet.view.query_help import completion, explanation

ONE = replica(3, "qwen3-coder-480b", waiting=31.0, kv_cache=0.99, version="v0.11.2", host="gpu-3.lab")
PROXY = proxy(2, failures_per_s={"Timeout": 0.5}, cooldowns=("gpu-7:8000",))


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("QWEN gpu-3", True),
        ("qwen -gpu-3", False),
        ("-glm", True),
        ("/gpu-[34]:/", True),
        ("-/gpu-[34]:/", False),
        ('"gpu-3:8000"', True),
        ("model:qwen", True),
        ("model:glm,qwen", True),
        ("-model:qwen", False),
        ("model:", True),
        ("host:gpu-3.lab", True),
        ("version:0.11", True),
        ("version:v0.11.2", True),
        ("version:11", False),
        ("state:look", True),
        ("state:d", False),
        ("-state:down,broken", True),
        ("agent:claude", False),
        ("waiting>5", True),
        ("waiting>31", False),
        ("waiting>=31", True),
        ("waiting<=31", True),
        ("waiting<31", False),
        ("-waiting>5", False),
        ("waiting>", True),
        ("kv>90 hits<90 gpu>50", True),
        ("ttft>0.5 tokens>1 preempt<1 requests>0.1 running>1", True),
        ("failures>0", False),
    ],
)
def test_an_instance_passes(text, passes):
    query = FleetQuery.read(text)
    assert query.problem == ""
    assert query.passes(ONE, "look") is passes


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("litellm timeout", True),
        ("gpu-7:8000", True),
        ("agent:claude-cli", True),
        ("agent:curl", False),
        ("model:qwen", False),
        ("host:proxy-2", True),
        ("version:1.77", True),
        ("failures>0.4 cooldowns>0 requests>3", True),
        ("waiting<5", False),
    ],
)
def test_a_proxy_passes(text, passes):
    assert FleetQuery.read(text).passes(PROXY, "look") is passes


def test_an_instance_without_gpus_passes_no_limit_of_theirs():
    assert not FleetQuery.read("gpu<50").passes(replica(1, gpu=None), "fine")
    assert not FleetQuery.read("kv<50").passes(replica(1, kv_cache=None), "fine")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("state:bad", "state:bad is not known: down, broken, look, fine, unknown"),
        ("waiting>many", "waiting>many is not understood: waiting>5, requests that wait"),
        ("/[/", "/[/ is no regular expression"),
        ("state:bad waiting>x", "state:bad is not known"),
    ],
)
def test_what_is_not_understood_is_said(text, words):
    assert FleetQuery.read(text).problem.startswith(words)


@given(st.text(max_size=60))
@settings(max_examples=80)
def test_any_text_is_a_filter_or_a_reason(text):
    query = FleetQuery.read(text)
    query.passes(ONE, "fine")
    query.passes(PROXY, "fine")
    explanation(text, FLEET)
    completion(text, FLEET)


def test_the_explanation_lists_the_values_that_there_are():
    assert explanation("", FLEET).startswith("words  -word  /re/  model:")
    assert explanation("x -model:", FLEET).startswith("model: qwen3-coder-480b, glm-4.6, gpt-oss-120b, several")
    assert explanation("version:", FLEET).startswith("version: 0.11.2, 0.11.0, 1.77.4, several")
    assert explanation("agent:", FLEET).startswith("agent: claude-cli, python-httpx, several")
    assert explanation("state:", FLEET).startswith("state: down, broken, look, fine, unknown, several")
    assert explanation("host:", FleetSnapshot()).startswith("host: a part of a host's name, several")
    assert {explanation(f"{name}>", FLEET) for name in FIGURES} == {
        f"{name}: {words}, above or below a number: {name}>5" for name, words in FIGURES.items()
    }


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("mod", "model:"),
        ("wai", "waiting>"),
        ("m", None),
        ("model:gl", "model:glm-4.6"),
        ("model:qwen3-coder-480b,GP", "model:qwen3-coder-480b,gpt-oss-120b"),
        ("-version:1.", "-version:1.77.4"),
        ("state:unknown", None),
        ("state:", None),
        ("other:x", None),
    ],
)
def test_the_last_part_is_completed(text, completed):
    assert completion(text, FLEET) == completed


def test_no_term_begins_like_a_figure():
    assert not set(FIELDS) & set(FIGURES)
