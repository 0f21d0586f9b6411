"""Simulate the user of the client: one turn after another, at a calm pace."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from stormdeck.demo.client import settings as settings_file
from stormdeck.demo.client.conductor import Conductor
from stormdeck.demo.client.conversation import Session
from stormdeck.demo.client.retries import RetryPolicy
from stormdeck.demo.client.sent_log import SentLog
from stormdeck.demo.client.settings import ClientSettings
from stormdeck.demo.client.wire import Result, Wire

FIRST_TURN_S = 1.0
PAUSE_S = (2.0, 5.5)
"""Between two turns; with the turn itself that is one every 4 to 10 s."""
SHORTEST_PAUSE_S = 1.0
AFTER_FAILURE_S = (5.5, 7.0)
"""Pause after a failure: the user reads the error, and by then the fault is over."""
TURN_S = 4.0
"""About how long a turn takes; none begins that would still run when the next fault begins."""
TURNS_A_SESSION = 14
TITLE_AT_TURN = 5
COUNT_EVERY = 6
"""Turns between two ``count_tokens`` requests."""
SUBAGENTS = 0.2
"""Share of calm turns with subagents."""


@dataclass(slots=True)
class User:
    """A simulated user."""

    settings: Path
    conductor: Conductor
    rng: random.Random
    speed: float
    pace: float = 1.0
    """How many times faster turns follow each other; waits between attempts are not affected."""
    ledger: SentLog = field(default_factory=lambda: SentLog(None))
    wire: Wire = field(init=False)
    attempts: RetryPolicy = field(init=False)

    def __post_init__(self) -> None:
        self.wire = Wire()
        self.attempts = RetryPolicy(self.rng, self._pause)

    async def work(self) -> None:
        """Run turns endlessly."""
        await self._pause(FIRST_TURN_S)
        while True:
            session = Session(self.rng)
            await self._greet()
            while session.turns < TURNS_A_SESSION:
                answered = await self._next_turn(session)
                pause = self.rng.uniform(*PAUSE_S) / self.pace if answered else self.rng.uniform(*AFTER_FAILURE_S)
                await self._pause(self._until_next(pause))

    def _until_next(self, pause: float) -> float:
        """Adjust a pause so that the next turn either ends before the next fault or begins with it."""
        calm = self.conductor.seconds_of_calm
        room = calm - TURN_S / self.pace
        return min(pause, room) if room > SHORTEST_PAUSE_S / self.pace else calm

    async def _next_turn(self, session: Session) -> bool:
        """Run a turn with the current settings and return whether it was answered.

        Without a base URL and a token, nothing is sent.
        """
        alone = self.conductor.fault_is_due
        if alone:
            self.conductor.begin_fault()
            await self._pause(0.3)
        settings = settings_file.read(self.settings)
        if not settings.base_url or not settings.token:
            return False
        session.ask()
        subagents = 0 if alone or self.rng.random() >= SUBAGENTS else self.rng.randint(2, 3)
        answered = await self._turn(session, settings, subagents)
        if alone:
            return answered
        if session.turns == TITLE_AT_TURN and not settings.switched_on("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"):
            title = await self.wire.send(settings, session.id, session.title_body(settings))
            self.ledger.note("title", title.status)
        if session.turns % COUNT_EVERY == 0:
            await self.wire.count_tokens(settings, session.id, session.count_body(settings))
            self.ledger.note("count_tokens", 0)
        return answered

    async def _turn(self, session: Session, settings: ClientSettings, subagents: int) -> bool:
        """Send main requests until an answer calls no tools, and return whether all were answered."""

        async def ask(body: dict[str, Any]) -> Result:
            numbers = count(1)

            async def send(sent: dict[str, Any]) -> Result:
                result = await self.wire.send(settings, session.id, sent)
                self.ledger.note("main", result.status, next(numbers))
                return result

            return await self.attempts.run(send, body, settings)

        if subagents:
            await asyncio.gather(*(ask(session.task_body(settings, number)) for number in range(subagents)))
        while True:
            result = await ask(session.main_body(settings))
            if result.content is None:
                session.failed()
                return False
            if not session.answered(list(result.content)):
                return True

    async def _greet(self) -> None:
        settings = settings_file.read(self.settings)
        if settings.base_url and not settings.switched_on("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"):
            await self.wire.hello(settings)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)
