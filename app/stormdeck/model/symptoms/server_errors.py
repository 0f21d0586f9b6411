"""Recognise the error texts of vLLM and LiteLLM: which hop is at fault, which rules apply, and what to do.

Measured with vLLM 0.28 and 0.32, LiteLLM 1.80 and 1.109. Proxies and the client quote these texts, so the patterns
match anywhere in a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stormdeck.model.finding import HopKind


@dataclass(frozen=True, slots=True)
class ServerError:
    """One known error text of a server."""

    pattern: str
    """A regular expression; case does not matter."""
    codes: tuple[str, ...]
    """The rules about its causes, the likeliest first."""
    hop: HopKind
    advice: str
    behind: tuple[str, ...] | None = None
    """The rules if a proxy passes the error on from vLLM; ``None``: the same."""
    hop_behind: HopKind | None = None
    """The hop at fault in that case; ``None``: the same."""
    advice_behind: str = ""
    proof: bool = True
    """Whether the text alone proves the first rule; otherwise a finding must confirm it."""

    def codes_at(self, *, proxy: bool) -> tuple[str, ...]:
        """Return the rules, with or without a proxy on the path."""
        return self.behind if proxy and self.behind is not None else self.codes

    def hop_at(self, *, proxy: bool) -> HopKind:
        """Return the hop at fault, with or without a proxy on the path."""
        return self.hop_behind if proxy and self.hop_behind is not None else self.hop

    def advice_at(self, *, proxy: bool) -> str:
        """Return what to do, with or without a proxy on the path."""
        return self.advice_behind if proxy and self.advice_behind else self.advice


def server_error_in(text: str) -> ServerError | None:
    """Return the first known server error in a text, or ``None``.

    >>> server_error_in("500: EngineCore died").codes
    ('SERVER905',)
    """
    text = text[:_LONGEST]
    return next((known for known in _ERRORS if re.search(known.pattern, text, re.IGNORECASE)), None)


def model_in(text: str) -> str | None:
    """Return the model id that a message names: ``selected model (X)``, ``model `X```, ``model=X``."""
    match = re.search(_MODEL, text[:_LONGEST], re.IGNORECASE)
    if match is None:
        return None
    found = next(group for group in match.groups() if group is not None).strip(" .,'\"`")
    return found if found and found.lower() != "x" else None


_LONGEST = 20_000
"""Characters of a text that are searched."""
_MODEL = r"selected model \(([^)]{1,200})\)|model [`'\"‘]([^`'\"’]{1,200})[`'\"’]|\bmodel=([\w./:@\[\]-]{1,200})"


_CLIENT, _PROXY, _SERVER = HopKind.CLIENT, HopKind.PROXY, HopKind.SERVER
_NO_MODEL = "The id that Claude Code asks for is not served. Press 3 to map a served one."
_ERRORS = (
    ServerError(
        r"no deployments available|cooldown",
        ("PROXY808",),
        _PROXY,
        "The proxy is in cooldown and answers without asking vLLM; the error before it is the cause.",
    ),
    ServerError(
        r"engine ?core|engine ?dead|engine (?:loop )?(?:is |has )?(?:dead|died)",
        ("SERVER905",),
        _SERVER,
        "vLLM's engine died; its log has the stack trace. Restart vLLM.",
    ),
    ServerError(
        r"no connected db|authentication error, (?!no api key)",
        ("AUTH204",),
        _CLIENT,
        "The proxy does not know the token. Press 3 and set ANTHROPIC_AUTH_TOKEN to its master key.",
    ),
    ServerError(
        r"no api key passed in",
        ("AUTH201", "AUTH204"),
        _CLIENT,
        "The client sends no token. Press 3 and set ANTHROPIC_AUTH_TOKEN to the proxy's master key.",
    ),
    ServerError(
        r"unauthorized|authentication ?error|(?:invalid|incorrect) api key",
        ("AUTH205", "AUTH202"),
        _CLIENT,
        "The token is refused. Press 3 and set ANTHROPIC_AUTH_TOKEN to the server's key.",
        hop_behind=_PROXY,
        advice_behind="vLLM refuses the key that the proxy sends: api_key in the proxy's YAML is not vLLM's --api-key.",
    ),
    ServerError(
        r"no healthy deployments|llm provider not provided",
        ("PROXY805",),
        _PROXY,
        "The proxy dropped the model when it started: its provider prefix is missing or unknown.",
    ),
    ServerError(
        r"invalid model name passed",
        ("PROXY806", "MODEL301", "MODEL303", "MODEL305"),
        _PROXY,
        "No model_name of the proxy matches the id that Claude Code asks for. Press 3 to map one that does.",
    ),
    ServerError(
        r"model [`'\"‘]?.{0,200}?[`'\"’]? ?does not exist|model_not_found|valid aliases:",
        ("MODEL303", "MODEL304", "MODEL301", "MODEL306"),
        _CLIENT,
        _NO_MODEL,
        ("PROXY815", "MODEL303", "PROXY806"),
        _PROXY,
        "vLLM does not serve the id that the proxy asks it for: litellm_params.model must end in the served name.",
    ),
    ServerError(
        r"does not support parameters|drop_params",
        ("PROXY802",),
        _PROXY,
        "The proxy refuses what the client sends before it asks vLLM: set litellm_settings.drop_params to true.",
    ),
    ServerError(
        r"max_(?:completion_)?tokens\S* (?:cannot|must|is too)",
        ("CTX602", "SERVER904"),
        _CLIENT,
        "The client asks for a longer answer than fits the window. Press 3 and set CLAUDE_CODE_MAX_OUTPUT_TOKENS.",
    ),
    ServerError(
        r"maximum context length|prompt is too long|exceeds? (?:the )?(?:context|model)|reduce the length of the",
        ("CTX601", "SERVER904", "CTX602"),
        _CLIENT,
        "The prompt is longer than the served window. Press 3 and set CLAUDE_CODE_MAX_CONTEXT_TOKENS to it.",
    ),
    ServerError(
        r"system message must be at the beginning",
        ("SERVER903",),
        _SERVER,
        "The model's chat template takes a system message at the beginning only. Update vLLM to 0.24.",
        ("PROXY818", "PROXY807", "SERVER903"),
        _PROXY,
        "Clients from 2.1.154 on send system messages later too, and this template refuses them in chat completions; "
        "anthropic/ without /v1 calls vLLM's own /v1/messages.",
        proof=False,
    ),
    ServerError(
        r"no module named 'vllm'",
        ("PROXY816",),
        _PROXY,
        "vllm/ makes LiteLLM load vLLM itself. For a server write hosted_vllm/ in the proxy's YAML.",
    ),
    ServerError(
        r"input should be 'user'|unexpected (?:message )?role",
        ("SERVER903",),
        _SERVER,
        "This vLLM refuses a system message after the first, which clients from 2.1.154 on send. Update vLLM.",
        ("PROXY807", "SERVER903"),
        _PROXY,
        "The proxy calls another API of vLLM, whose template refuses late system messages; anthropic/ without /v1 "
        "calls vLLM's own /v1/messages.",
        proof=False,
    ),
    ServerError(
        r"extra inputs are not permitted|effort parameter|context_management|output_config",
        ("TRAFFIC403", "PROXY802"),
        _CLIENT,
        "The server refuses fields that this client version adds. Press 3 and set "
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS to 1.",
    ),
    ServerError(
        r"error in extracting tool call|tool parser",
        ("SERVER902", "SERVER901"),
        _SERVER,
        "vLLM's tool parser does not match the model's format: set --tool-call-parser to its family.",
        proof=False,
    ),
    ServerError(
        r"tool choice requires|enable-auto-tool-choice|tool-call-parser",
        ("SERVER901",),
        _SERVER,
        "vLLM was started without tool calls: add --enable-auto-tool-choice and --tool-call-parser.",
    ),
    ServerError(
        r"cannot connect to|connect(?:ion)? (?:error|refused|call failed)|connection attempts failed|apiconnection",
        ("URL105",),
        _SERVER,
        "vLLM cannot be reached. Start it, or wait until it has loaded.",
        ("PROXY804",),
        proof=False,
    ),
    ServerError(
        r"detail\W{1,6}not found|^not found$|/v1/v1/|/responses\b.*not found",
        ("URL101", "URL106"),
        _CLIENT,
        "The server has no such path. Press 3: the base URL ends before /v1.",
        ("PROXY804", "PROXY807", "URL101"),
        _PROXY,
        "The proxy calls a path that vLLM does not have: api_base and provider do not fit.",
        proof=False,
    ),
    ServerError(
        r"timed? ?out|timeout on reading|idle limit",
        ("TIME504", "SERVER905", "TIME501", "TIME502", "SERVER907"),
        _SERVER,
        "Answers take longer than the timeout. Press 1 and look at the first-token time.",
        proof=False,
    ),
    ServerError(
        r"overloaded",
        ("SERVER907",),
        _SERVER,
        "The server has more work than it can take. Press 1 and look at the waiting requests.",
        proof=False,
    ),
)
