"""Import one module of a library without the rest of it."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from threading import Lock

_LOCK = Lock()


def import_without_package(name: str) -> None:
    """Import a module, but not the ``__init__`` of its package, which imports what a panel never uses.

    ``prometheus_client`` brings an HTTP server and ``watchfiles`` multiprocessing: 1.5 MiB together (measured).
    ``from NAME import ...`` finds the module afterwards; an ``import`` of the whole package still works.
    """
    package = name.partition(".")[0]
    with _LOCK:
        if name in sys.modules or package in sys.modules:
            return
        spec = find_spec(package)
        if spec is None:
            return  # the import that follows reports it
        sys.modules[package] = module_from_spec(spec)
        try:
            import_module(name)
        finally:
            del sys.modules[package]
