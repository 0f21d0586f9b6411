"""Decks that tests and screenshots show: each state once, with numbers as the recordings have them."""

from dataclasses import replace
from pathlib import Path

from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, Missed, ServerProcess
from stormdeck.model.snapshots.gpu import Gpu, GpuProcess, GpuSnapshot, GpuState
from stormdeck.model.snapshots.server import (
    EngineStats,
    ProxySnapshot,
    ServedModel,
    ServerKind,
    ServerState,
    VllmSnapshot,
)
from stormdeck.model.snapshots.timeline import TimelineSnapshot
from stormdeck.model.snapshots.traffic import Bucket, TrafficSnapshot
from stormdeck.model.snapshots.wire import WireSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.timeline.event import Event
from stormdeck.model.timeline.event import Kind as Happened
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.request import Kind

NOW = 1_795_269_720.0
"""2026-11-21 14:02:00 UTC."""

ENGINE = EngineStats(
    running=3,
    waiting=0,
    kv_cache_percent=41.0,
    prefix_hit_percent=87.0,
    prompt_tokens_per_s=1240.0,
    generation_tokens_per_s=94.0,
    ttft_p50_s=0.8,
    ttft_p95_s=2.1,
    preemptions=0,
    window_s=60,
)
VLLM = VllmSnapshot(
    url="http://127.0.0.1:8000",
    state=ServerState.UP,
    latency_ms=4,
    version="0.32.0",
    models=(ServedModel("Qwen3.5-27B", 131072),),
    engine=ENGINE,
    started=int(NOW) - 11_520,
    pid=4700,
    seen=NOW,
)
PROXY = ProxySnapshot(
    url="http://127.0.0.1:4000",
    kind=ServerKind.LITELLM,
    state=ServerState.UP,
    latency_ms=2,
    version="1.109.1",
    models=("Qwen3.5-27B",),
    in_flight=2,
    started=int(NOW) - 18_060,
    pid=4600,
    seen=NOW,
)


def gpu(index, busy, power, temperature):
    wave = tuple(max(0, min(100, busy + (step * 7 + index * 3) % 23 - 11)) for step in range(60))
    return Gpu(
        index=index,
        name="NVIDIA H200",
        utilization_percent=busy,
        memory_used_bytes=118 * 2**30,
        memory_total_bytes=140 * 2**30,
        temperature_c=temperature,
        power_w=power,
        power_limit_w=700,
        clock_mhz=1755,
        clock_max_mhz=1980,
        processes=(GpuProcess(4711 + index, "vLLM worker", 117 * 2**30, True),),
        history=wave,
    )


GPUS = GpuSnapshot(GpuState.OK, driver="580.95.05", gpus=(gpu(0, 91, 612, 71), gpu(1, 89, 598, 69)))
EIGHT_GPUS = GpuSnapshot(
    GpuState.OK,
    driver="580.95.05",
    gpus=tuple(gpu(index, 96 - index, 612 - index * 7, 62 + index) for index in range(8)),
)
NO_GPU = GpuSnapshot(
    GpuState.NO_DRIVER,
    "No NVIDIA driver on this machine. GPU numbers appear here when stormdeck runs where vLLM runs.",
)

