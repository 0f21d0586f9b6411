"""List the servers of another machine: one script of ``sh`` prints what ``/proc`` knows, and this module reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path, PurePosixPath

from stormdeck.model.logs.spec import ContainerLog, JournalLog, Runtime
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.processes.command_line import kind_of, option, port_of, speaks_tls

SCRIPT = r"""
cd /proc || exit 1
echo
echo "@boot $(grep -m1 '^btime ' stat) $(getconf CLK_TCK 2>/dev/null || echo 100) $(id -u) $(readlink self/ns/net)"
echo @tcp
grep -hs ' 0A ' net/tcp net/tcp6
left=512
for file in $(grep -lsaE 'vllm|litellm|claude-code|/ccr|start_proxy|docker-proxy' [0-9]*/cmdline); do
  cd "/proc/${file%/cmdline}" 2>/dev/null || continue
  left=$((left - 1)); [ $left -ge 0 ] || exit 0
  echo "@process ${file%/cmdline}"
  tr '\0\n' '\t ' <cmdline; echo
  echo "@stat $(tr '\n' ' ' <stat)"
  echo "@net $(readlink ns/net)"
  echo "@folder $(readlink cwd)"
  echo "@out $(readlink fd/1)"
  echo "@error $(readlink fd/2)"
  echo @cgroup; cat cgroup
  echo @sockets; ls -l fd 2>/dev/null | grep -o 'socket:\[[0-9]*\]'
done 2>/dev/null
echo @end
"""
"""One fork for each line of a process; only servers and Docker's port forwarders are looked at."""
ANY = "*"
"""All addresses of the machine."""
_MOST = 64
"""Most servers that are read."""
_BOOT = re.compile(r"^@boot btime ([0-9]{1,12}) ([0-9]{1,6}) ([0-9]{1,10}) (\S*)", re.MULTILINE)
_PID = re.compile(r"[0-9]{1,9}")
_TICKS = re.compile(r"[0-9]{1,12}")
_PORT = re.compile(r"[0-9A-Fa-f]{1,4}")
_ID = re.compile(r"[0-9a-f]{64}")
_RUNTIMES = (("libpod", Runtime.PODMAN), ("docker", Runtime.DOCKER))
_MANAGER = re.compile(r"user@(\d+)\.service")
_UNIT = re.compile(r"[\w:.\\@][\w:.\\@-]*")


