"""The user at the simulated client: one turn after the other, at a calm pace."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from stormdeck.demo.client import settings as settings_file
from stormdeck.demo.client.conductor import Conductor
from stormdeck.demo.client.conversation import Talk
from stormdeck.demo.client.retries import Attempts
from stormdeck.demo.client.sent_log import Ledger
from stormdeck.demo.client.settings import ClientSettings
from stormdeck.demo.client.wire import Result, Wire

FIRST_TURN_S = 1.0
PAUSE_S = (2.0, 5.5)
"""Between two turns; with the turn itself that is one every 4 to 10 s."""
SHORTEST_PAUSE_S = 1.0
AFTER_FAILURE_S = (5.5, 7.0)
"""The user reads the error first; by then the script's fault is over."""
TURN_S = 4.0
"""A turn takes about so long; none is begun that would run into the next fault."""
TURNS_A_SESSION = 14
TITLE_AT_TURN = 5
COUNT_EVERY = 6
"""Turns from one ``count_tokens`` to the next."""
HELPERS = 0.2
"""Share of calm turns with sub-agents."""


@dataclass(slots=True)
class User:
    """Somebody at work."""

    settings: Path
    conductor: Conductor
    rng: random.Random
    speed: float
    pace: float = 1.0
    """How many times faster than life turns follow each other; waits between attempts stay as they are."""
    ledger: Ledger = field(default_factory=lambda: Ledger(None))
    wire: Wire = field(init=False)
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self.wire = Wire()
        self.attempts = Attempts(self.rng, self._pause)

    async def work(self) -> None:
        """Take turns for ever."""
        await self._pause(FIRST_TURN_S)
        while True:
            talk = Talk(self.rng)
            await self._greet()
            while talk.turns < TURNS_A_SESSION:
                fine = await self._next_turn(talk)
                pause = self.rng.uniform(*PAUSE_S) / self.pace if fine else self.rng.uniform(*AFTER_FAILURE_S)
                await self._pause(self._until_next(pause))

    def _until_next(self, pause: float) -> float:
        """Return the pause, changed so that the next turn ends before the next fault or begins with it."""
        calm = self.conductor.seconds_of_calm
        room = calm - TURN_S / self.pace
        return min(pause, room) if room > SHORTEST_PAUSE_S / self.pace else calm

    async def _next_turn(self, talk: Talk) -> bool:
        """Take one turn with the settings of this moment; say whether it was answered.

        Without a place to send to, nothing is sent.
        """
        alone = self.conductor.fault_is_due
        if alone:
            self.conductor.begin_fault()
            await self._pause(0.3)
        settings = settings_file.read(self.settings)
        if not settings.base_url or not settings.token:
            return False
        talk.ask()
        helpers = 0 if alone or self.rng.random() >= HELPERS else self.rng.randint(2, 3)
        fine = await self._turn(talk, settings, helpers)
        if alone:
            return fine
        if talk.turns == TITLE_AT_TURN and not settings.switched_on("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"):
            title = await self.wire.send(settings, talk.id, talk.title_body(settings))
            self.ledger.note("title", title.status)
        if talk.turns % COUNT_EVERY == 0:
            await self.wire.count_tokens(settings, talk.id, talk.count_body(settings))
            self.ledger.note("count_tokens", 0)
        return fine

    async def _turn(self, talk: Talk, settings: ClientSettings, helpers: int) -> bool:
        """Send main requests until an answer calls no more tools; say whether all were answered."""

        async def ask(body: dict[str, Any]) -> Result:
            numbers = count(1)

            async def send(sent: dict[str, Any]) -> Result:
                result = await self.wire.send(settings, talk.id, sent)
                self.ledger.note("main", result.status, next(numbers))
                return result

            return await self.attempts.run(send, body, settings)

        if helpers:
            await asyncio.gather(*(ask(talk.task_body(settings, number)) for number in range(helpers)))
        while True:
            result = await ask(talk.main_body(settings))
            if result.content is None:
                talk.failed()
                return False
            if not talk.answered(list(result.content)):
                return True

    async def _greet(self) -> None:
        settings = settings_file.read(self.settings)
        if settings.base_url and not settings.switched_on("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"):
            await self.wire.hello(settings)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)
