"""Broken stacks: for each, the headline names the right hop, the right rule, and says what it says truly.

The table with its results is TABLE.md beside this file; with WRITE_TABLE=1 it is written anew.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from samples import BROKEN, CALM, GAVE_UP, GPUS, LIVE, NO_FILE, NOW, RECOVERED, gpu
from stacks import (
    ALONE,
    AS_CLAUDE,
    DIRECT,
    LOADING,
    NOT_FOUND,
    SERVED,
    STRAIGHT,
    THROUGH,
    access,
    config,
    deck,
    elsewhere,
    ending_with,
    engine,
    failures,
    lines,
    litellm_error,
    probe,
    proxy,
    recording,
    tail,
    vllm,
    vllm_error,
    yaml,
)
from stormdeck.model.finding import HopKind
from stormdeck.model.snapshots.discovery import Left
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.probe import Reach
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements

TABLE = Path(__file__).with_name("TABLE.md")
CLIENT, VIA, SERVER, CARD, NOBODY = "client", "proxy", "vLLM", "GPU", None
DOWN = "connection refused: nothing listens on port 8000"
UNSERVED = litellm_error("litellm.NotFoundError: NotFoundError: Hosted_vllmException - The model `Q` does not exist.")


@dataclass(frozen=True)
class Stack:
    """One broken stack and what the headline must say of it."""

    snapshots: tuple
    hop: str | None
    code: str | None
    words: str
    health: Health = Health.ERROR
    version: str | None = "2.1.329"

    @property
    def deck(self):
        return deck(*self.snapshots, version=self.version)


def warm_then_cold():
    """Return a vLLM whose prefix cache was warm for two minutes, and cold since the client was updated."""
    warm = [replace(engine(prefix_hit_percent=87.0), seen=NOW - ago) for ago in (300, 240, 180)]
    cold = [replace(engine(prefix_hit_percent=9.0), seen=NOW - ago) for ago in (100, 30)]
    newer = replace(CALM, client_version="2.1.329")
    return (config(), ALONE, replace(CALM, client_version="2.1.112"), *warm, newer, *cold, GPUS)


def timeouts():
    """Return the traffic of a turn that times out again and again, while one turn waits."""
    storm = replace(LIVE, cause="timeout", reason="", next_at=None, last=NOW - 200, started=NOW - 600)
    return replace(CALM, storms=(replace(storm, outcome=GAVE_UP.outcome),), waiting=1)


STACKS = {
    # Nothing there, or not yet.
    "nothing is configured and nothing runs": Stack(
        (NO_FILE, *NOT_FOUND[1:]), SERVER, None, "No vLLM and no proxy found", Health.WARNING
    ),
    "vLLM runs and the client has no settings": Stack(
        (NO_FILE, ALONE, vllm(), GPUS), CLIENT, "URL102", "not set up here yet", Health.WARNING
    ),
    "vLLM loads, its port refuses": Stack(
        (*NOT_FOUND, LOADING, tail("vllm-0.32-crash-at-start.log")), SERVER, None, "is starting", Health.WARNING
    ),
    "vLLM loads, found at the base URL": Stack(
        (*STRAIGHT, vllm(ServerState.STARTING, "pid 4700 runs and is loading")),
        SERVER,
        None,
        "starting",
        Health.WARNING,
    ),
    "nothing answers at the base URL": Stack(
        (*NOT_FOUND, replace(elsewhere(DIRECT, DOWN), beside=()), probe(Reach.REFUSED)),
        SERVER,
        "URL105",
        f"No server answers at {DIRECT}",
    ),
    "a server accepts and never answers": Stack(
        (
            *NOT_FOUND,
            replace(elsewhere(DIRECT, "no complete answer within 3.5 s", ServerState.SILENT), beside=()),
            probe(Reach.SILENT, detail="no complete answer within 3.5 s"),
        ),
        SERVER,
        "URL112",
        "accepts the connection and gives no complete answer within 3.5 s",
    ),
    "a server is late, and the look was short": Stack(
        (*NOT_FOUND, replace(elsewhere(DIRECT, "no complete answer within 0.8 s", ServerState.SILENT), beside=())),
        SERVER,
        None,
        "No answer yet from :8000",
        Health.UNKNOWN,
    ),
    "a known vLLM is late from the first question on": Stack(
        (*STRAIGHT, vllm(ServerState.SILENT, "no complete answer within 3.5 s")),
        SERVER,
        None,
        "No answer yet from :8000",
        Health.UNKNOWN,
    ),
    "vLLM hangs whole: it takes connections and stopped answering": Stack(
        (
            *STRAIGHT,
            vllm(ServerState.STALE, "/health: no complete answer within 3.5 s"),
            probe(Reach.SILENT, detail="no complete answer within 3.5 s"),
        ),
        SERVER,
        "URL112",
        "vLLM at :8000 accepts the connection and gives no complete answer within 3.5 s",
    ),
    "a server of another kind answers at the base URL": Stack(
        (*NOT_FOUND, replace(elsewhere(DIRECT, "answers as Ollama", ServerState.UP), beside=()), probe()),
        SERVER,
        None,
        "is neither vLLM nor a known proxy",
        Health.WARNING,
    ),
    # Death, as its log shows it.
    "vLLM is down": Stack((*STRAIGHT, vllm(ServerState.DOWN, DOWN)), SERVER, "URL105", "vLLM :8000 is down"),
    "the engine was killed": Stack(
        (*STRAIGHT, vllm(ServerState.DOWN, DOWN), tail("vllm-0.32-enginekill.log")),
        SERVER,
        "URL105",
        "is down: its engine crashed",
    ),
    "vLLM was stopped with a stream open": Stack(
        (*STRAIGHT, vllm(ServerState.DOWN, DOWN), tail("vllm-0.32-stopped.log")),
        SERVER,
        "URL105",
        "is down: it was stopped",
    ),
    "the engine did not start": Stack(
        (*STRAIGHT, vllm(ServerState.DOWN, DOWN), tail("vllm-0.32-crash-at-start.log")),
        SERVER,
        "URL105",
        "its engine did not start",
    ),
    "the engine is dead, the rest kept alive": Stack(
        (*STRAIGHT, vllm(ServerState.DEGRADED, "/health says 503: the engine is dead")),
        SERVER,
        "SERVER905",
        "answers no request",
    ),
    "the engine hangs behind a green /health": Stack(
        (*STRAIGHT, vllm(ServerState.DEGRADED, "2 requests run and no token came out for 40 s")),
        SERVER,
        "SERVER905",
        "answers no request",
    ),
    "vLLM stopped answering": Stack(
        (*STRAIGHT, vllm(ServerState.STALE, "/health: no whole answer in time")),
        SERVER,
        None,
        "stopped answering",
        Health.WARNING,
    ),
    "the engine dies and the client retries": Stack(
        (
            *STRAIGHT,
            failures(
                500,
                vllm_error("EngineDeadError: EngineCore encountered an issue. See stack trace (above)."),
                *(9.0, 8.45, 7.4, 5.3),
            ),
        ),
        SERVER,
        "SERVER905",
        "500 from vLLM: EngineCore encountered an issue",
    ),
    # Where the client sends.
    "the base URL ends in /v1": Stack(
        (*STRAIGHT, config({"ANTHROPIC_BASE_URL": f"{DIRECT}/v1"})), CLIENT, "URL101", "ends in /v1"
    ),
    "the base URL is empty": Stack((*STRAIGHT, config({"ANTHROPIC_BASE_URL": ""})), CLIENT, "URL102", "BASE_URL"),
    "the base URL has no scheme": Stack(
        (*STRAIGHT, config({"ANTHROPIC_BASE_URL": "127.0.0.1:8000"})), CLIENT, "URL103", "BASE_URL"
    ),
    "https to a plain port": Stack(
        (*STRAIGHT, config({"ANTHROPIC_BASE_URL": "https://127.0.0.1:8000"}), probe(Reach.PLAIN_HTTP)),
        CLIENT,
        "URL104",
        "plain HTTP",
    ),
    "another port, where nothing listens": Stack(
        (
            *STRAIGHT,
            config({"ANTHROPIC_BASE_URL": "http://127.0.0.1:8001"}),
            probe(Reach.REFUSED, "http://127.0.0.1:8001", elsewhere=DIRECT),
        ),
        CLIENT,
        "URL105",
        "nothing listens there",
    ),
    "another port, known from the search alone": Stack(
        (
            *STRAIGHT,
            config({"ANTHROPIC_BASE_URL": "http://127.0.0.1:8001"}),
            elsewhere("http://127.0.0.1:8001"),
            Left(HopKind.SERVER),
        ),
        SERVER,
        "URL105",
        "No server answers at http://127.0.0.1:8001",
    ),
    "a host whose name does not resolve": Stack(
        (
            *STRAIGHT,
            config({"ANTHROPIC_BASE_URL": "http://gpu-bxo:8000"}),
            probe(Reach.UNRESOLVED, "http://gpu-bxo:8000"),
        ),
        CLIENT,
        "URL105",
        "does not resolve",
    ),
    "a server without /v1/messages": Stack(
        (*STRAIGHT, vllm(version="0.10.2"), probe(kind=ServerKind.VLLM, has_messages=False)),
        CLIENT,
        "URL106",
        "no /v1/messages",
    ),
    # Tokens, at either hop.
    "no token": Stack((*STRAIGHT, config({"ANTHROPIC_AUTH_TOKEN": None})), CLIENT, "AUTH201", "TOKEN"),
    "vLLM refuses the token": Stack(
        (*STRAIGHT, vllm(ServerState.REFUSING, "it refuses our key: 401 on /v1/models")),
        CLIENT,
        "AUTH205",
        "refuses the token",
    ),
    "a key where vLLM wants a token": Stack(
        (
            *STRAIGHT,
            config({"ANTHROPIC_AUTH_TOKEN": None, "ANTHROPIC_API_KEY": "dummy"}),
            probe(kind=ServerKind.VLLM, has_messages=True, credential=401),
        ),
        CLIENT,
        "AUTH202",
        "API_KEY",
    ),
    "LiteLLM does not know the token: 400 No connected db.": Stack(
        (*THROUGH, proxy(ServerState.REFUSING, "the key is not the proxy's master key: it answers 400")),
        CLIENT,
        "AUTH204",
        "LiteLLM :4000 refuses the token",
    ),
    "the same, known from the log alone": Stack(
        (
            *THROUGH,
            failures(
                400,
                "14:01:28 - LiteLLM Proxy:ERROR: auth_exception_handler.py:211 - "
                "litellm.proxy.proxy_server.user_api_key_auth(): Exception occured - No connected db.",
                5,
            ),
        ),
        CLIENT,
        "AUTH204",
        "No connected db",
    ),
    "vLLM refuses the proxy's key (recording)": Stack(
        (*THROUGH, recording("L_401_cooldown_2.1.329", 27)), VIA, "AUTH205", "401 from LiteLLM: Unauthorized"
    ),
    # Models.
    "the id in another case": Stack(
        (*STRAIGHT, config(dict.fromkeys(("ANTHROPIC_DEFAULT_SONNET_MODEL",), "qwen3.5-27b"))),
        CLIENT,
        "MODEL303",
        "`qwen3.5-27b` is not served, did you mean `Qwen3.5-27B`?",
    ),
    "an owner before a slash": Stack(
        (*STRAIGHT, config({"ANTHROPIC_DEFAULT_SONNET_MODEL": f"Qwen/{SERVED}"})), CLIENT, "MODEL304", "served as"
    ),
    "the tier is not mapped": Stack(
        (*STRAIGHT, config({"ANTHROPIC_DEFAULT_SONNET_MODEL": None})), CLIENT, "MODEL301", "SONNET"
    ),
    "a picker row and no mapping": Stack(
        (
            *STRAIGHT,
            config(
                {
                    **{f"ANTHROPIC_DEFAULT_{tier}_MODEL": None for tier in ("SONNET", "OPUS", "HAIKU", "FABLE")},
                    "ANTHROPIC_CUSTOM_MODEL_OPTION": SERVED,
                },
                root={"model": None},
            ),
        ),
        CLIENT,
        "MODEL306",
        "CUSTOM_MODEL_OPTION",
    ),
    "a blank at the end of the id": Stack(
        (*STRAIGHT, config({"ANTHROPIC_DEFAULT_SONNET_MODEL": f"{SERVED} "})),
        CLIENT,
        "MODEL308",
        "ends with a space",
        version="2.1.112",
    ),
    "the model is called default": Stack((*STRAIGHT, config(root={"model": "default"})), CLIENT, "MODEL311", "model"),
    "one request failed: 404 from vLLM": Stack(
        (
            *STRAIGHT,
            failures(404, vllm_error("Error with model error=ErrorInfo(message='The model `Q` does not exist.')"), 4),
        ),
        CLIENT,
        "MODEL303",
        "A request failed just now: 404",
    ),
    "one request failed, the next one passed": Stack(
        (*STRAIGHT, lines((40, access(404, 40001)), (20, access(200, 40002)), log="vllm.log")),
        CLIENT,
        None,
        "A request failed 40 s ago (404 from vLLM); a later one passed",
        Health.WARNING,
    ),
    # Files.
    "the settings are no JSON": Stack((*STRAIGHT, BROKEN), CLIENT, "FILE701", "settings.json line 3"),
    "a key of the wrong type": Stack((*STRAIGHT, config(root={"model": 5})), CLIENT, "FILE702", "`model` must be text"),
    "a variable at the root": Stack(
        (*STRAIGHT, config({"ANTHROPIC_AUTH_TOKEN": None}, root={"ANTHROPIC_AUTH_TOKEN": "dummy"})),
        CLIENT,
        "MODEL307",
        "belongs in env",
    ),
    # Time and context.
    "a timeout in words": Stack(
        (*STRAIGHT, config({"API_TIMEOUT_MS": "10 minutes"})), CLIENT, "TIME501", "API_TIMEOUT_MS"
    ),
    "retries below zero": Stack(
        (*STRAIGHT, config({"CLAUDE_CODE_MAX_RETRIES": "-1"})), CLIENT, "TIME503", "MAX_RETRIES", version="2.1.42"
    ),
    "the first token comes near the timeout": Stack(
        (*STRAIGHT, config({"API_TIMEOUT_MS": "60000"}), engine(ttft_p50_s=20.0, ttft_p95_s=48.0)),
        SERVER,
        "TIME504",
        "The first token takes 48 s, and Claude Code gives up after 60 s",
        Health.WARNING,
    ),
    "the window is smaller than the first prompt": Stack(
        (*STRAIGHT, vllm(window=16384), config({"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "16384"})),
        SERVER,
        "SERVER904",
        "too few for a first prompt",
    ),
    # The proxy.
    "LiteLLM is down": Stack(
        (*THROUGH, proxy(ServerState.DOWN, "connection refused: nothing listens on port 4000")),
        VIA,
        "URL105",
        "LiteLLM :4000 is down",
    ),
    "LiteLLM refuses to start": Stack(
        (
            *THROUGH,
            proxy(ServerState.DOWN, "connection refused: nothing listens on port 4000"),
            ending_with(
                "LiteLLM proxy refused to start: no master key is set, so every request would be accepted without "
                "authentication."
            ),
        ),
        VIA,
        "PROXY801",
        "refuses to start without a master key",
    ),
    "no master key in the YAML": Stack(
        (*AS_CLAUDE, yaml("no-master-key"), proxy(ServerState.DOWN, "connection refused", seen=0.0)),
        VIA,
        "PROXY801",
        "is down: it does not start without a master key",
    ),
    "api_base ends in /v1 under anthropic/": Stack((*AS_CLAUDE, yaml("native-in-v1")), VIA, "PROXY804", "api_base"),
    "no provider before the model": Stack((*AS_CLAUDE, yaml("no-provider")), VIA, "PROXY805", "model"),
    "no model_name takes the id": Stack((*THROUGH, yaml("one-claude-id")), VIA, "PROXY806", "model"),
    "keys without their underscores": Stack((*AS_CLAUDE, yaml("misspelt-keys")), VIA, "PROXY810", "drop"),
    "the YAML does not parse": Stack(
        (*THROUGH, yaml("not-yaml"), proxy(ServerState.DOWN, "connection refused", seen=0.0)), VIA, "PROXY813", "line"
    ),
    "the YAML asks vLLM for another id": Stack((*AS_CLAUDE, yaml("another-served-name")), VIA, "PROXY815", "model"),
    "another id asked of vLLM, known from the log alone": Stack(
        (*THROUGH, failures(404, UNSERVED, 4)),
        SERVER,
        "PROXY815",
        "404 from vLLM: it serves Qwen3.5-27B, LiteLLM asks for Q",
    ),
    "vLLM is dead behind LiteLLM (recording)": Stack(
        (*THROUGH, vllm(ServerState.DOWN, DOWN), recording("L_dead_r4_2.1.112", 30)),
        SERVER,
        None,
        "500 from LiteLLM: cannot connect to localhost:8000",
        version="2.1.112",
    ),
    "a cooldown masks the first error": Stack(
        (
            *THROUGH,
            lines(
                (9.0, UNSERVED, access(404)),
                *(
                    (
                        ago,
                        litellm_error("No deployments available for selected model, cooldown_list=['a']"),
                        access(429),
                    )
                    for ago in (8.45, 7.4, 5.3)
                ),
            ),
        ),
        SERVER,
        "PROXY815",
        "404 from vLLM: it serves Qwen3.5-27B, LiteLLM asks for Q",
    ),
    "LiteLLM refuses fields of the client": Stack(
        (
            *THROUGH,
            failures(
                400,
                litellm_error(
                    "litellm.UnsupportedParamsError: hosted_vllm does not support parameters: ['thinking']. To drop "
                    "these, set litellm.drop_params=True"
                ),
                3,
            ),
        ),
        VIA,
        "PROXY802",
        "does not support parameters",
    ),
    "a late system message behind LiteLLM": Stack(
        (
            *THROUGH,
            failures(400, litellm_error("litellm.BadRequestError: System message must be at the beginning."), 3),
        ),
        VIA,
        None,
        "System message must be at the beginning",
    ),
    "requests that the client has left run on": Stack(
        (*THROUGH, yaml("starts-native"), proxy(in_flight=5), engine(running=4), timeouts()),
        VIA,
        "PROXY811",
        "5 in flight, 1 turn waiting",
        Health.WARNING,
    ),
    # The engine and the cards.
    "vLLM was started without tool calls": Stack(
        (
            *STRAIGHT,
            replace(
                ALONE,
                found=(
                    replace(
                        ALONE.found[0],
                        process=replace(ALONE.found[0].process, command=("vllm", "serve", SERVED, "--port", "8000")),
                    ),
                ),
            ),
        ),
        SERVER,
        "SERVER901",
        "tool",
    ),
    "a client newer than vLLM supports": Stack((*STRAIGHT, vllm(version="0.20.2")), SERVER, "SERVER903", "too old"),
    "the KV cache is full and requests wait": Stack(
        (*STRAIGHT, engine(kv_cache_percent=99.0, waiting=7)),
        SERVER,
        "SERVER907",
        "KV cache 99 %, 7 requests waiting",
        Health.WARNING,
    ),
    "the prefix cache went cold with an update": Stack(
        warm_then_cold(),
        CLIENT,
        "TRAFFIC402",
        "9 % hits with 2.1.329, 87 % before with Claude Code 2.1.112",
        Health.WARNING,
        version=None,
    ),
    "a GPU fell off the bus": Stack(
        (*STRAIGHT, GpuSnapshot(GpuState.OK, gpus=(replace(gpu(1, 0, 0, 0), lost=True, detail="fell off the bus"),))),
        CARD,
        None,
        "GPU 1 (NVIDIA H200) is lost",
    ),
    "the driver stopped answering": Stack(
        (*STRAIGHT, GpuSnapshot(GpuState.LOST, "no answer for 10 s")), CARD, None, "stopped answering"
    ),
    # What is over.
    "a storm that recovered": Stack(
        (*THROUGH, replace(CALM, storms=(replace(RECOVERED, started=NOW - 90, last=NOW - 60),))),
        VIA,
        "PROXY808",
        "Recovered after 7 attempts",
        Health.WARNING,
    ),
    "a storm that the client gave up": Stack(
        (*THROUGH, replace(CALM, storms=(replace(GAVE_UP, started=NOW - 190, last=NOW - 60),))),
        SERVER,
        None,
        "gave up after 11 attempts",
        Health.WARNING,
    ),
}


def ranked(stack):
    return statements(stack.deck, NOW, lambda at: "14:05")


@pytest.mark.parametrize("name", STACKS)
def test_the_headline_names_the_hop_and_the_rule(name):
    stack, first = STACKS[name], ranked(STACKS[name])[0]
    assert (first.hop.value if first.hop else None, first.code, first.health) == (stack.hop, stack.code, stack.health)
    assert stack.words in f"{first.headline} {first.detail}".replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("name", STACKS)
def test_every_statement_says_what_it_rests_on_and_what_to_do(name):
    for one in ranked(STACKS[name]):
        if one.health in {Health.ERROR, Health.WARNING}:
            assert one.evidence, one.headline
            assert one.step, one.headline
        assert all(len(line) <= 38 for line in one.brief.splitlines()), one.brief
        assert one.brief.count("\n") <= 1


def table():
    """Return the table of all stacks with what is said of each."""
    rows = ["| stack | light | hop | rule | headline |", "|---|---|---|---|---|"]
    for name, stack in STACKS.items():
        first = ranked(stack)[0]
        hop = first.hop.value if first.hop else "unknown"
        words = first.headline.replace("\N{NO-BREAK SPACE}", " ").replace("|", "\\|")
        rows.append(f"| {name.strip()} | {first.health.value} | {hop} | {first.code or '–'} | {words} |")
    return "\n".join(rows) + "\n"


def test_the_table_is_up_to_date():
    shown = table()
    if os.environ.get("WRITE_TABLE"):
        TABLE.write_text(shown)
    assert TABLE.read_text() == shown
