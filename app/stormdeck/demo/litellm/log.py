"""Write LiteLLM's own log records, in the format of 1.109.1."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from stormdeck.demo.litellm.upstream import CooldownError, UpstreamError

_HERE = Path(__file__).resolve().parent
_HANDLER = (
    "common_request_processing.py:1984 - "
    "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - litellm_call_id="
)
_AUTH = "auth_exception_handler.py:211 - litellm.proxy.proxy_server.user_api_key_auth(): Exception occured - "


def banner(models: tuple[str, ...]) -> None:
    """Write what LiteLLM prints before it listens."""
    sys.stdout.write((_HERE / "banner.txt").read_text(encoding="utf-8"))
    sys.stdout.write("\nLiteLLM: Proxy initialized with Config, Set models:\n")
    sys.stdout.writelines(f"    {model}\n" for model in models)
    sys.stdout.flush()
    _error("LiteLLM Proxy:WARNING", "proxy_server.py:1914 - gc.freeze pinned 736801 startup objects")


def failed(call_id: str, error: UpstreamError, model: str, url: str) -> None:
    """Log a failure that reached the client: the error, a shortened traceback, the error again."""
    group = f"\n{outcome(model)}{_retried(error)}"
    trace = (_HERE / "traceback.txt").read_text(encoding="utf-8")
    for name, value in (
        ("{status_line}", f"{_side(error.status)} error '{error.status} {error.reason}'"),
        ("{status}", str(error.status)),
        ("{error_class}", error.kind),
        ("{text}", error.text),
        ("{url}", url),
    ):
        trace = trace.replace(name, value)
    _error("LiteLLM Proxy:ERROR", f"{_HANDLER}{call_id} - {error.text}\n{group}\n{trace}{group}")


def cooling(call_id: str, error: CooldownError) -> None:
    """Log that no deployment was asked, because the only one is in cooldown."""
    _error("LiteLLM Proxy:ERROR", f"{_HANDLER}{call_id} - {error}")


def bad_request(call_id: str, text: str) -> None:
    """Log a request that the proxy rejected itself."""
    _error("LiteLLM Proxy:ERROR", f"{_HANDLER}{call_id} - {text}")


def no_key() -> None:
    """Log a request without a key: a warning, on standard output (measured)."""
    text = f"{_AUTH}Authentication Error, No api key passed in.\nRequester IP Address:127.0.0.1"
    sys.stdout.write(f"{_now()} - LiteLLM Proxy.stdout:WARNING: {text}\n")
    sys.stdout.flush()


def wrong_key() -> None:
    """Log a request with a wrong key: LiteLLM looks it up in a database that it does not have (measured)."""
    _error("LiteLLM Proxy:ERROR", f"{_AUTH}No connected db.\nRequester IP Address:127.0.0.1")


def outcome(model: str) -> str:
    """Return the sentence that LiteLLM adds to each upstream error."""
    return f"LiteLLM: model group '{model}' failed with the error above. No fallback was attempted."


def _retried(error: UpstreamError) -> str:
    if not error.retries:
        return ""
    return f" LiteLLM Retried: {error.retries} times, LiteLLM Max Retries: {error.retries}"


def _side(status: int) -> str:
    return "Server" if status >= 500 else "Client"


def _error(head: str, text: str) -> None:
    sys.stderr.write(f"{_now()} - {head}: {text}\n")
    sys.stderr.flush()


def _now() -> str:
    return time.strftime("%H:%M:%S")
