"""Broken stacks: the snapshots of each source, from recordings and measurements (facts/vllm.md, facts/proxies.md)."""

import json
from dataclasses import replace
from functools import reduce

from log_lines import access
from places import TESTS
from samples import CALM, ENGINE, FOUND, GPUS, NO_GPU, NOTHING, NOW, PROXY, VLLM, VLLM_PROCESS, settings
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.endings import LogTails, ending
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Missed
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ServedModel, ServerKind, ServerState
from stormdeck.model.traffic.meter import TrafficMeter

DATA = TESTS / "data"
DIRECT, VIA = "http://127.0.0.1:8000", "http://127.0.0.1:4000"
SERVED = "Qwen3.5-27B"
TIERS = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": SERVED for tier in ("SONNET", "OPUS", "HAIKU", "FABLE")}
ENV = {
    "ANTHROPIC_BASE_URL": DIRECT,
    "ANTHROPIC_AUTH_TOKEN": "dummy",
    **TIERS,
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072",
}
ALONE = replace(FOUND, found=FOUND.found[1:])
"""What is found where there is no proxy."""


def config(env=None, *, root=None, text=None):
    """Return the settings of a client that goes straight to vLLM, but for the changes; ``None`` takes one out."""
    if text is None:
        values = {name: value for name, value in {**ENV, **(env or {})}.items() if value is not None}
        top = {name: value for name, value in {"model": "sonnet", **(root or {})}.items() if value is not None}
        text = json.dumps({**top, "env": values}, indent=2)
    return settings(text)


def via_proxy(env=None):
    """Return the settings of a client that goes through LiteLLM."""
    return config({"ANTHROPIC_BASE_URL": VIA, "ANTHROPIC_AUTH_TOKEN": "sk-9f2c4e7a1b", **(env or {})})


def yaml(name):
    """Return LiteLLM's configuration from a file of the measurements."""
    from stormdeck.sources.litellm_yaml import read_proxy_config

    return read_proxy_config(DATA / "litellm" / f"{name}.yaml")


def vllm(state=ServerState.UP, detail="", window=131072, ids=(SERVED,), **more):
    """Return vLLM in a state."""
    models = tuple(ServedModel(one, window) for one in ids)
    known = {"models": models} if state in {ServerState.UP, ServerState.DEGRADED} else {"models": (), "engine": None}
    return replace(VLLM, state=state, detail=detail, **{**known, **more})


def engine(**figures):
    """Return a vLLM that is up, with other figures of its engine."""
    return vllm(engine=replace(ENGINE, **figures))


def proxy(state=ServerState.UP, detail="", **more):
    """Return LiteLLM in a state."""
    return replace(PROXY, state=state, detail=detail, **more)


def probe(reach=Reach.ANSWERS, url=DIRECT, **more):
    """Return what the base URL answered."""
    return Probe(url, reach, **more)


def elsewhere(url, why="connection refused: nothing listens on port 8001", met=ServerState.DOWN):
    """Return a search that found no server at the base URL, and a vLLM on its usual port."""
    how = "ANTHROPIC_BASE_URL in ~/.claude/settings.json"
    there = Found(url, ServerKind.OTHER, how, met=met)
    return replace(ALONE, found=(there,), beside=ALONE.found, missed=(Missed(f"{url} ({how})", why),))


def tail(name, log="/var/log/vllm.log"):
    """Return the end of a recorded log."""
    lines = (DATA / "logs" / name).read_text().splitlines()
    known = ending(lines)
    return LogTails({log: lines[-1]}, {log: known} if known is not None else {})


def ending_with(line, log="/var/log/litellm.log"):
    """Return the end of a log with this one line."""
    known = ending([line])
    return LogTails({log: line}, {log: known} if known is not None else {})


def lines(*batches, log="litellm.log", now=NOW):
    """Return the traffic that lines make; each is (seconds before now, line...)."""
    meter = TrafficMeter()
    meter.set_primary(log)
    for ago, *batch in batches:
        meter.take(LogBatch(log, tuple(batch), now - ago, history=False))
    return meter.snapshot(now)


def failures(status, error, *agos, log="litellm.log"):
    """Return the traffic of one turn that failed at these seconds before now."""
    return lines(*((ago, error, access(status)) for ago in agos), log=log)


def litellm_error(text):
    """Return a record as LiteLLM 1.109 writes it."""
    return (
        "14:01:28 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - "
        "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - "
        f"litellm_call_id=0b1f6e5e-6c3f-4a7e-9a52-1f2a0f3b9c11 - {text}"
    )


def vllm_error(text):
    """Return a record as vLLM 0.32 writes it."""
    return f"(APIServer pid=4700) ERROR 11-21 14:01:28 [serving.py:274] {text}"


def recording(name, until):
    """Return the traffic of a recorded session, ``until`` seconds after its first line, as if it were now."""
    meter = TrafficMeter()
    meter.set_primary("access.log")
    entries = [
        json.loads(line) for line in (DATA.parent / "recordings" / name / "access.lines.jsonl").read_text().splitlines()
    ]
    shift = NOW - until - entries[0]["t"]
    for entry in entries:
        if entry["t"] + shift <= NOW:
            meter.take(LogBatch("access.log", (entry["line"],), entry["t"] + shift, history=False))
    return meter.snapshot(NOW)


def deck(*snapshots, version="2.1.329"):
    """Return the deck that snapshots make, as the panel puts them together."""
    return reduce(take, snapshots, Deck(client_version=version, version_given=version is not None))


STRAIGHT = (config(), ALONE, vllm(), GPUS, CALM)
THROUGH = (via_proxy(), FOUND, yaml("starts-all-set"), vllm(), proxy(), GPUS, CALM)
AS_CLAUDE = (*THROUGH, via_proxy(dict.fromkeys(TIERS, "claude-sonnet-4-6")), proxy(models=()))
"""Through a proxy whose model_name is ``claude-*``."""
NOT_FOUND = (config(), NOTHING, NO_GPU, replace(CALM, logs=()))
LOADING = DiscoverySnapshot(loading=(VLLM_PROCESS,), done=True)
