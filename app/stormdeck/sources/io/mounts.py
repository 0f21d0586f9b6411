"""Find files on network drives, whose changes the system does not report."""

from __future__ import annotations

import os
from pathlib import Path

_NETWORK = {"9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs"}
_NETWORK |= {"nfs", "nfs4", "ocfs2", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "webdav"}
_NETWORK_PREFIX = "fuse."
"""sshfs, rclone, s3fs and the like; local file systems over FUSE are polled too, which does no harm."""


def is_on_network(path: Path) -> bool:
    """Return whether a file lies on a network file system. Reads the table of mounts; never raises."""
    import psutil

    try:
        mounts = psutil.disk_partitions(all=True)
    except (OSError, psutil.Error):
        return False
    real = os.path.realpath(path)
    # The last mount on a folder hides those before it.
    holding = [mount for mount in mounts if _is_below(real, mount.mountpoint)]
    kind = max(reversed(holding), key=lambda mount: len(mount.mountpoint)).fstype.lower() if holding else ""
    return kind in _NETWORK or kind.startswith(_NETWORK_PREFIX)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
