"""The recorder of TABLE.md: each test adds the row that it has seen.

With WRITE_TABLE=1, and all of these tests in one process, TABLE.md is written anew; else each row must stand in it.
"""

import asyncio
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass

import pytest
from deploymenttable import TABLE, row_of, table

import stormdeck.commands.check.servers
import stormdeck.feed.servers
from stormdeck.commands.cli import options_for, parse
from stormdeck.feed.feed import Feed
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.logs.book import LogBook
from stormdeck.model.verdict.ranking import verdict
from stormdeck.paths import user_paths
from waiting import DEADLINE_S

WRITES = bool(os.environ.get("WRITE_TABLE"))
seen = {}


@dataclass
class Looked:
    """What the commands and the panel said of a deployment."""

    code: int
    """Exit code of ``status``."""
    status: dict
    """The document of ``status --json``."""
    check_code: int
    check: dict
    """The document of ``check --json``."""
    panel: str
    """The panel's headline."""
    deck: Deck
    """All that the panel knows."""

    @property
    def state(self):
        return self.status["state"]

    @property
    def headline(self):
        return self.status["headline"]["text"]

    @property
    def codes(self):
        return [one["code"] for one in self.check["findings"]]

    @property
    def hops(self):
        return [(one["name"], one["state"]) for one in self.status["hops"]]


@pytest.fixture
def deployment(home, tmp_path, monkeypatch):
    """Return what looks at a deployment by ``status``, ``check`` and the panel, and records its row.

    ``deployment(name, *flags, panel=None)``: the name is written as a literal in its test file; ``panel`` is a part of
    the panel's headline, if that is meant to differ from the headline of ``status``.
    """

    def look(name, *flags, panel=None):
        code, out, _ = home.run("status", "--no-gpu", "--json", *flags)
        status = json.loads(out)
        check_code, out, _ = home.run("check", "--json", *flags)
        check = json.loads(out)
        found_by = stormdeck.commands.check.servers.discover
        monkeypatch.setattr(stormdeck.feed.servers, "discover", found_by)
        expected = status["headline"]["text"]
        deck = _panel(home, flags, lambda said: said == expected if panel is None else panel in said)
        said = _headline(deck)
        assert said == expected if panel is None else panel in said, f"the panel: {said}\nstatus: {expected}"
        looked = Looked(code, status, check_code, check, said, deck)
        row = row_of(name, looked.state, looked.codes, said, tmp_path)
        seen[name] = row
        assert WRITES or row in TABLE.read_text(encoding="utf-8").splitlines(), f"TABLE.md does not have:\n{row}"
        return looked

    return look


def _panel(home, flags, is_expected):
    """Return what the panel knows when its headline is the expected one, or at the deadline."""
    argv = ["status", "--no-gpu", "--home", str(home.folder), "--project", str(home.project), *flags]
    options = options_for(parse(argv), {}).options
    paths = user_paths({}, home.folder, home.project)

    async def scene():
        deck = Deck(client_version=options.client_version, version_given=options.client_version is not None)
        as_expected = asyncio.Event()

        def apply(snapshot):
            nonlocal deck
            deck = take(deck, snapshot)
            if is_expected(_headline(deck)):
                as_expected.set()

        feed = Feed(options, paths, {}, LogBook(), apply, lambda: None)
        feed.start()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(as_expected.wait(), DEADLINE_S)
        finally:
            await feed.stop()
        return deck

    return asyncio.run(scene())


def _headline(deck):
    return verdict(deck, time.time(), lambda _: "12:00").headline


def pytest_sessionfinish(exitstatus):
    if WRITES and seen and not exitstatus:
        before = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
        TABLE.write_text(table(seen, before), encoding="utf-8")
