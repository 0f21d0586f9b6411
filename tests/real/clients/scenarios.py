"""What real clients are put through: failing servers, and pitfalls of the settings."""

from __future__ import annotations

import json

from claude_code import TIERS, settings_for
from replies import (
    SERVED,
    TOKEN,
    Call,
    Cut,
    Hang,
    Refuse,
    Reset,
    Say,
    cooldown,
    engine_dead,
    malformed,
    overloaded,
)
from scenario import WRITES_ATTEMPTS, Scenario

TOOL = (Call("Bash", {"command": "cat notes.txt"}), Say("It rains."))
FEW = {"CLAUDE_CODE_MAX_RETRIES": "2"}
HASTY = {"API_TIMEOUT_MS": "2000"}


def _with_v1(url: str) -> dict:
    return settings_for(f"{url}/v1")


BLIND = "the client writes down its answer only, and the failed attempts left no line"
_IN_A_TERMINAL = (
    Scenario("in a terminal: plain turn", terminal=True),
    Scenario("in a terminal: 500 twice", (engine_dead(), engine_dead(), Say()), terminal=True, retries=2, late=1),
    Scenario("in a terminal: reset twice", (Reset(), Reset(), Say()), terminal=True, retries=2, unseen=True),
    Scenario(
        "in a terminal: hang, then an answer",
        (Hang(), Say()),
        HASTY,
        terminal=True,
        retries=1,
        unseen=True,
    ),
)
"""Up to 2.1.112 only these sessions write down their retries (facts/claude-code.md 3)."""
SCENARIOS = (
    Scenario("plain turn", quick=True),
    Scenario("tool turn", TOOL, arguments=("--allowedTools", "Bash")),
    Scenario("turn in a git project", git=True),
    Scenario("500 twice, then an answer", (engine_dead(), engine_dead(), Say()), retries=2, quick=True),
    Scenario(
        "500 three times in the middle of a tool turn",
        (TOOL[0], *[engine_dead()] * 3, Say()),
        arguments=("--allowedTools", "Bash"),
        retries=3,
        late=1,
    ),
    Scenario("500 always", (engine_dead(),), FEW, retries=2, cause="SERVER905"),
    Scenario(
        "500 always, each on a new connection",
        (Refuse(500, "Internal Server Error", {"connection": "close"}),),
        FEW,
        retries=2,
        slack=2,
        cause="SERVER905",
    ),
    Scenario("529 always", (overloaded(),), FEW, retries=2, cause="SERVER907"),
    Scenario("429 twice, then an answer", (cooldown(), cooldown(), Say()), retries=2),
    Scenario(
        "429 with retry-after, then an answer", (cooldown(retry_after="1"), cooldown(retry_after="1"), Say()), retries=2
    ),
    Scenario("429 with a long retry-after", (cooldown(retry_after="90"), Say()), since="2.1.112", retries=0),
    Scenario("429 always", (cooldown(),), FEW, retries=2, cause="PROXY808"),
    Scenario("400", (malformed(),), FEW, retries={"2.1.42": 0, "2.1.329": 5}, cause="TRAFFIC403"),
    Scenario(
        "reset twice, then an answer",
        (Reset(), Reset(), Say()),
        retries=2,
        unseen=True,
        shown_since=WRITES_ATTEMPTS,
        why=BLIND,
    ),
    Scenario("reset always", (Reset(),), FEW, retries=2, unseen=True, slack=1, cause="SERVER905"),
    Scenario(
        "cut once, then an answer",
        (Cut(), Say()),
        retries=1,
        unseen=True,
        shown_since=WRITES_ATTEMPTS,
        why="the cut answer has a line with 200, as an auxiliary request has",
    ),
    Scenario(
        "hang, then an answer",
        (Hang(), Say()),
        HASTY,
        retries=1,
        unseen=True,
        shown_since=WRITES_ATTEMPTS,
        why=BLIND,
    ),
    Scenario("hang always", (Hang(),), HASTY | FEW, retries=2, unseen=True, slack=1, cause="SERVER905"),
    Scenario("base URL with /v1", settings=_with_v1, retries=1, late=1, cause="URL101", finding="URL101", quick=True),
    Scenario(
        "model that is not served",
        variables={"ANTHROPIC_MODEL": "Qwen3.5-72B"},
        retries=1,
        late=1,
        cause="MODEL303",
        finding="MODEL303",
        quick=True,
    ),
    Scenario(
        "model in another case",
        variables={"ANTHROPIC_MODEL": SERVED.lower()},
        retries=1,
        late=1,
        cause="MODEL303",
        finding="MODEL303",
    ),
    Scenario(
        "tiers not mapped",
        variables=dict.fromkeys(TIERS),
        retries=1,
        late=1,
        cause="MODEL301",
        finding="MODEL301",
    ),
    Scenario("no token", variables={"ANTHROPIC_AUTH_TOKEN": None}, cause="AUTH201", finding="AUTH201"),
    Scenario("wrong token", variables={"ANTHROPIC_AUTH_TOKEN": "sk-other", **FEW}, retries=2, cause="AUTH205"),
    Scenario(
        "settings with a trailing comma",
        settings=lambda url: json.dumps(settings_for(url)).replace("}}", ",}}"),
        cause="FILE701",
        finding="FILE701",
    ),
    Scenario(
        "variables at the root", settings=lambda url: settings_for(url)["env"], cause="AUTH201", finding="MODEL307"
    ),
    Scenario(
        "timeout in words",
        (Hang(),),
        {"API_TIMEOUT_MS": "10 minutes", **FEW},
        counted=False,
        cause="TIME501",
        finding="TIME501",
    ),
    Scenario(
        "retries in words",
        (engine_dead(), Say()),
        {"CLAUDE_CODE_MAX_RETRIES": "abc"},
        retries={"2.1.42": 0, "2.1.112": 1},
        cause={"2.1.42": "TIME503", "2.1.112": ""},
        finding="TIME503",
    ),
    Scenario(
        "base URL without a scheme",
        settings=lambda url: settings_for(url.removeprefix("http://")),
        retries=0,
        cause="URL103",
        finding="URL103",
    ),
    Scenario(
        "blank after the id",
        settings=lambda url: settings_for(url, **dict.fromkeys(TIERS, f"{SERVED} ")) | {"model": "sonnet"},
        before="2.1.329",
        retries=1,
        late=1,
        cause="MODEL308",
        finding="MODEL308",
    ),
    Scenario(
        "custom option alone",
        variables=dict.fromkeys(TIERS) | {"ANTHROPIC_CUSTOM_MODEL_OPTION": SERVED},
        since="2.1.112",
        retries=1,
        late=1,
        cause="MODEL306",
        finding="MODEL306",
    ),
    Scenario(
        "default as the model",
        settings=lambda url: settings_for(url) | {"model": "default"},
        retries=1,
        late=1,
        cause="MODEL311",
        finding="MODEL311",
    ),
    Scenario(
        "a key in the place of the token",
        variables={"ANTHROPIC_AUTH_TOKEN": None, "ANTHROPIC_API_KEY": TOKEN, **FEW},
        retries=2,
        cause="AUTH202",
        finding="AUTH202",
    ),
    Scenario(
        "nothing listens",
        variables={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", **FEW},
        counted=False,
        cause="URL105",
        finding="URL105",
    ),
    Scenario("/context", prompt="/context", quick=True),
    Scenario("/context of a server that cannot count", prompt="/context", counts_tokens=False),
    *_IN_A_TERMINAL,
)
