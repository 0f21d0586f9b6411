"""Parse command lines of servers: the kind of server, and the options that a search needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from stormdeck.model.snapshots.server import ServerKind

_INTERPRETER = re.compile(r"(?:python|pypy)[\d.]*|node|bun")
_RUNNER = {"uvicorn", "gunicorn", "hypercorn", "granian"}
_USUAL_PORT = 8000


def kind_of(argv: Sequence[str]) -> ServerKind | None:
    """Return the kind of server that a command line starts, ``None`` for other programs.

    Looks through interpreters: ``python -m vllm...`` is a vLLM; ``tail -f litellm.log`` and ``sh -c "vllm serve"`` are
    not servers, nor are the processes that vLLM spawns (``VLLM::EngineCore``).
    """
    program, rest = _program(argv)
    name = PurePath(program).name
    if name == "vllm":
        return ServerKind.VLLM if rest[:1] == ["serve"] else None
    if program.startswith("vllm.entrypoints.") or program == "stormdeck.demo.vllm":
        return ServerKind.VLLM
    if name == "litellm" or program.startswith("litellm.proxy") or program == "stormdeck.demo.litellm":
        return ServerKind.LITELLM
    if name == "claude-code-proxy" or name == "start_proxy.py":
        return ServerKind.CLAUDE_CODE_PROXY
    if name == "ccr" or "claude-code-router" in PurePath(program).parts:
        return ServerKind.CLAUDE_CODE_ROUTER
    return None


def is_spawned_by_vllm(argv: Sequence[str]) -> bool:
    """Return whether vLLM spawned and renamed the process. An engine's ports are not HTTP and must not be probed."""
    return bool(argv) and argv[0].startswith("VLLM::")


def option(argv: Sequence[str], *names: str) -> str | None:
    """Return the value of an option, ``--name value`` or ``--name=value``; the last one wins, as in argparse."""
    found = None
    for index, argument in enumerate(argv):
        name, equals, value = argument.partition("=")
        if name in names:
            found = value if equals else next(iter(argv[index + 1 : index + 2]), None)
    return found


def port_of(argv: Sequence[str], kind: ServerKind) -> int | None:
    """Return the port by the command line; ``None`` where it may be set elsewhere.

    vLLM also reads it from its ``--config`` file, the others from variables.
    """
    port = option(argv, "--port") or (option(argv, "-p") if kind is not ServerKind.VLLM else None)
    if port is not None and port.isascii() and port.isdigit() and len(port) < 6:
        return int(port)
    usual = kind is ServerKind.VLLM and option(argv, "--config") is None and "stormdeck.demo.vllm" not in argv
    return _USUAL_PORT if usual else None


def listens_otherwise(argv: Sequence[str]) -> str:
    """Return why a server will never listen on a TCP port, in words; empty if it will.

    ``--uds`` and ``--headless`` of vLLM, ``--uds`` of uvicorn (documentation).
    """
    if option(argv, "--uds"):
        return "listens on a Unix socket"
    return "runs without an API of its own (--headless)" if "--headless" in argv else ""


def speaks_tls(argv: Sequence[str]) -> bool:
    """Return whether a server was started with a TLS certificate."""
    return option(argv, "--ssl-certfile", "--ssl_certfile_path") is not None


def _program(argv: Sequence[str]) -> tuple[str, list[str]]:
    """Return the program, or what its interpreter runs, and the arguments after it."""
    if not argv:
        return "", []
    first, rest = argv[0], list(argv[1:])
    name = PurePath(first).name
    if name in _RUNNER:
        return next(
            (argument.partition(":")[0] for argument in rest if ":" in argument and "/" not in argument), ""
        ), rest
    if not _INTERPRETER.fullmatch(name):
        return first, rest
    while rest and rest[0].startswith("-"):
        flag = rest.pop(0)
        if flag == "-m":
            break
        if flag in {"-c", "-e"}:
            return "", []
        if flag in {"-W", "-X"}:
            rest = rest[1:]
    return (rest[0], rest[1:]) if rest else ("", [])
