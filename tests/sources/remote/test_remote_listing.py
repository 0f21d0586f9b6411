"""What the script of ``sh`` prints on another machine, and what is read from it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places import TESTS
from stormdeck.model.logs.spec import ContainerLog, JournalLog, Runtime
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.remote.listing import ANY, SCRIPT, read_listing

RECORDED = (TESTS / "data" / "remote" / "listing.txt").read_text()
ID = "8c84f0c3a1b2" + "0" * 52


def changed(**values):
    """Return the recorded listing with other lines for vLLM, the first process."""
    head, vllm, litellm = RECORDED.split("\n@process ")
    for name, value in values.items():
        line = next(line for line in vllm.splitlines() if line.startswith(f"@{name} "))
        vllm = vllm.replace(line, f"@{name} {value}")
    return "\n@process ".join((head, vllm, litellm))


def in_group(path):
    return RECORDED.replace("9:name=systemd:/", f"9:name=systemd:{path}", 1)


def vllm_of(text):
    return next(one for one in read_listing(text).processes if one.kind is ServerKind.VLLM)


def test_a_recorded_listing_has_both_servers_with_their_ports_and_logs():
    listing = read_listing(RECORDED)
    assert listing.is_whole
    assert listing.listening == {8000: ANY, 2222: "127.0.0.1", 4000: ANY}
    seen = [(one.kind, one.port, str(one.log), one.folder, one.started) for one in listing.processes]
    assert seen == [
        (ServerKind.VLLM, (ANY, 8000), "/var/log/vllm.log", "/srv", 1796043029 + 57376),
        (ServerKind.LITELLM, (ANY, 4000), "/var/log/litellm.log", "/srv", 1796043029 + 57376),
    ]


def test_a_server_that_loads_listens_nowhere():
    assert vllm_of(RECORDED.replace("socket:[4502349]", "socket:[1]")).port is None


def test_the_log_of_a_unit_is_in_its_journal_and_that_of_a_container_with_its_runtime():
    socket = changed(out="socket:[77]", error="socket:[77]").replace("9:name=systemd:/", "9:name=systemd:{}", 1)
    assert vllm_of(socket.format("/system.slice/vllm.service")).log == JournalLog("vllm")
    own = "/user.slice/user-0.slice/user@0.service/app.slice/vllm.service"
    assert vllm_of(socket.format(own)).log == JournalLog("vllm", user=True)
    assert vllm_of(socket.format(own.replace("user@0", "user@7"))).log is None
    assert vllm_of(socket.format("/system.slice/ssh.service")).log is None
    assert vllm_of(in_group(f"/docker/{ID}")).log == ContainerLog(Runtime.DOCKER, ID[:12])
    assert vllm_of(in_group(f"/machine.slice/libpod-{ID}.scope")).log == ContainerLog(Runtime.PODMAN, ID[:12])


@pytest.mark.parametrize(
    ("out", "words"), [("/dev/pts/3", "to a terminal"), ("pipe:[812]", "to a pipe"), ("/dev/null", "")]
)
def test_output_without_a_log_is_described(out, words):
    found = vllm_of(changed(out=out, error=out))
    assert (found.log, found.outputs) == (None, words)


def test_a_server_in_a_network_of_its_own_is_where_docker_publishes_it():
    apart = changed(net="net:[5]")
    assert vllm_of(apart).port is None
    proxy = "\n".join(
        (
            "77",
            "/usr/bin/docker-proxy\t-proto\ttcp\t-host-port\t8001\t-container-ip\t172.17.0.2\t-container-port\t8000\t",
            "@stat 77 (docker-proxy) S 1 0 0 0 -1 0 0 0 0 0 8 1 0 0 20 0 1 0 5737695 0 0",
            "@end",
        )
    )
    published = apart.replace("\n@end", f"\n@process {proxy}")
    assert vllm_of(published).port == (ANY, 8001)


def test_what_a_server_spawned_is_no_second_server():
    child = "\n@process 19" + RECORDED.split("\n@process 19")[1].split("\n@process ")[0]
    child = child.replace("@process 19", "@process 44").replace("@stat 19 (python) S 1 ", "@stat 44 (python) S 19 ")
    assert [one.pid for one in read_listing(RECORDED.replace("\n@end", f"{child}\n@end")).processes] == [19, 20]


@given(
    at=st.integers(0, len(RECORDED)),
    length=st.integers(0, 60),
    junk=st.text(string.printable + "\0\x1b é", max_size=40),
)
def test_nothing_that_a_machine_prints_raises(at, length, junk):
    listing = read_listing(RECORDED[:at] + junk + RECORDED[at + length :])
    assert len(listing.processes) <= 2 + junk.count("@process")


def test_a_listing_that_was_cut_off_says_so():
    assert not read_listing(RECORDED[:-8]).is_whole
    assert read_listing("") == read_listing("sh: not found\n")


def test_the_script_names_no_user_and_writes_nothing():
    assert not [word for word in (" >", "rm ", "mv ", "sudo", "mkdir") if word in SCRIPT.replace("2>/dev/null", "")]
