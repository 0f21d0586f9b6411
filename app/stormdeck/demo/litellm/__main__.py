"""``python -m stormdeck.demo.litellm --port PORT --upstream URL``; the master key comes from the environment."""

from __future__ import annotations

import os

from stormdeck.demo.litellm import log
from stormdeck.demo.litellm.app import Proxy
from stormdeck.demo.litellm.upstream import Deployment
from stormdeck.demo.serving import arguments, run


def main() -> None:
    """Serve until the process is ended."""
    parser = arguments("litellm", 14000)
    parser.add_argument("--upstream", default="http://127.0.0.1:18000", help="the simulated vLLM")
    parser.add_argument("--model", default="Qwen3.5-27B")
    parser.add_argument("--config", help="accepted and ignored; the real LiteLLM would read it")
    options = parser.parse_args()
    log.banner((options.model,))
    deployment = Deployment(options.model, f"{options.upstream}/v1/chat/completions", options.speed)
    proxy = Proxy(options.model, os.environ.get("LITELLM_MASTER_KEY", ""), deployment)
    run(proxy.app(), options, announce=True)


main()
