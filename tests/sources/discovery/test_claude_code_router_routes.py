"""Where a claude-code-router of this machine sends its requests, by its configuration."""

import asyncio
import json

import pytest

from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.upstream import claude_code_router_routes

OWNER = ServerProcess(7, "node", ("node", "claude-code-router"), 1, None, "", ServerKind.CLAUDE_CODE_ROUTER)
PROVIDERS = [
    {"name": name, "api_base_url": f"http://127.0.0.1:{port}/v1/chat/completions"}
    for name, port in (("first", 8000), ("second", 8001))
]
PLAIN = json.dumps({"Providers": PROVIDERS, "Router": {"default": "second,q", "background": "first,q"}})
JSON5 = """
{
  // my servers
  Providers: [
    { name: 'first', "api_base_url": "http://127.0.0.1:8000/v1/chat/completions", },
    { name: 'second', "api_base_url": "http://127.0.0.1:8001/v1/chat/completions" }, /* the big one */
  ],
  Router: { default: "second,q", background: "first,q" },
}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("stormdeck.sources.discovery.upstream.home_of", lambda process: tmp_path)
    own = tmp_path / ".claude-code-router"
    own.mkdir()
    return own


def routes():
    return asyncio.run(claude_code_router_routes(OWNER))


@pytest.mark.parametrize("text", [PLAIN, JSON5], ids=["JSON", "JSON5"])
def test_it_leads_to_the_provider_of_the_tier(folder, text):
    """Version 2 reads its file as JSON5 (run, 2.0.0)."""
    (folder / "config.json").write_text(text)
    found = routes()
    groups = [(one.name, one.servers[0].url) for one in found.table.groups]
    assert groups == [("default", "http://127.0.0.1:8001"), ("background", "http://127.0.0.1:8000")]
    assert found.error == ""


@pytest.mark.parametrize("text", ["", "{", "{'Providers: 1", "[]", "null", "{" * 100_000, "\x00"])
def test_what_cannot_be_read_is_said(folder, text):
    (folder / "config.json").write_text(text)
    found = routes()
    assert found.table.groups == ()
    assert found.error


def test_the_old_file_beside_that_of_version_3_is_not_read(folder):
    (folder / "config.json").write_text(PLAIN)
    (folder / "config.sqlite").write_bytes(b"SQLite format 3")
    found = routes()
    assert (found.table.groups, found.error) == ((), "its configuration is in config.sqlite, which is not read")


def test_no_file(folder):
    assert routes().error.startswith("cannot be read")
