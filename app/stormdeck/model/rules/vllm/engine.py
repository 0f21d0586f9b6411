"""SERVER: rules about vLLM's engine."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.rules.client.context import FIRST_PROMPT, served_window
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.snapshots.server import ServerKind, ServerState, is_front_alone


def _finding(code: str, severity: Severity, title: str, message: str, path: str) -> Finding:
    return Finding(code, severity, title, message, path, hop=HopKind.SERVER)


@rule(
    Page(
        code="SERVER904",
        title="the context window is smaller than the first prompt",
        what="Finds a max_model_len below 20 000 tokens.",
        why="Claude Code's system prompt and tools alone need 20 000 tokens or more: not even the first request fits.",
        shown="API Error: 400 {...maximum context length...}",
        versions="all versions; tested against the running server",
        evidence="measured: request bodies of 49 to 78 kB in 2.1.329",
        fix="Start vLLM with a larger --max-model-len; 64k or more is comfortable.",
        example="vllm serve Qwen/Qwen3.5-27B --max-model-len 131072",
    )
)
def tiny_window(facts: Facts) -> Iterator[Finding]:
    """Find a context window that is smaller than the first prompt."""
    served = served_window(facts)
    if served is not None and served < FIRST_PROMPT and not facts.live.is_other_engine:
        yield _finding(
            "SERVER904",
            Severity.ERROR,
            f"{served} tokens are too few for a first prompt",
            f"Claude Code's system prompt and tools need 20 000 tokens or more; the server's window is {served}.",
            "--max-model-len",
        )


@rule(
    Page(
        code="SERVER905",
        title="vLLM answers, but its engine does not work",
        what=(
            "Finds a vLLM that answers while its engine does nothing: requests run and produce no tokens, or /health "
            "answers 503."
        ),
        why=(
            "/health, /v1/models and /metrics answer 200 even while the engine is stopped. Only a timed request shows "
            "the problem."
        ),
        shown="Request timed out",
        versions="all versions; tested against the running server",
        evidence="measured, vLLM 0.32: the engine stopped with SIGSTOP",
        fix="Restart vLLM. If the engine died, vLLM's log has the reason.",
        example="",
    )
)
def hung(facts: Facts) -> Iterator[Finding]:
    """Find an engine that hangs."""
    vllm = facts.live.vllm
    if vllm is None or vllm.kind is not ServerKind.VLLM or is_front_alone(vllm):
        return
    if vllm.state is ServerState.DEGRADED:
        yield _finding("SERVER905", Severity.ERROR, "the engine does not work", f"{vllm.detail}.", "/health")


@rule(
    Page(
        code="SERVER907",
        title="more requests than the KV cache can hold",
        what="Finds a full KV cache while requests wait, and requests that were preempted.",
        why=(
            "Requests wait for space, and preempted requests are computed again from the start. Claude Code times out "
            "and sends them again. Preemptions never appear in vLLM's log."
        ),
        shown="",
        versions="all versions; uses vLLM's metrics of the last minute",
        evidence="measured, vLLM 0.32: the metrics",
        fix=(
            "Use fewer sub-agents at once, a smaller --max-num-seqs, or more memory for the cache "
            "(--gpu-memory-utilization)."
        ),
        example="vllm serve Qwen/Qwen3.5-27B --max-num-seqs 8",
    )
)
def kv_cache_full(facts: Facts) -> Iterator[Finding]:
    """Find an engine whose KV cache is full."""
    engine = facts.live.engine
    if engine is None:
        return
    crowded = engine.crowded
    if not crowded:
        return
    waiting, preemptions = sum(one.waiting for one in crowded), sum(one.preemptions for one in crowded)
    where = f" of engine {', '.join(one.name for one in crowded)}" if engine.engines else ""
    what = f"{preemptions} requests were preempted" if preemptions else f"The KV cache{where} is full"
    yield _finding(
        "SERVER907",
        Severity.WARNING,
        "requests are computed again" if preemptions else "requests wait for cache space",
        f"{what} and {waiting} wait. Slow requests time out and are sent again.",
        "kv_cache_usage",
    )


RULES: tuple[Rule, ...] = (tiny_window, hung, kv_cache_full)
