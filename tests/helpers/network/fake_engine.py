"""An Engine API on a Unix socket, with containers that a test starts, stops, removes and lets write.

Its answers have the shapes of dockerd 20.10 and podman 4.3; ``make test-docker`` asks the real ones.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def stamp(t: float) -> str:
    whole, fraction = divmod(round(t * 1e9), 10**9)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def frame(payload: bytes, stream: int = 1) -> bytes:
    return struct.pack(">BxxxI", stream, len(payload)) + payload


class FakeContainer:
    """One container. Its messages are (time, stream, bytes), as a log driver stores them."""

    def __init__(self, name: str, number: int, **inspected: Any) -> None:
        self.name = name
        self.id = f"{number:064x}"
        self.tty = bool(inspected.pop("tty", False))
        self.labels = inspected.pop("labels", {})
        self.running = True
        self.removed = False
        self.messages: list[tuple[float, int, bytes]] = []
        self.state: dict[str, Any] = {}
        self.more = inspected
        self.now = 0.0
        """The time of the next message; 0: now."""

    def write(self, text: str, stream: int = 1, t: float | None = None) -> None:
        self.messages.append((t if t is not None else time.time(), stream, text.encode()))

    def inspected(self) -> dict[str, Any]:
        state = {"Status": "running" if self.running else "exited", "ExitCode": 0, "OOMKilled": False} | self.state
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Path": "vllm",
            "Args": ["serve", "Qwen3.5-27B"],
            "State": state,
            "RestartCount": 0,
            "Config": {"Tty": self.tty, "Labels": self.labels, "Image": "stack"},
            "NetworkSettings": {"Ports": {}, "Networks": {"stack_default": {}}},
            "HostConfig": {"NetworkMode": "stack_default"},
        } | self.more


class FakeEngine:
    """The API. ``fails`` maps a word in a path to (status, message); ``mute`` lets every request hang."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.containers: list[FakeContainer] = []
        self.asked: list[str] = []
        self.fails: dict[str, tuple[int, str]] = {}
        self.mute = False
        self.cut_after: int | None = None
        """Close a log stream after so many messages, in the middle of the next frame."""
        self._stopped = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def add(self, name: str, **inspected: Any) -> FakeContainer:
        container = FakeContainer(name, len(self.containers) + 0xABC0, **inspected)
        self.containers.append(container)
        return container

    def remove(self, container: FakeContainer) -> None:
        container.running, container.removed = False, True

    def stop(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            data = b""
            while not self._stopped.is_set():
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    data += piece
                head, _, data = data.partition(b"\r\n\r\n")
                if not self._answer(connection, head.split(b" ")[1].decode()):
                    return

    def _answer(self, connection: socket.socket, target: str) -> bool:
        """Answer one request; return whether the connection can be used again."""
        self.asked.append(target)
        while self.mute and not self._stopped.is_set():
            time.sleep(0.01)
        failed = next((found for word, found in self.fails.items() if word in target), None)
        if failed is not None:
            return self._reply(connection, {"message": failed[1]}, failed[0])
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        words = [unquote(word) for word in parts.path.split("/") if word]
        if words == ["containers", "json"]:
            return self._reply(connection, self._listed(query))
        container = self._find(words[1])
        if container is None:
            return self._reply(connection, {"message": f"No such container: {words[1]}"}, 404)
        if words[2] == "json":
            return self._reply(connection, container.inspected())
        self._log(connection, container, query)
        return False

    def _find(self, name: str) -> FakeContainer | None:
        known = [one for one in self.containers if not one.removed]
        return next((one for one in known if one.name == name or one.id.startswith(name)), None)

    def _listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = dict(label.split("=", 1) for label in json.loads(query["filters"]).get("label", []))
        return [
            {"Id": one.id, "Names": [f"/{one.name}"], "State": "running" if one.running else "exited", "Created": at}
            for at, one in enumerate(self.containers)
            if not one.removed and wanted.items() <= one.labels.items()
        ]

    def _log(self, connection: socket.socket, container: FakeContainer, query: dict[str, str]) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent, since = 0, float(query["since"])
        while not self._stopped.is_set():
            running = container.running and query["follow"] == "1"
            while sent < len(container.messages):
                t, stream, text = container.messages[sent]
                if t >= since:
                    line = f"{stamp(t)} ".encode() + text
                    data = line if container.tty else frame(line, stream)
                    if self.cut_after is not None and sent >= self.cut_after:
                        self._chunk(connection, data[: len(data) // 2])
                        return
                    self._chunk(connection, data)
                sent += 1
            if not running:
                connection.sendall(b"0\r\n\r\n")
                return
            time.sleep(0.005)

    def _chunk(self, connection: socket.socket, data: bytes) -> None:
        connection.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _reply(self, connection: socket.socket, body: object, status: int = 200) -> bool:
        text = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        connection.sendall(head.encode() + text)
        return True
