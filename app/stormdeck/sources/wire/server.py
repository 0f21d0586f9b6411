"""Listen on a loopback port, and run the recorder until it is stopped."""

from __future__ import annotations

import asyncio
import select
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from stormdeck.model.wire.exchange import Exchange
from stormdeck.sources.io.background import call_in_loop
from stormdeck.sources.wire.target import Target

_START_LATER_S = 0.25
"""Seconds until the libraries are imported if no client connects: one that only prints its version needs none."""
_IDLE_S = 3600
"""A kept connection is closed by the server or the client, as without the recorder."""
_BACKLOG = 1024
_HEADERS_BYTES = 1024 * 1024


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return a listening socket; clients that connect now wait until ``serve`` runs. Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop, which needs half of the CPU; the standard one where it is not installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


class RecorderServer:
    """Run the recorder in a thread with an event loop of its own.

    >>> server = RecorderServer(listen(), lambda: target_of("http://127.0.0.1:8000", context), print)
    >>> server.start()
    >>> server.stop()
    """

    def __init__(
        self, listening: socket.socket, target: Callable[[], Target], note: Callable[[Exchange], None]
    ) -> None:
        self._listening = listening
        self._target = target
        self._note = note
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Start the thread. Libraries are imported there: connections wait for them."""
        self._thread.start()

    def wait_ready(self, seconds: float) -> bool:
        """Return whether it answers, after at most some seconds."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """End all connections and the thread; one that still imports ends by itself."""
        self._is_stopped.set()
        if self._ready.is_set() and self._loop is not None and self._stop is not None:
            call_in_loop(self._loop, self._stop.set)
            self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        # Signals go to the main thread, which may sleep in a system call: one that this thread got would not wake it.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self._wait_for_client()
        if not self._is_stopped.is_set():
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve())

    def _wait_for_client(self) -> None:
        """Wait until a client connects or a moment has passed."""
        with suppress(OSError, ValueError):
            select.select([self._listening], [], [], _START_LATER_S)

    async def _serve(self) -> None:
        import uvicorn

        from stormdeck.sources.wire.recorder import Recorder

        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if self._is_stopped.is_set():
            return
        recorder = Recorder(self._target(), self._note)
        config = uvicorn.Config(
            recorder,
            interface="asgi3",
            http=recorder.connections.protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_S,
            h11_max_incomplete_event_size=_HEADERS_BYTES,
        )
        config.load()
        protocol = config.http_protocol_class
        state = uvicorn.server.ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: protocol(config=config, server_state=state, app_state={}),  # type: ignore[call-arg]
            sock=self._listening,
            backlog=_BACKLOG,
        )
        self._ready.set()
        await self._stop.wait()
        server.close()
        await recorder.connections.close_all()
        for task in state.tasks:
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        await recorder.aclose()
