"""Find out whether a process has a network or files of its own, as in a container. Linux only, from ``/proc``."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from stormdeck.sources.io.bounded_read import read_bounded
from stormdeck.sources.processes.containers import container_of

_PROC = Path("/proc")
HERE = Path("/")
"""The root of a process that sees the same files as this program."""
_LARGEST = 4 * 1024 * 1024
_MOST_LINKS = 40
_LISTENS = "0A"
"""TCP_LISTEN in ``/proc/net/tcp``."""
_LOCAL = re.compile(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL")


def has_own_network(pid: int, proc: Path = _PROC) -> bool:
    """Return whether a process has another network than this program; ``False`` where that cannot be read.

    ``ns/net`` is for the user of the process and root. The files below ``net`` are for all users, and are other files
    in another network.
    """
    theirs, ours = _link(proc / str(pid) / "ns" / "net"), _link(proc / "self" / "ns" / "net")
    if theirs and ours:
        return theirs != ours
    try:
        there, here = (proc / str(pid) / "net" / "tcp").stat(), (proc / "self" / "net" / "tcp").stat()
    except OSError:
        return False
    return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)


def root_of(pid: int, proc: Path = _PROC) -> Path | None:
    """Return where the files that a process sees are: ``/``, or below ``/proc/PID/root``.

    Only the user of the process and root may know for certain. For others it is ``/`` where nothing shows a container,
    else ``None``.
    """
    theirs, ours = _link(proc / str(pid) / "ns" / "mnt"), _link(proc / "self" / "ns" / "mnt")
    if not theirs or not ours:
        return None if container_of(pid, proc) is not None or has_own_network(pid, proc) else HERE
    root = proc / str(pid) / "root"
    try:
        same_root = (root.stat().st_dev, root.stat().st_ino) == (HERE.stat().st_dev, HERE.stat().st_ino)
    except OSError:
        return None
    return HERE if theirs == ours and same_root else root


def inside(root: Path, path: str | PurePosixPath) -> Path | None:
    """Return where a path of a process is for this program; ``None`` where links lead in a circle.

    Links are followed below ``root``: the kernel would follow an absolute one to a file of this machine.
    """
    if root == HERE:
        return Path(path)
    at: list[str] = []
    left = list(reversed(PurePosixPath(path).parts))
    links = 0
    while left:
        part = left.pop()
        if part == "/":
            at = []
        elif part == "..":
            at = at[:-1]
        elif target := _link(root.joinpath(*at, part)):
            links += 1
            if links > _MOST_LINKS:
                return None
            left += reversed(PurePosixPath(target).parts)
        else:
            at.append(part)
    return root.joinpath(*at)


def listening_ports(pid: int, proc: Path = _PROC) -> frozenset[int] | None:
    """Return the TCP ports that anything listens on in the network of a process; ``None`` if not known."""
    ports: set[int] = set()
    for name in ("tcp", "tcp6"):
        text = _text(proc / str(pid) / "net" / name)
        if text is None and name == "tcp":
            return None
        for row in (text or "").splitlines()[1:]:
            fields = row.split()
            if len(fields) > 3 and fields[3] == _LISTENS:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return frozenset(ports)


def addresses(pid: int, proc: Path = _PROC) -> frozenset[str]:
    """Return the IPv4 addresses of the network of a process, without its loopback."""
    found = _LOCAL.findall(_text(proc / str(pid) / "net" / "fib_trie") or "")
    return frozenset(address for address in found if not address.startswith("127."))


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except (OSError, ValueError):
        return ""


def _text(path: Path) -> str | None:
    try:
        return read_bounded(path, _LARGEST).decode("ascii", "replace")
    except (OSError, ValueError):
        return None
