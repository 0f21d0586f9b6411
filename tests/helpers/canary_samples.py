"""What the tests of the canary share: recorded answers, and the facts of well set and badly set clients."""

import json
from dataclasses import replace
from pathlib import Path

from places import TESTS
from stormdeck.model.canary.check import Route
from stormdeck.model.canary.judge import judge
from stormdeck.model.canary.plan import plan_of
from stormdeck.model.canary.questions import Shape, requests_for
from stormdeck.model.canary.response import Endpoint, ResponseReader
from stormdeck.model.finding import HopKind
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.server import ProxySnapshot, ServedModel, ServerKind, ServerState, VllmSnapshot

DATA = TESTS / "data" / "canary"
MODEL = "Qwen3.5-27B"
TOKEN = "sk-canary-4711"
SESSION = "11111111-2222-3333-4444-555555555555"
WINDOW = 131_072
NEW, OLD = "2.1.329", "2.1.42"
LITELLM = [json.loads(line) for line in (DATA / "litellm.jsonl").read_text().splitlines()]
TO_VLLM = Endpoint(Route.CLIENT, HopKind.SERVER, "http://127.0.0.1:8000")
TO_PROXY = Endpoint(Route.CLIENT, HopKind.PROXY, "http://127.0.0.1:4000")


def shape(version=NEW, **changes):
    return replace(Shape(version, MODEL, "claude-haiku-4-5-20251001"), **changes)


def ask(question, version=NEW):
    return next(one for one in requests_for(shape(version), Route.CLIENT, alone=True) if one.question is question)


def recorded(name):
    """Return status, content type and body of a recorded answer of vLLM 0.32."""
    answered = (DATA / f"{name}.txt").read_text(errors="replace").partition("<<< RESPONSE ")[2]
    head, _, body = answered.partition("\n\n")
    kind = next(line[14:] for line in head.splitlines() if line.startswith("content-type: "))
    return int(head.split()[0]), kind, body.encode()


def from_litellm(scenario, of="1.109-hosted_vllm"):
    one = next(one for one in LITELLM if (one["of"], one["scenario"]) == (of, scenario))
    return one["status"], "application/json", one["body"].encode()


def heard(question, status, kind, body, gone=None, detail="", version=NEW, step_s=0.1):
    """Return the outcome of an answer whose bytes come line by line, a step apart; no status: nothing comes."""
    hearing = ResponseReader(ask(question, version), [TOKEN], 0.0)
    if status is not None:
        hearing.begin(status, kind)
    now = 0.0
    for line in body.splitlines(keepends=True) if status is not None else ():
        now += step_s
        hearing.feed(line, now)
    return hearing.finish(gone, detail, now)


def judged(question, answer, way=TO_VLLM, version=NEW, **more):
    status, kind, body = answer
    outcome = heard(question, status, kind, body, version=version, **more)
    return judge(ask(question, version), outcome, way, shape(version))


def facts(base, *, vllm=None, proxy=None, version=NEW, served=(MODEL,), names=(MODEL,), config=None, root=None, **env):
    """Return the facts of a client that is well set, its tiers mapped to one id.

    ``env`` changes its variables, ``None`` leaves one out; ``root`` changes the settings besides ``env``.
    """
    tiers = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": MODEL for tier in ("OPUS", "SONNET", "HAIKU")}
    window = {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(WINDOW)}
    values = {"ANTHROPIC_BASE_URL": base, "ANTHROPIC_AUTH_TOKEN": TOKEN, **tiers, **window, **env}
    well = {"model": "sonnet", "permissions": {"defaultMode": "acceptEdits"}, "skipWebFetchPreflight": True}
    settings = {**well, **(root or {}), "env": {name: value for name, value in values.items() if value is not None}}
    file = SettingsFile(Scope.USER, Path("/home/me/.claude/settings.json"), exists=True)
    models = tuple(ServedModel(name, WINDOW) for name in served)
    live = Live(
        vllm=VllmSnapshot(vllm, ServerState.UP, models=models) if vllm else None,
        proxy=ProxySnapshot(proxy, ServerKind.LITELLM, ServerState.UP, models=names) if proxy else None,
    )
    snapshot = merged((loaded(file, json.dumps(settings)),), {})
    return Facts.effective(snapshot, version, live=live, proxy_config=config)


def plan(base, *, key=None, wants_long=False, **more):
    return plan_of(facts(base, **more), "0.9", SESSION, key, wants_long=wants_long)


def error_answer(status, message):
    """Return an error of the Messages API."""
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return status, "application/json", json.dumps(body).encode()


def streamed(text="", *, stop="end_turn", tokens=18, kind=""):
    """Return a stream with a text, a block of another kind, or nothing."""
    events: list[dict] = [{"type": "message_start", "message": {"usage": {"input_tokens": tokens}}}]
    if text or kind:
        events.append({"type": "content_block_start", "content_block": {"type": kind or "text", "text": ""}})
    if text:
        events.append({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}})
    events += [{"type": "message_delta", "delta": {"stop_reason": stop}}, {"type": "message_stop"}]
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return 200, "text/event-stream", text.encode()
