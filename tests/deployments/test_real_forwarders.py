"""Real forwarders (socat, nginx, haproxy, ssh) on a port, as the process table of this machine shows them."""

import functools

import pytest

import stormdeck.commands.check.servers as look
from forwarders import FORWARDERS, reserved_port
from served import WITH_MESSAGES, client_settings, served
from servers import vllm
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.processes.scan import Scan, scan_processes

PATIENT = look.Deadlines(30.0, 30.0, 60.0)
"""A busy machine is no fault of a forwarder."""
THROUGH = {
    "socat": "vLLM behind socat",
    "nginx": "vLLM behind nginx",
    "haproxy": "vLLM behind haproxy",
    "ssh": "vLLM behind ssh -L",
}


@pytest.mark.parametrize("name", FORWARDERS)
def test_a_real_forwarder_is_named_and_its_command_line_is_not_vllm_s(home, deployment, monkeypatch, tmp_path, name):
    port = reserved_port()
    url = f"http://127.0.0.1:{port}"

    def scan(_):
        """Return the listener of the test alone: other servers of the machine are none of its."""
        return Scan(tuple(one for one in scan_processes().listeners if one.port == port))

    monkeypatch.setattr(look, "discover", functools.partial(discover, ports=(), scan=scan))
    monkeypatch.setattr(look, "PATIENT", PATIENT)
    home.write(client_settings(url))
    folder = tmp_path / "front"
    folder.mkdir()
    with served(vllm(**WITH_MESSAGES)) as (target,), FORWARDERS[name](folder, port, address(target).port):
        seen = deployment(THROUGH[name])
    server = seen.deck.discovery.found[0]
    assert (seen.code, seen.codes, seen.state) == (0, [], "ok")
    assert (server.url, server.kind, server.process) == (url, ServerKind.VLLM, None)
    assert server.holder.name == name
    assert server.forwards
    words = f"Port {port} is held by {name} (pid {server.holder.pid}), which passes it on"
    assert any(note.startswith(words) for note in seen.deck.discovery.log_notes)
