"""``python -m stormdeck.demo.vllm --port PORT``."""

from __future__ import annotations

from pathlib import Path

from stormdeck.demo.serving import arguments, run
from stormdeck.demo.vllm import log
from stormdeck.demo.vllm.app import Server


def main() -> None:
    """Serve until the process is ended."""
    parser = arguments("vllm", 18000)
    parser.add_argument("serve", nargs="*", help="accepted and ignored: `serve MODEL`, like the real command")
    parser.add_argument("--served-model-name", default="Qwen3.5-27B")
    parser.add_argument("--control", type=Path, help="file with the name of the current fault")
    for name in ("--max-model-len", "--tool-call-parser"):
        parser.add_argument(name, help="accepted and ignored, so that the command line looks real")
    parser.add_argument("--enable-auto-tool-choice", action="store_true")
    options = parser.parse_args()
    log.started(options.served_model_name, options.port)
    server = Server(options.served_model_name, options.port, options.seed, options.speed, options.control)
    run(server.app(), options, announce=False)


main()
