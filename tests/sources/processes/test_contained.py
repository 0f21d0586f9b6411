"""Where a server in a container listens, and whether its port is published, from a folder like /proc."""

import pytest

from proctree import ID, OWN_GROUP, ProcTree
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.processes.contained import contained, published_ports, shows_ports

VLLM = ("vllm", "serve", "q", "--port", "8000")
NAME = f"container {ID[:12]}"
PODMAN = f"0::/user.slice/libpod-{ID}.scope/container\n"
KUBERNETES = f"0::/kubepods.slice/cri-containerd-{ID}.scope\n"


def forwarder(host="0.0.0.0", outer=8001, inner_address="172.17.0.2", inner=8000, proto="tcp"):
    return (
        *("/usr/bin/docker-proxy", "-proto", proto, "-host-ip", host, "-host-port", str(outer)),
        *("-container-ip", inner_address, "-container-port", str(inner)),
    )


def seen(tmp_path, *commands, argv=VLLM, kind=ServerKind.VLLM, config=None, **process):
    tree = ProcTree(tmp_path)
    tree.add(37, **{"net": "2", "mnt": "2", "ports": (8000,), **process})
    server = ServerProcess(37, kind.value, tuple(argv), 1, None, "", kind, has_own_network=True)
    return contained(server, argv, config, published_ports(commands), tree.proc)


PUBLISHED = {
    "on all addresses": (forwarder(), "http://127.0.0.1:8001"),
    "on all addresses, IPv6": (forwarder("::"), "http://127.0.0.1:8001"),
    "on one address": (forwarder("192.168.1.5"), "http://192.168.1.5:8001"),
    "another container": (forwarder(inner_address="172.17.0.3"), None),
    "another port": (forwarder(inner=9000), None),
    "UDP": (forwarder(proto="udp"), None),
    "no number": (("docker-proxy", "-container-port", "x", "-host-port", "8001", "-container-ip", "172.17.0.2"), None),
    "another program": (("vim", "docker-proxy"), None),
}


@pytest.mark.parametrize(("command", "url"), PUBLISHED.values(), ids=PUBLISHED)
@pytest.mark.parametrize("readable", [True, False], ids=["as root", "as another user"])
def test_a_port_that_docker_publishes(tmp_path, command, url, readable):
    one = seen(tmp_path, command, readable=readable)
    assert (one.url, one.listens) == (url, True)
    words = "published as 8001" if url else "not published"
    assert one.where == f"in {NAME}, its port 8000 is {words}"


def test_a_server_that_loads_in_its_container(tmp_path):
    assert seen(tmp_path, ports=()).listens is False


@pytest.mark.parametrize(
    ("group", "where"),
    [
        (PODMAN, f"in {NAME}, and whether its port 8000 is published is not known"),
        (KUBERNETES, "in a container, and whether its port 8000 is published is not known"),
        (OWN_GROUP, "in a network of its own, and whether its port 8000 is published is not known"),
    ],
    ids=["podman", "kubernetes", "no runtime known"],
)
def test_what_is_not_known_is_not_claimed(tmp_path, group, where):
    assert seen(tmp_path, group=group).where == where


def test_a_litellm_has_its_usual_port(tmp_path):
    one = seen(tmp_path, forwarder(outer=4001, inner=4000), argv=("litellm",), kind=ServerKind.LITELLM, ports=(4000,))
    assert (one.port, one.url) == (4000, "http://127.0.0.1:4001")


def test_a_port_from_a_file_of_options_is_not_known(tmp_path):
    one = seen(tmp_path, argv=("vllm", "serve", "--config", "a.yaml"))
    assert (one.port, one.listens, one.where) == (None, None, f"in {NAME}")


def test_a_server_with_tls(tmp_path):
    assert seen(tmp_path, forwarder(), argv=(*VLLM, "--ssl-certfile", "a")).url == "https://127.0.0.1:8001"


DAEMON = ("/usr/bin/dockerd", "-H", "fd://")
DAEMONS = {
    "as it is installed": (DAEMON, None, True),
    "an option": ((*DAEMON, "--userland-proxy=false"), None, False),
    "an option that says yes": ((*DAEMON, "--userland-proxy=true"), None, True),
    "its file": (DAEMON, '{"userland-proxy": false}', False),
    "its file, about other things": (DAEMON, '{"log-driver": "journald"}', True),
    "a file that is no JSON": (DAEMON, "{", False),
    "not seen": (("vim", "dockerd"), None, False),
}


@pytest.mark.parametrize(("argv", "text", "shows"), DAEMONS.values(), ids=DAEMONS)
def test_whether_docker_shows_its_published_ports(tmp_path, argv, text, shows):
    file = tmp_path / "daemon.json"
    if text is not None:
        file.write_text(text)
    assert shows_ports([("bash",), argv], file) is shows
    assert shows_ports([(*argv, "--config-file", str(file))], tmp_path / "none") is shows


def test_a_port_that_only_the_firewall_knows_is_not_said_to_be_closed(tmp_path):
    tree = ProcTree(tmp_path)
    tree.add(37, net="2", mnt="2", ports=(8000,))
    server = ServerProcess(37, "vLLM", VLLM, 1, None, "", ServerKind.VLLM, has_own_network=True)
    one = contained(server, VLLM, None, {}, tree.proc, lists_ports=False)
    assert one.where == f"in {NAME}, and whether its port 8000 is published is not known"
