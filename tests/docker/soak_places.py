"""``python soak_places.py MINUTES``: run ``soaking.py`` beside a Docker daemon of its own, and write the table."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / "SOAK.md"
PROGRAMS = ("dockerd", "iptables", "unshare", "journalctl")
REMOTE = Path("/lib/systemd/systemd-journal-remote")


def why_not():
    """Return why it cannot run here, an empty text where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if not REMOTE.exists() and not shutil.which("systemd-journal-remote"):
        missing.append("systemd-journal-remote")
    return f"not installed: {', '.join(missing)}" if missing else ""


def main(minutes):
    """Run it and return the exit code."""
    if reason := why_not():
        sys.stdout.write(f"skipped: {reason}\n")
        return 0
    with tempfile.TemporaryDirectory() as made:
        out = Path(made) / "rows.json"
        environ = {**os.environ, "PATH": f"/usr/bin:/usr/sbin:/sbin:{os.environ['PATH']}"}
        command = [str(HERE / "dockerd.sh"), sys.executable, str(HERE / "soaking.py"), str(out), str(minutes)]
        done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
        if not out.exists():
            sys.stdout.write(f"it did not run: {done.stderr.strip()[-600:]}\n")
            return 1
        rows = json.loads(out.read_text())
    lines = ["| promise | seen | verdict |", "| --- | --- | --- |"]
    lines += [f"| {what} | {seen} | {'holds' if holds else '**fails**'} |" for what, seen, holds in rows]
    head = (
        "# A container's log and a unit's journal, followed for minutes\n\n"
        f"Written by `make soak-places MINUTES={minutes:g}` on {time.strftime('%Y-%m-%d')}: a LiteLLM stand-in in a\n"
        "real Docker container, a vLLM stand-in whose output the real systemd-journal-remote stores, turns and\n"
        "storms of one client. Retries that may be chance in such traffic count as turns (docs/how-sure.md).\n"
    )
    table = "\n".join(lines)
    sys.stdout.write(f"{table}\n")
    TABLE.write_text(f"{head}\n{table}\n")
    return 0 if all(holds for *_, holds in rows) else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0))
