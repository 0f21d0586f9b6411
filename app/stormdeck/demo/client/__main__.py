"""``python -m stormdeck.demo.client --settings FILE``."""

from __future__ import annotations

import argparse
import asyncio
import random
from pathlib import Path

from stormdeck.demo.client.conductor import Conductor
from stormdeck.demo.client.sent_log import SentLog
from stormdeck.demo.client.user import User
from stormdeck.demo.lifeline import tie_to_parent
from stormdeck.demo.scenario import scenes


def main() -> None:
    """Run turns until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m stormdeck.demo.client")
    parser.add_argument("--settings", type=Path, required=True, help="settings.json, read before each turn")
    parser.add_argument("--control", type=Path, help="file for the current fault; without it there are none")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real time")
    parser.add_argument("--pace", type=float, default=1.0, help="how many times faster turns follow each other")
    parser.add_argument("--ledger", type=Path, help="file to record the requests in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tied", action="store_true", help="end when the standard input ends")
    options = parser.parse_args()
    if options.tied:
        tie_to_parent()
    asyncio.run(_work(options))


async def _work(options: argparse.Namespace) -> None:
    conductor = Conductor(options.control, scenes(), options.speed)
    rng = random.Random(options.seed)  # noqa: S311
    ledger = SentLog(options.ledger)
    await User(options.settings, conductor, rng, options.speed, options.pace, ledger).work()


main()
