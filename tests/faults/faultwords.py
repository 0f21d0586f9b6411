"""The panel's sentences for snapshots, and shortages (descriptors, disk) to test them with."""

import contextlib
import os
import resource
from dataclasses import replace
from pathlib import Path

from samples import NOW
from stacks import DIRECT, STRAIGHT, deck
from stormdeck.model.snapshots.server import VllmSnapshot
from stormdeck.model.verdict.ranking import verdict


def headline(*snapshots):
    """Return the verdict in one line for a stack on which all is well but for these snapshots."""
    first = verdict(deck(*STRAIGHT, *map(_placed, snapshots)), NOW, lambda at: "14:05")
    return " · ".join(words for words in (first.headline, first.detail) if words)


def _placed(snapshot):
    """Return a snapshot as if it were of the server where the settings lead."""
    if not isinstance(snapshot, VllmSnapshot):
        return snapshot
    return replace(snapshot, url=DIRECT, models=tuple(replace(one, max_model_len=131072) for one in snapshot.models))


@contextlib.contextmanager
def limited(what, most):
    """Lower a limit of this process for a while: the size of files, or the number of descriptors."""
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


def full_disk(most=0):
    """Let every write to a file fail that makes it larger than this."""
    return limited(resource.RLIMIT_FSIZE, most)


def descriptors():
    """Return the open file descriptors of this process."""
    return {int(one.name) for one in Path("/proc/self/fd").iterdir()}


@contextlib.contextmanager
def no_descriptors():
    """Let every opening of a file or a connection fail."""
    filler = []
    with limited(resource.RLIMIT_NOFILE, max(descriptors()) + 2):
        with contextlib.suppress(OSError):
            while True:
                filler.append(os.open(os.devnull, os.O_RDONLY))
        try:
            yield
        finally:
            for one in filler:
                os.close(one)
