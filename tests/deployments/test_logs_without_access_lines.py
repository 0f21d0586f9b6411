"""A vLLM whose options hide its access lines: nothing is counted, so nothing is said to be."""

import functools

import pytest

import stormdeck.commands.check.servers as look
from served import WITH_MESSAGES, client_settings, served
from servers import vllm
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.processes.scan import Listener, Scan

COMMAND = ("vllm", "serve", "Qwen3.5-27B", "--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder")
HIDING = {
    "vLLM with --uvicorn-log-level warning": ("--uvicorn-log-level", "warning"),
    "vLLM with --disable-uvicorn-access-log": ("--disable-uvicorn-access-log",),
}


@pytest.mark.parametrize("name", HIDING)
def test_retries_are_unknown_where_an_option_hides_them(home, deployment, monkeypatch, tmp_path, name):
    log = tmp_path / "vllm.log"
    log.write_text("INFO 11-30 12:00:00 [loggers.py:1] Engine 000: Avg prompt throughput: 1.0 tokens/s\n")
    with served(vllm(**WITH_MESSAGES)) as (url,):
        process = ServerProcess(37, "vllm", (*COMMAND, *HIDING[name]), 1, log, f"both to {log}", ServerKind.VLLM)
        scan = Scan((Listener("127.0.0.1", address(url).port, process),))
        monkeypatch.setattr(look, "discover", functools.partial(discover, ports=(), scan=lambda _: scan))
        home.write(client_settings(url))
        seen = deployment(name)
        text = home.run("status", "--no-gpu")[1]
    option = " ".join(HIDING[name])
    assert (seen.code, seen.codes, seen.state) == (0, [], "ok")
    assert seen.panel.endswith(f"– retries: this log has no access lines: {option}")
    assert "All well" not in text
    assert "0 retries" not in text
    assert f"– retries: this log has no access lines: {option}" in text
    requests = seen.status["requests"]
    assert (requests["retries_per_minute"], requests["reason"]) == (None, f"this log has no access lines: {option}")
