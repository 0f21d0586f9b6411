"""A folder like ``/proc``: processes with namespaces, control groups, sockets and files of their own."""

import os

ID = "8c84f0c3a1b2" + "0" * 52
GROUP = f"12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}\n"
OWN_GROUP = "12:pids:/user.slice\n1:name=systemd:/user.slice\n"
_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
_TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     |-- {address}
        /32 host LOCAL
     |-- 172.17.255.255
        /32 link BROADCAST
"""


class ProcTree:
    """Write what the kernel shows of processes. ``self`` is this program."""

    def __init__(self, folder):
        self.proc = folder / "proc"
        self.roots = folder / "roots"
        self.add("self", group=OWN_GROUP)

    def add(self, pid, *, group=GROUP, net="1", mnt="1", ports=(), address="172.17.0.2", readable=True, cwd="/"):
        """Add a process. ``net`` and ``mnt`` name its namespaces; ``readable``: as root or its own user."""
        at = self.proc / str(pid)
        for part in ("ns", "net", "fd"):
            (at / part).mkdir(parents=True)
        (at / "cgroup").write_text(group)
        shared = self.proc / f"net-{net}"
        rows = "".join(f"   0: 00000000:{port:04X} 00000000:0000 0A 0:0 0:0 0 0 0 1\n" for port in ports)
        if not shared.exists():
            shared.write_text(_HEAD + rows + "   1: 00000000:1F91 00000000:0000 01 0:0 0:0 0 0 0 2\n")
        os.link(shared, at / "net" / "tcp")
        (at / "net" / "fib_trie").write_text(_TRIE.format(address=address))
        if readable:
            (at / "ns" / "net").symlink_to(f"net:[{net}]")
            (at / "ns" / "mnt").symlink_to(f"mnt:[{mnt}]")
            root = self.roots / str(pid)
            if mnt == "1":
                root = "/"
            else:
                root.mkdir(parents=True)
            (at / "root").symlink_to(root)
            (at / "cwd").symlink_to(cwd)
        return at