@dataclass(frozen=True, slots=True)
class RemoteProcess:
    """A server's process on another machine."""

    pid: int
    argv: tuple[str, ...]
    kind: ServerKind
    started: int
    """Unix seconds, by that machine's clock."""
    ports: tuple[tuple[str, int], ...]
    """Address and port of what it listens on, or is published for it; empty while it loads."""
    folder: str = ""
    log: Path | ContainerLog | JournalLog | None = None
    outputs: str = ""
    """Where its output goes if there is no log: ``to a terminal``."""
    own_network: bool = False

    @property
    def port(self) -> tuple[str, int] | None:
        """Return address and port of its API: by its command line, else the lowest; ``None`` while it loads."""
        wanted = port_of(self.argv, self.kind)
        same = [one for one in self.ports if one[1] == wanted]
        if self.own_network:
            return next(iter(self.ports), None)
        return next(iter(same), min(self.ports, key=lambda one: one[1]) if self.ports and wanted is None else None)

    @property
    def tls(self) -> bool:
        """Return whether it was started with a certificate."""
        return speaks_tls(self.argv)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one run of the script printed."""

    processes: tuple[RemoteProcess, ...] = ()
    listening: Mapping[int, str] = field(default_factory=dict)
    """The address of each port that any program listens on."""
    is_whole: bool = False
    """The script came to its end."""
    is_begun: bool = True
    """The script could be run: there is ``/proc``."""


def read_listing(text: str) -> Listing:
    """Return what the script printed; what cannot be read is left out. Never raises."""
    head, *parts = text.split("\n@process ")
    boot = _BOOT.search(head)
    started, ticks, user, network = (int(boot[1]), int(boot[2]), int(boot[3]), boot[4]) if boot else (0, 100, -1, "")
    sockets = dict(_listening(head))
    raw = [one for part in parts if (one := _Raw.read(part)) is not None]
    published = dict(_published(one.argv for one in raw))
    parents = {one.pid: one for one in raw}
    found: list[RemoteProcess] = []
    for one in raw:
        kind = kind_of(one.argv)
        parent = parents.get(one.parent)
        if kind is None or (parent is not None and kind_of(parent.argv) is kind):
            continue
        if len(found) == _MOST:
            break
        inodes = {inode for other in raw if other.pid == one.pid or other.parent == one.pid for inode in other.sockets}
        is_apart = bool(network and one.net) and one.net != network
        if is_apart:
            wanted = port_of(one.argv, kind)
            ports = tuple(outer for inner, outer in published.items() if inner == wanted)
        else:
            ports = tuple(at for inode, at in sockets.items() if inode in inodes)
        found.append(
            RemoteProcess(
                one.pid,
                one.argv,
                kind,
                started + one.ticks // max(1, ticks),
                ports,
                one.folder,
                _log_of(one, user),
                "to a terminal"
                if one.out.startswith("/dev/pts")
                else "to a pipe"
                if one.out.startswith("pipe:")
                else "",
                is_apart,
            )
        )
    listening = {port: address for address, port in sorted(sockets.values(), key=lambda at: ":" in at[0], reverse=True)}
    return Listing(tuple(found), listening, text.rstrip().endswith("@end"), "@boot " in head)


@dataclass(frozen=True, slots=True)
class _Raw:
    """What the script prints of one process."""

    pid: int
    argv: tuple[str, ...]
    parent: int
    ticks: int
    net: str
    folder: str
    out: str
    cgroup: str
    sockets: frozenset[str]

    @classmethod
    def read(cls, part: str) -> _Raw | None:
        # An argument may have what else ends a line, so only what the script itself ends is one.
        lines = part.split("\n")
        if len(lines) < 3 or not _PID.fullmatch(lines[0]):
            return None
        values = {name: value for name, _, value in (line.partition(" ") for line in lines[2:] if line[:1] == "@")}
        stat = values.get("@stat", "").rpartition(")")[2].split()
        if len(stat) < 20 or not (_PID.fullmatch(stat[1]) and _TICKS.fullmatch(stat[19])):
            return None
        argv = lines[1].rstrip("\t").split("\t")
        group = part.partition("\n@cgroup\n")[2].partition("\n@sockets")[0]
        sockets = frozenset(re.findall(r"socket:\[(\d+)\]", part.partition("\n@sockets")[2]))
        out = values.get("@out", "")
        same = next((one for one in (out, values.get("@error", "")) if one.startswith("/") and "/dev/" not in one), out)
        return cls(
            int(lines[0]),
            tuple(argv),
            int(stat[1]),
            int(stat[19]),
            values.get("@net", ""),
            values.get("@folder", ""),
            same,
            group,
            sockets,
        )


def _listening(head: str) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield the inode of each listening socket, with its address as a client on that machine names it."""
    for line in head.partition("@tcp")[2].splitlines():
        words = line.split()
        if len(words) < 10 or ":" not in words[1]:
            continue
        raw, _, port = words[1].rpartition(":")
        if not _PORT.fullmatch(port) or not int(port, 16):
            continue
        try:
            yield words[9], (_address(raw), int(port, 16))
        except ValueError:
            continue


def _address(raw: str) -> str:
    """Return an address of /proc/net/tcp, ``ANY`` for all of them: words of four bytes, each in the machine's order.

    >>> _address("0100007F"), _address("00000000"), _address("00000000000000000000000001000000")
    ('127.0.0.1', '*', '[::1]')
    """
    data = bytes.fromhex(raw)
    turned = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    if len(turned) == 4:
        return ANY if not any(turned) else str(IPv4Address(turned))
    if not any(turned):
        return ANY
    one = IPv6Address(turned)
    return str(one.ipv4_mapped) if one.ipv4_mapped is not None else f"[{one}]"


def _published(commands: Iterator[tuple[str, ...]]) -> Iterator[tuple[int, tuple[str, int]]]:
    """Yield the port in a container and where Docker passes it on."""
    for argv in commands:
        if PurePosixPath(argv[0]).name == "docker-proxy":
            inner, outer = option(argv, "-container-port"), option(argv, "-host-port")
            if inner and outer and all(re.fullmatch("[0-9]{1,5}", one) for one in (inner, outer)):
                yield int(inner), (ANY, int(outer))


def _log_of(one: _Raw, user: int) -> Path | ContainerLog | JournalLog | None:
    """Return where the log of a process is: with its container, in a file, or in its unit's journal."""
    runtime = next((kind for word, kind in _RUNTIMES if word in one.cgroup), None)
    name = _ID.search(one.cgroup)
    if runtime is not None and name is not None:
        return ContainerLog(runtime, name[0][:12])
    if one.out.startswith("/") and not one.out.startswith(("/dev/", "/memfd:")) and " (deleted)" not in one.out:
        return Path(one.out)
    paths = [row.split(":", 2)[2] for row in one.cgroup.splitlines() if row.count(":") > 1]
    parts = [part for path in paths for part in path.split("/")]
    managers = [found for part in parts if (found := _MANAGER.fullmatch(part)) is not None]
    units = [part.removesuffix(".service") for part in parts if part.endswith(".service") and not _MANAGER.match(part)]
    units = [unit for unit in units if unit not in {"ssh", "sshd"} and _UNIT.fullmatch(unit)]
    if not units or (managers and int(managers[-1][1]) != user):
        return None
    return JournalLog(units[-1], user=bool(managers)) if one.out.startswith("socket:") else None
