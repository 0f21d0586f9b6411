"""Follow the log of a container by the Engine API, through restarts and new containers of the same name or service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import ContainerLog
from stormdeck.model.snapshots.containers import ContainerFacts, ContainerState
from stormdeck.sources.containers.endpoints import endpoints
from stormdeck.sources.containers.engine_api import EngineApi, EngineError
from stormdeck.sources.containers.facts import facts_of, has_terminal
from stormdeck.sources.containers.lookup import AmbiguousError, find_container
from stormdeck.sources.logs.places.delivery import LIVE, Span
from stormdeck.sources.logs.places.frames import FramedLines, RawLines
from stormdeck.sources.logs.places.source import COMPLETE, Ended, Receiver, StreamedLog

FACTS_S = 3.0
"""Between two looks at the container while its log is followed: health, restarts, and whether its API still answers."""


class ContainerSource(StreamedLog):
    """Follow one container."""

    longest_wait_s = 4.0
    """Short: a container that is started again serves within seconds."""

    def __init__(self, spec: ContainerLog, to: Receiver, name: str = "", span: Span = LIVE) -> None:
        super().__init__(spec, to, name, span)
        self._wanted = spec
        self._facts: ContainerFacts | None = None
        self._id = ""
        """The container that was read last."""

    async def read(self) -> Ended:
        """Read the log of the container that has the name now, until it ends."""
        places = endpoints(self._wanted.runtime, os.environ)
        ended = Ended(LogState.WAITING, f"{self.name}: {places.why}")
        denied = False
        for endpoint in places.found:
            try:
                async with EngineApi(endpoint) as api:
                    found = await find_container(api, self._wanted.container, self._service)
                    if found is not None:
                        return await self._read(api, found)
            except EngineError as error:
                denied = denied or error.denied
                state = LogState.NO_PERMISSION if error.denied else LogState.FAILED
                ended = Ended(state, f"{self.name}: {error}")
            except AmbiguousError as error:
                ended = Ended(LogState.FAILED, f"{self.name}: {error}")
            else:
                # It may be in the runtime that this user may not ask.
                ended = ended if denied else Ended(LogState.WAITING, self._absent())
        return ended

    @property
    def _service(self) -> tuple[str, str]:
        return (self._facts.project, self._facts.service) if self._facts is not None else ("", "")

    def _absent(self) -> str:
        was = "was removed" if self._id else "does not exist"
        if self._facts is not None and self._facts.state is not ContainerState.REMOVED:
            self._facts = replace(self._facts, state=ContainerState.REMOVED)
            self.to.on_facts(self._facts)
        return f"{self.name}: the container {was}; it is followed once it is there"

    async def _read(self, api: EngineApi, found: dict[str, Any]) -> Ended:
        facts = self._note(found)
        if not facts.id:
            return Ended(LogState.FAILED, f"{self.name}: what answers at {api.endpoint} is no Engine API")
        if facts.id != self._id:
            is_first, self._id = not self._id, facts.id
            self.delivery.reopen(same=False)
            # All that a new container has written is news.
            since = self.delivery.since if is_first else 0.0
        else:
            since = self.delivery.since
        watch = asyncio.create_task(self._watch(api, facts.id))
        try:
            async with api.log(facts.id, since, follow=self.span.follow) as stream:
                if facts.is_running:
                    self.report(LogState.FOLLOWING)
                await self._lines(stream, FramedLines() if not has_terminal(found) else RawLines())
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        if not self.span.follow:
            return COMPLETE
        again = await find_container(api, facts.id)
        if again is None:
            return Ended(LogState.WAITING, self._absent())
        facts = self._note(again)
        if facts.is_running:
            # It was started again before this question.
            return COMPLETE
        ended = facts.ending or f"is {facts.state}"
        return Ended(LogState.WAITING, f"{self.name}: the container {ended}; it is followed once it runs")

    async def _lines(self, stream: AsyncIterator[bytes], lines: FramedLines | RawLines) -> None:
        async for data in stream:
            if read := list(lines.feed(data)):
                self.take(read)
            else:
                self.touch()
        self.take(list(lines.end()))

    async def _watch(self, api: EngineApi, container: str) -> None:
        """Look at the container now and then, and say so where its API stops to answer."""
        while True:
            await asyncio.sleep(FACTS_S)
            try:
                found = await api.inspect(container)
            except EngineError as error:
                self.report(LogState.FOLLOWING, f"{self.name}: {error}")
                continue
            if found is not None and self._note(found).is_running:
                self.report(LogState.FOLLOWING)

    def _note(self, found: dict[str, Any]) -> ContainerFacts:
        facts = facts_of(self._wanted.runtime, found)
        if facts != self._facts and facts.id:
            self._facts = facts
            self.to.on_facts(facts)
        return facts