CALM_BUCKETS = tuple(Bucket(ok=(step * 5 % 7) // 3, failed=0, retry=0) for step in range(60))
STORM_BUCKETS = (
    *CALM_BUCKETS[:20],
    Bucket(1, 1, 2),
    Bucket(0, 0, 2),
    *CALM_BUCKETS[22:54],
    Bucket(1, 1, 3),
    Bucket(0, 0, 2),
    Bucket(0, 0, 1),
    Bucket(1, 0, 1),
    Bucket(0, 0, 1),
    Bucket(1, 0, 1),
)
LOGS = ("/var/log/litellm.log", "/var/log/vllm.log")
CALM = TrafficSnapshot(
    buckets=CALM_BUCKETS,
    bucket_s=15,
    requests=47,
    turns=47,
    retries=0,
    requests_per_minute=4.0,
    turns_per_minute=4.0,
    retries_per_minute=0.0,
    logs=LOGS,
    since=NOW - 3600,
)
LIVE = Storm(
    started=NOW - 27,
    last=NOW - 7,
    attempts=6,
    limit=11,
    cause="500",
    reason="EngineCore encountered an issue",
    outcome=Outcome.LIVE,
    next_at=NOW + 18,
    gives_up_at=NOW + 180,
    log=LOGS[0],
)
RECOVERED = Storm(
    started=NOW - 2400,
    last=NOW - 2359,
    attempts=7,
    limit=11,
    cause="429",
    reason="No deployments available (cooldown)",
    outcome=Outcome.RECOVERED,
    log=LOGS[0],
)
GAVE_UP = Storm(
    started=NOW - 15_720,
    last=NOW - 15_530,
    attempts=11,
    limit=11,
    cause="500",
    reason="Connection error to vLLM",
    outcome=Outcome.GAVE_UP,
    log=LOGS[0],
)
STORMY = replace(
    CALM,
    buckets=STORM_BUCKETS,
    requests=61,
    turns=47,
    retries=14,
    requests_per_minute=7.2,
    turns_per_minute=1.1,
    retries_per_minute=6.1,
    storms=(LIVE, RECOVERED, GAVE_UP),
)

VLLM_PROCESS = ServerProcess(
    pid=4700,
    name="vllm",
    command=(
        "vllm",
        "serve",
        "Qwen/Qwen3.5-27B",
        "--served-model-name",
        "Qwen3.5-27B",
        "--port",
        "8000",
        "--enable-auto-tool-choice",
        "--tool-call-parser",
        "qwen3_coder",
    ),
    started=int(NOW) - 11_520,
    log=Path("/var/log/vllm.log"),
    log_note="both to /var/log/vllm.log",
    kind=ServerKind.VLLM,
)
PROXY_PROCESS = replace(
    VLLM_PROCESS,
    pid=4600,
    name="litellm",
    command=("litellm", "--config", "litellm_config.yaml", "--port", "4000"),
    log=Path("/var/log/litellm.log"),
    log_note="both to /var/log/litellm.log",
    kind=ServerKind.LITELLM,
)
FOUND = DiscoverySnapshot(
    found=(
        Found(
            "http://127.0.0.1:4000", ServerKind.LITELLM, "ANTHROPIC_BASE_URL in ~/.claude/settings.json", PROXY_PROCESS
        ),
        Found("http://127.0.0.1:8000", ServerKind.VLLM, "api_base in litellm_config.yaml", VLLM_PROCESS),
    ),
    missed=(
        Missed("port 8082", "nothing listens there"),
        Missed("port 3456", "nothing listens there"),
    ),
    logs=(Path(LOGS[0]), Path(LOGS[1])),
    done=True,
)
NOTHING = DiscoverySnapshot(
    missed=tuple(Missed(f"port {port}", "nothing listens there") for port in (8000, 4000, 8082, 3456)),
    done=True,
)
DOWN_VLLM = VllmSnapshot(
    url="http://127.0.0.1:8000",
    state=ServerState.DOWN,
    detail="Connection refused: no process listens on port 8000. Start vLLM.",
    version="0.32.0",
)

FAILURE = (
    "14:01:28 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - "
    "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - "
    "litellm_call_id=0b1f6e5e-6c3f-4a7e-9a52-1f2a0f3b9c11 - litellm.InternalServerError: InternalServerError: "
    "Hosted_vllmException - EngineCore encountered an issue. See stack trace (above) for the root cause."
)
REFUSED = 'INFO:     127.0.0.1:60140 - "POST /v1/messages?beta=true HTTP/1.1" 500 Internal Server Error'
ANSWERED = 'INFO:     127.0.0.1:{port} - "POST /v1/messages?beta=true HTTP/1.1" 200 OK'
PROBES = (
    'INFO:     127.0.0.1:36808 - "GET /health HTTP/1.1" 200 OK',
    'INFO:     127.0.0.1:36810 - "GET /metrics HTTP/1.1" 200 OK',
)
TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "proxy_server.py", line 1984, in anthropic_response',
    "litellm.exceptions.InternalServerError: EngineCore encountered an issue",
)


def log_lines():
    """Yield (log, lines, arrived, attempts) as the feed puts them into the book."""
    yield LOGS[0], ["INFO:     Started server process [4600]", "INFO:     Application startup complete."], None, {}
    for attempt, ago in enumerate((27, 26, 25, 22, 17, 7), 1):
        yield (
            LOGS[0],
            [FAILURE, *TRACEBACK, REFUSED],
            NOW - ago,
            {4: attempt},
        )
    yield (
        LOGS[1],
        PROBES,
        NOW - 1,
        {},
    )


def calm_lines():
    """Yield lines as ``log_lines`` does: the requests of the calm strip, each answered, and two probes."""
    for step, bucket in enumerate(CALM_BUCKETS, -len(CALM_BUCKETS)):
        for nth in range(bucket.ok):
            yield LOGS[0], [ANSWERED.format(port=60200 + 2 * step + nth)], NOW + 15 * step + 6 * nth + 2, {0: 1}
    yield LOGS[1], PROBES, NOW - 1, {}


TOKEN = "sk-very-secret-4711"
WELL_SET = """{
  "model": "sonnet",
  "env": {
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:4000",
    "ANTHROPIC_AUTH_TOKEN": "sk-very-secret-4711",
    "ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B",
    "ANTHROPIC_DEFAULT_OPUS_MODEL": "Qwen3.5-27B",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B",
    "ANTHROPIC_DEFAULT_FABLE_MODEL": "Qwen3.5-27B",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "MY_TEAM_NOTE": "ask Kim before changing the port"
  },
  "permissions": {"allow": ["Bash(git status)"], "defaultMode": "acceptEdits"}
}
"""
PITFALLS = (
    WELL_SET.replace(":4000", ":4000/v1")
    .replace('    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B",\n', "")
    .replace('    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",\n', "")
)
"""The path of the API in the address, no small tier, extra traffic."""
NOT_JSON = WELL_SET.replace('"model": "sonnet",', '"model": "sonnet"')
"""A comma is missing; it is noticed at line 3, column 3."""


def settings(text, *, home=Path("/home/me"), scope=Scope.USER, writable=True, others=(), shell=None):
    """Return the settings with one file of this text, ``None``: no such file; ``others`` are stronger scopes."""
    folder = home if scope is Scope.USER else Path("/srv/project")
    file = SettingsFile(scope, folder / ".claude" / "settings.json", writable=writable)
    if text is not None:
        file = loaded(replace(file, exists=True, digest="1"), text)
    return merged((*others, file), shell or {})


WELL = settings(WELL_SET)
WRONG = settings(PITFALLS)
BROKEN = settings(NOT_JSON)
NO_FILE = settings(None)

IN_FLIGHT = WireSnapshot(
    1,
    (
        Exchange("7", NOW - 41, Kind.MAIN, "a1b2c3", "main", model="Qwen3.5-27B", attempt=5, sent_bytes=182_000),
        Exchange(
            *("8", NOW - 12, Kind.MAIN, "a1b2c3", "subagent"),
            model="Qwen3.5-27B",
            sent_bytes=49_000,
            first_byte=NOW - 9,
            last_byte=NOW,
            deltas=360,
        ),
        Exchange("9", NOW - 2, Kind.AUXILIARY, "a1b2c3", model="Qwen3.5-27B", sent_bytes=2_400),
    ),
)


def outage(at, length, name="vLLM :8000", **more):
    """Return that a server was down, some seconds from now on."""
    ended = NOW + at + length
    made = Event(Happened.DOWN, name, NOW + at, name, "down", until=ended, total_s=length, seen=ended)
    return replace(made, opened=NOW + at, health=Health.ERROR, **more)


TIMELINE = TimelineSnapshot(
    (
        outage(-90_000, 200.0, cause="its engine died"),
        Event(Happened.GAP, "watching", NOW - 80_000, cause="no panel ran", until=NOW - 50_000, total_s=30_000.0),
        Event(Happened.VERSION, "vLLM", NOW - 7000, "vLLM :8000", was="0.31.1", now="0.32.0"),
        Event(
            Happened.SETTINGS,
            "settings.json",
            NOW - 6000,
            "~/.claude/settings.json",
            "outside the panel",
            "ANTHROPIC_BASE_URL, model",
        ),
        outage(-3000, 12.0, "LiteLLM :4000", count=4),
        Event(
            Happened.FINDING,
            "URL101",
            NOW - 2000,
            "URL101",
            "ends in /v1",
            until=NOW - 1200,
            total_s=800.0,
            health=Health.ERROR,
        ),
        Event(Happened.CANARY, "1", NOW - 600, "Canary", "works: answers, tools, thinking", health=Health.OK),
    ),
    since=NOW - 6000,
)
"""What happened since yesterday."""
