"""SERVER: rules about vLLM's command line and version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.model_choice import asked_ids
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.rules.vllm import parsers
from stormdeck.model.rules.vllm.families import SOURCE, family_of, fits
from stormdeck.model.snapshots.probe import Reach
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.urls import host_of, is_loopback, port_of, same_place
from stormdeck.model.versions import below

_USUAL_PORT = "8000"
_AUTO = "--enable-auto-tool-choice"
_PARSER = "--tool-call-parser"
_REASONING = "--reasoning-parser"
_NAME = "--served-model-name"
_SYSTEM_CLIENT = "2.1.154"
_EXAMPLE = "vllm serve Qwen/Qwen3.5-27B --enable-auto-tool-choice --tool-call-parser qwen3_coder"


def option(command: Sequence[str], name: str) -> str | None:
    """Return the value of an option: empty for a switch, ``None`` if it is missing. The last one counts."""
    found = None
    for place, argument in enumerate(command):
        flag, equals, value = argument.partition("=")
        if flag.replace("_", "-") != name:
            continue
        following = command[place + 1] if place + 1 < len(command) else ""
        found = value if equals else "" if following.startswith("-") else following
    return found


def _names(facts: Facts) -> tuple[str, ...]:
    """Return the names of the model, most reliable first: from the command line, then from ``/v1/models``."""
    command = facts.live.command
    named = option(command, "--model")
    served = next((at for at, word in enumerate(command) if word == "serve"), None)
    given = command[served + 1 : served + 2] if served is not None else ()
    positional = next((word for word in given if not word.startswith("-")), "")
    models = facts.live.vllm.models if facts.live.vllm is not None else ()
    found = (named or positional, option(command, "--hf-config-path"), *(model.root for model in models))
    return tuple(name for name in found if name)


def _is_complete(facts: Facts) -> bool:
    """Return whether the command line is complete, that is, no ``--config`` file adds options."""
    return bool(facts.live.command) and option(facts.live.command, "--config") is None


def _finding(
    code: str, severity: Severity, title: str, message: str, path: str, evidence: str = "measured", applies: str = ""
) -> Finding:
    return Finding(code, severity, title, message, path, evidence, applies or None, hop=HopKind.SERVER)


@rule(
    Page(
        code="SERVER901",
        title="vLLM was started without tool calling",
        what="Finds a vLLM command line without --enable-auto-tool-choice or without --tool-call-parser.",
        why=(
            "Claude Code needs tool calls for everything it does. Without these options the model's tool calls arrive "
            "as plain text, or requests are rejected."
        ),
        shown="Tool calls as plain text in the answer, or an endless spinner",
        versions="all versions",
        evidence="report: the article on LiteLLM; docs: vLLM's page on tool calling",
        fix="Start vLLM with both options, and with the parser of the model's family.",
        example=_EXAMPLE,
    )
)
def no_tools(facts: Facts) -> Iterator[Finding]:
    """Find a vLLM that was started without tool calling."""
    if not _is_complete(facts):
        return
    missing = [name for name in (_AUTO, _PARSER) if not _is_given(facts, name)]
    if missing:
        yield _finding(
            "SERVER901",
            Severity.ERROR,
            f"no {' and no '.join(missing)}",
            f"Tool calls arrive as plain text, or requests are rejected. Start vLLM with {' '.join(missing)}"
            f"{' and a parser name' if _PARSER in missing else ''}.",
            missing[0],
            "docs",
        )


def _is_given(facts: Facts, name: str) -> bool:
    value = option(facts.live.command, name)
    return value is not None and (name == _AUTO or bool(value))


@rule(
    Page(
        code="SERVER902",
        title="the tool call parser is for another model family",
        what=(
            "Compares --tool-call-parser and --reasoning-parser with the family of the served model. The family comes "
            "from the model's name or any part of its path, from `root` in /v1/models, or from config.json in the "
            "model's folder."
        ),
        why=(
            "The parser does not recognise the model's tool calls, so they arrive as plain text. Qwen has two "
            "formats; the parser of one passes the other's calls through without an error."
        ),
        shown="Tool calls as plain text in the answer, or an endless spinner",
        versions=f"all versions; parsers of vLLM {parsers.VERSION}",
        evidence=SOURCE,
        fix=(
            "Qwen3-Coder, Qwen3.5 and 3.6: qwen3_coder. Qwen2.5, Qwen3 and QwQ: hermes. Gemma 4: gemma4. Llama 3: "
            "llama3_json. Mistral: mistral. GLM: glm45, glm47. gpt-oss: openai."
        ),
        example=_EXAMPLE,
    )
)
def wrong_parser(facts: Facts) -> Iterator[Finding]:
    """Find a tool call parser of another model family."""
    names = _names(facts)
    family = family_of(names, facts.live.model_type)
    if family is None:
        return
    model = names[0] if names else "such a model"
    parser, reasoning = option(facts.live.command, _PARSER), option(facts.live.command, _REASONING)
    by_template = family.by_template and option(facts.live.command, "--chat-template") is not None
    if parser and not by_template and not fits(parser, family.parsers, parsers.TOOL):
        yield _finding(
            "SERVER902",
            Severity.WARNING,
            f"{parser} does not fit {family.name}",
            f"{family.name} needs {' or '.join(family.parsers[:2])}; with {parser} its tool calls arrive as plain "
            f"text. vLLM was started with {model}.",
            _PARSER,
            "docs",
        )
    if reasoning and family.reasoning and not fits(reasoning, family.reasoning, parsers.REASONING):
        yield _finding(
            "SERVER902",
            Severity.WARNING,
            f"{reasoning} does not fit {family.name}",
            f"{family.name} needs {family.reasoning[0]} as reasoning parser; with {reasoning} its thinking arrives as "
            f"ordinary text. vLLM was started with {model}.",
            _REASONING,
            "docs",
        )


@rule(
    Page(
        code="SERVER903",
        title="vLLM is too old",
        what="Checks the version of a vLLM that Claude Code uses without a proxy.",
        why=(
            "/v1/messages came with 0.11.2, count_tokens with 0.17.1. Claude Code 2.1.154 and later sends system "
            "messages between the others, which vLLM before 0.23 rejects."
        ),
        shown=(
            "API Error: 400 {...}\nBefore 0.11.2: API Error: 404, or There's an issue with the selected model (X). ..."
        ),
        versions="vLLM before 0.11.2, 0.17.1 and 0.23",
        evidence="source: the released wheels; the system role: report, vLLM issue 44000",
        fix="Update vLLM.",
        example="pip install -U vllm",
    )
)
def old_version(facts: Facts) -> Iterator[Finding]:
    """Find a vLLM that is too old for Claude Code."""
    known = facts.live.vllm_version
    if known is None or not facts.live.direct:
        return
    late = not facts.known_version or facts.since(_SYSTEM_CLIENT)
    if below(known, "0.11.2"):
        severity, what = Severity.ERROR, "it has no /v1/messages, which came with 0.11.2: every turn ends in 404"
    elif below(known, "0.23") and late:
        severity, what = (
            Severity.ERROR,
            "it rejects system messages between the others, which Claude Code 2.1.154 and later sends",
        )
    elif below(known, "0.17.1"):
        severity, what = Severity.INFO, "it has no count_tokens, so its log shows 404; turns work"
    else:
        return
    yield _finding("SERVER903", severity, f"vLLM {known} is too old", f"vLLM {known}: {what}.", "version", "source")


@rule(
    Page(
        code="SERVER906",
        title="the served name or port differs from the settings",
        what=(
            "Finds a --served-model-name with a slash that the settings do not have, and a vLLM that listens on "
            "another port than that of ANTHROPIC_BASE_URL."
        ),
        why=(
            "Model ids must match exactly. One article advises against any slash; it does no harm if both sides have "
            "it."
        ),
        shown="There's an issue with the selected model (X). ...",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Copy the served name and the port into the settings.",
        example="vllm serve Qwen/Qwen3.5-27B --served-model-name Qwen3.5-27B --port 8000",
    )
)
def name_or_port(facts: Facts) -> Iterator[Finding]:
    """Find a served name or port that differs from the settings."""
    command = facts.live.command
    name = option(command, _NAME) or ""
    asked = {model for _, model in asked_ids(facts)} if facts.complete else set()
    if "/" in name and facts.live.direct and name not in asked:
        yield _finding(
            "SERVER906",
            Severity.WARNING,
            f"{name} contains a slash",
            f"The settings must contain exactly {name}, and do not; a name without a slash is easier.",
            _NAME,
        )
    url, port = facts.text(BASE_URL), option(command, "--port") or _USUAL_PORT
    if _is_complete(facts) and _leads_elsewhere(facts, url, port):
        yield _finding(
            "SERVER906",
            Severity.WARNING,
            f"listens on port {port}",
            f"vLLM listens on port {port}, but ANTHROPIC_BASE_URL has port {port_of(url)}.",
            "--port",
        )


def _leads_elsewhere(facts: Facts, url: str, port: str) -> bool:
    """Return whether the base URL has another port of this machine, and nothing is known to answer there.

    What answers may be a container with a forwarded port, or a proxy.
    """
    live = facts.live
    answers = live.probe is not None and live.probe.reach is Reach.ANSWERS
    answers = answers or (
        live.vllm is not None and live.vllm.state is ServerState.UP and same_place(live.vllm.url, url)
    )
    if (
        answers
        or live.has_own_network
        or not live.direct
        or facts.proxy_config is not None
        or not is_loopback(host_of(url))
    ):
        return False
    return port.isascii() and port.isdigit() and port_of(url) not in {None, int(port[:6])}


RULES: tuple[Rule, ...] = (no_tools, wrong_parser, old_version, name_or_port)
