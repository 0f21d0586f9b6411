"""Decide what a deployment is: its provider, whether it is a chat model, and whether its server is the user's own."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

from stormdeck.model.litellm import known_models
from stormdeck.model.litellm.config import Deployment, ProxyConfig
from stormdeck.model.litellm.placeholders import is_open
from stormdeck.model.urls import host_of, is_near

_NOT_CHAT_MODE = re.compile(r"embedding|rerank|audio|image|video|moderation|ocr|search|realtime|vector_store|batch")
_NOT_CHAT_NAME = re.compile(
    r"(?i)(?:^|[-_/.])(?:embed(?:ding)?s?|bge|gte|e5|minilm|rerank(?:er)?|whisper|tts|stable-diffusion|sdxl|flux|dall-e"
    r"|kokoro|colbert|jina-(?:embeddings|reranker|clip)|moderation|sora|imagen|speech|piper|parakeet)(?:[-_/.:\d]|$)"
)
_ROUTE = re.compile(r"^(?:responses|chat_completions|converse|invoke|completion)/")
_HOSTED = re.compile(
    r"(?i)(?:gpt-(?!oss)|o\d|chatgpt|claude|text-|dall-e|whisper|tts-|davinci|babbage|computer-use|codex|sora|omni-)"
)
_LOCAL = {"hosted_vllm", "vllm", "ollama", "ollama_chat", "lm_studio", "llamafile", "xinference", "docker_model_runner"}
_OWNERS = {"meta-llama", "mistralai", "deepseek-ai", "google", "microsoft", "unsloth", "qwen", "zai-org", "moonshotai"}
"""Owners of models on Hugging Face that are no providers."""


class Provider(Enum):
    """Whether LiteLLM can place a model."""

    KNOWN = auto()
    """It can, or the file alone does not tell."""
    UNLISTED = auto()
    """Not in the lists, which end with the version in ``known_models.VERSION``."""
    NONE = auto()
    """It cannot, in any version: no provider, or the owner of the model in its place."""


def provider_of(config: ProxyConfig, deployment: Deployment) -> Provider:
    """Return whether LiteLLM finds the provider of a deployment (measured and source, LiteLLM 1.110.2)."""
    model, provider = deployment.model, deployment.provider
    custom = deployment.params.text("custom_llm_provider") if deployment.params is not None else None
    if model == "*" or is_open(custom) or is_open(model) or (not custom and has_known_endpoint(deployment)):
        return Provider.KNOWN
    if provider in known_models.PROVIDERS | known_models.PROMPT_MANAGERS | custom_providers(config):
        return Provider.KNOWN
    if custom:
        return Provider.UNLISTED
    if is_bare_id(model):
        return Provider.KNOWN
    local = is_own_base(deployment.api_base)
    if local and (not provider or provider != provider.lower() or provider in _OWNERS):
        return Provider.NONE
    return Provider.UNLISTED


def custom_providers(config: ProxyConfig) -> frozenset[str]:
    """Return the providers that the file registers with code of its own."""
    node = config.setting("litellm_settings", "custom_provider_map")
    return frozenset(name for one in node or () if (name := one.text("provider")))


def has_known_endpoint(deployment: Deployment) -> bool:
    """Return whether LiteLLM recognises the provider by the ``api_base``."""
    base = deployment.api_base.lower()
    return bool(base) and any(one.split("://")[-1].rstrip("/") in base for one in known_models.ENDPOINTS)


@lru_cache(maxsize=1024)
def is_bare_id(model: str) -> bool:
    """Return whether an id needs no provider."""
    if model in known_models.BARE_IDS or model.startswith("ft:"):
        return True
    return any(re.search(rule, model, re.IGNORECASE) for rule in known_models.ROUTES)


def bare_upstream_id(deployment: Deployment) -> str:
    """Return the id that is requested, without a route such as ``responses/``."""
    return _ROUTE.sub("", deployment.upstream_id)


def is_hosted_model(deployment: Deployment) -> bool:
    """Return whether the id is one of a hosted service."""
    asked = bare_upstream_id(deployment)
    return is_bare_id(asked) or _HOSTED.match(asked) is not None


def is_chat(deployment: Deployment) -> bool:
    """Return whether a deployment answers chats: by ``model_info.mode``, or else by its names."""
    info = deployment.node.get("model_info")
    mode = (info.text("mode") if info is not None else None) or (
        deployment.params.text("mode") if deployment.params is not None else None
    )
    if mode and not is_open(mode):
        return _NOT_CHAT_MODE.search(mode.lower()) is None
    return not any(_NOT_CHAT_NAME.search(name) for name in (deployment.upstream_id, deployment.name))


def is_own_base(base: str) -> bool:
    """Return whether an ``api_base`` is a URL of this machine or a private network."""
    if "://" not in base or is_open(base):
        return False
    host = host_of(base)
    return bool(host) and is_near(host)


def is_own(deployment: Deployment) -> bool:
    """Return whether a deployment leads, or may lead, to a server of the user's own."""
    if deployment.params is None:
        return False
    if deployment.provider in _LOCAL or is_open(deployment.model):
        return True
    base = deployment.params.text("api_base") or deployment.params.text("base_url") or ""
    return is_open(base) or is_own_base(base)
