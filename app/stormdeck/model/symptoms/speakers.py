"""Recognise which program wrote an error text, by words and shapes that only it uses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stormdeck.model.symptoms.server_errors import unescaped


@dataclass(frozen=True, slots=True)
class Speaker:
    """One program, and what only it writes."""

    name: str
    pattern: str
    """A regular expression; case does not matter."""


SPEAKERS: tuple[Speaker, ...] = (
    Speaker(
        "LiteLLM", r"\blitellm[._ ]|litellm_|no connected db|received model group|exceededbudget|invalid model name"
    ),
    Speaker("the hosted API", r"\breq_01[0-9a-z]{6,}|invalid bearer token|invalid x-api-key|console\.anthropic\.com"),
    Speaker("Amazon Bedrock", r"bedrock|unrecognizedclientexception|security token included in the request"),
    Speaker("Google Cloud", r"googleapis|vertex ?ai|vertexai|\bpermission_denied\b"),
    Speaker("Azure", r"azure|invalid subscription key|deploymentnotfound"),
    Speaker("Cloudflare", r"\bcloudflare\b|error code:? 52\d|cf-ray"),
    Speaker("nginx", r"\bnginx\b|openresty|client_max_body_size"),
    Speaker("haproxy", r"\bhaproxy\b|no server is available to handle"),
    Speaker("Envoy", r"upstream connect error|no healthy upstream|upstream request timeout"),
    Speaker("llama-server", r"exceed_context_size|available context size|\bn_ctx\b|requires --jinja|unavailable_error"),
    Speaker("Ollama", r"\bollama\b|try pulling it|llama runner process|does not support (?:tools|thinking)"),
    Speaker(
        "SGLang", r"\bsglang\b|input \(\d+ tokens\) is longer than the model|\W object\W+error\W.{0,400}badrequesterror"
    ),
    Speaker(
        "vLLM",
        r"\bvllm\b|engine ?core|valid aliases:|\bnotfounderror\b"
        r"|\bbadrequesterror\b|max_model_len|the model `[^`]+` does not"
        r"|validation errors?:|error\W{1,4}unauthorized|detail\W{1,6}not found",
    ),
)


def speaker_in(text: str) -> str:
    """Return the program whose words a text has, the outermost first, or an empty text."""
    plain = unescaped(text)
    return next((one.name for one in SPEAKERS if re.search(one.pattern, plain, re.IGNORECASE)), "")
