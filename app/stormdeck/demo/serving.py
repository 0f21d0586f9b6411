"""Run one of the demo's servers on a loopback port."""

from __future__ import annotations

import argparse
import logging
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from stormdeck.demo.lifeline import tie_to_parent

HOST = "127.0.0.1"


def arguments(name: str, port: int) -> argparse.ArgumentParser:
    """Return the options that the demo's servers share."""
    parser = argparse.ArgumentParser(prog=f"python -m stormdeck.demo.{name}")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--fd", type=int, help="inherited socket that is already bound to the port")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tied", action="store_true", help="end when the standard input ends")
    return parser


def run(app: Starlette, options: argparse.Namespace, *, announce: bool) -> None:
    """Serve until the process is ended. uvicorn writes the access lines.

    ``announce``: log "Uvicorn running on", which LiteLLM does and vLLM does not (measured).
    """
    if options.tied:
        tie_to_parent()
    # The standard loop and parser: uvloop would be imported for a few requests a second.
    config = uvicorn.Config(app, host=HOST, port=options.port, loop="asyncio", http="h11")
    server = _Server(config, announce)
    server.run(sockets=[_socket(options)])


async def detail(request: Request, error: Exception) -> JSONResponse:
    """Answer 404 and 405 like FastAPI, which both real servers use."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"detail": error.detail}, error.status_code, headers=dict(error.headers or {}))


def without_head(routes: list[BaseRoute]) -> list[BaseRoute]:
    """Remove the HEAD method that Starlette adds to GET routes and FastAPI does not."""
    for route in routes:
        if isinstance(route, Route) and route.methods:
            route.methods.discard("HEAD")
    return routes


def _socket(options: argparse.Namespace) -> socket.socket:
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, options.port))
    return bound


class _Server(uvicorn.Server):
    """A uvicorn that logs its address even when it is given a socket."""

    def __init__(self, config: uvicorn.Config, announce: bool) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._announce and sockets:
            address = sockets[0].getsockname()
            logging.getLogger("uvicorn.error").info(
                "Uvicorn running on http://%s:%d (Press CTRL+C to quit)", address[0], address[1]
            )
