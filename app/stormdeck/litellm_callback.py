"""Note each request of a LiteLLM proxy for stormdeck: ``callbacks: stormdeck.litellm_callback.wire``.

LiteLLM tells its callbacks neither that a client left nor what a stream became, so the callback itself does nothing:
it puts the middleware around the proxy that loads it, which is measured with 1.80.5, 1.109.1 and 1.110.2.
"""

from __future__ import annotations

import sys
from typing import Protocol, cast

from litellm.integrations.custom_logger import CustomLogger

from stormdeck.middleware import App, Wire
from stormdeck.model.wire.hop import Hop

_PROXY = "litellm.proxy.proxy_server"


class _Application(Protocol):
    """What is used of LiteLLM's application, which is Starlette's."""

    middleware_stack: App | None
    """``None`` until the application starts."""

    def add_middleware(self, middleware_class: type[Wire], *, hop: Hop) -> None: ...


class _Callback(CustomLogger):  # type: ignore[misc]
    """A callback without any call."""


def _put_around(app: _Application) -> None:
    """Put the middleware around an application, which may run already; once."""
    stack = app.middleware_stack
    if stack is None:
        app.add_middleware(Wire, hop=Hop.PROXY)
    elif type(stack).__qualname__ != Wire.__qualname__:
        app.middleware_stack = Wire(stack, Hop.PROXY)


_app = getattr(sys.modules.get(_PROXY), "app", None)
if _app is not None:
    _put_around(cast("_Application", _app))
wire = _Callback()
