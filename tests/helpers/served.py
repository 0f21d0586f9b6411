"""Servers in a thread for whole commands, and settings of the client that such a server serves."""

import asyncio
import json
import threading
from contextlib import contextmanager

from servers import Reply, serving
from waiting import DEADLINE_S

MODELS = {"object": "list", "data": [{"id": "Qwen3.5-27B", "owned_by": "vllm", "max_model_len": 131072}]}
WITH_MESSAGES = {"_v1_models": Reply(MODELS), "_v1_messages": Reply({"detail": "Method Not Allowed"}, 405)}


@contextmanager
def served(*servers):
    """Serve in a thread, since a command runs a loop of its own; yields the URLs."""
    urls, ready, done = [], threading.Event(), threading.Event()

    async def serve():
        async def nested(left):
            if not left:
                ready.set()
                await asyncio.to_thread(done.wait)
                return
            async with serving(left[0]) as url:
                urls.append(url)
                await nested(left[1:])

        await nested(servers)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(DEADLINE_S)
        yield urls
    finally:
        done.set()
        thread.join(DEADLINE_S)


def client_settings(url, model="Qwen3.5-27B", **more):
    tiers = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": model for tier in ("OPUS", "SONNET", "HAIKU")}
    env = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": "dummy",
        **tiers,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072",
    }
    return json.dumps({"model": "sonnet", "disableAutoMode": "disable", "env": {**env, **more}}, indent=2) + "\n"
