"""The folder where the real programs are kept between runs: outside of the checkout, so that fresh clones share it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest


def cache() -> Path:
    """Return the folder, made if it is not there: ``$STORMDECK_REAL_CACHE``, else ``stormdeck-real`` in the user's."""
    named = os.environ.get("STORMDECK_REAL_CACHE")
    folder = Path(named).absolute() if named else Path(_user_cache()) / "stormdeck-real"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _user_cache() -> str:
    return os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock that another run waits for; it ends with the process at the latest."""
    with (cache() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def kept(name: str, build: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, built at its first use.

    ``build`` fills an empty folder beside it, which is renamed once it is whole: what it holds must bear that. Two
    runs at once build it once. What ``build`` raises is passed on, and nothing is left.
    """
    folder = cache() / name
    with locked(name):
        if not folder.is_dir():
            beside = cache() / f"{name}.part"
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir()
            try:
                build(beside)
                beside.rename(folder)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
    return folder


def skip(reason: str) -> NoReturn:
    """Leave a test out; pytest prints the reason at the end of the run."""
    pytest.skip(reason)
