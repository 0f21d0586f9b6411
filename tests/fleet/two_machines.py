"""A second machine in namespaces of its own, reached by the real sshd: run by ``test_host.py``, writes what was seen.

This side is the client's: the panel's feed runs here with ``--host gpu-box``. The other side has its own network,
processes and ``/proc``, stand-ins of LiteLLM and vLLM that listen on all addresses, and a stand-in of ``nvidia-smi``.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "docker"))

from logscenes import Client, Panel
from scenes import REPOSITORY, VLLM, answers, settings, until

IMITATION = REPOSITORY / "tests" / "docker" / "imitation.py"
BOX, HERE, PORT = "10.9.0.2", "10.9.0.1", 2222
URL = f"http://{BOX}:4000"
CONFIG = """Host gpu-box
  HostName {box}
  Port {port}
  User root
  IdentityFile {folder}/key
Host stranger
  HostName {box}
  Port {port}
  User root
  IdentityFile /nowhere
Host *
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""
GPUS = """#!/bin/sh
while :; do
  echo "0, NVIDIA H200, 91, 120000, 143771, 71, 612.20, 700.00, 1980, 1980, 580.95.05"
  echo "1, NVIDIA H200, 89, 120000, 143771, 69, 598.00, 700.00, [N/A], 1980, 580.95.05"
  sleep 2
done
"""
BOX_SCRIPT = """ip link set lo up
while ! ip link show box >/dev/null 2>&1; do sleep 0.05; done
ip addr add {box}/24 dev box; ip link set box up
while :; do
  if [ -e {folder}/order ]; then
    mv {folder}/order {folder}/done.new; sh {folder}/done.new; mv {folder}/done.new {folder}/done
  fi
  sleep 0.05
done
"""


class Box:
    """The other machine."""

    def __init__(self, folder):
        self._folder = folder
        self.programs, own = folder / "there", folder / "here"
        for place in (self.programs, own):
            place.mkdir()
        for name in ("vllm", "litellm"):
            shutil.copy(IMITATION, self.programs / name)
        (self.programs / "nvidia-smi").write_text(GPUS)
        (self.programs / "nvidia-smi").chmod(0o755)
        for name in ("host", "key"):
            subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        (folder / "config").write_text(CONFIG.format(box=BOX, port=PORT, folder=folder))
        ssh = own / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
        ssh.chmod(0o755)
        self.environ = {"PATH": f"{own}:{os.environ['PATH']}"}
        (folder / "box.sh").write_text(BOX_SCRIPT.format(box=BOX, folder=folder))
        start = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh"]
        self._process = subprocess.Popen([*start, str(folder / "box.sh")])
        shell = until_child(self._process.pid)
        link = ["ip", "link", "add", "here", "type", "veth", "peer", "name", "box", "netns", str(shell)]
        for words in (link, ["ip", "addr", "add", f"{HERE}/24", "dev", "here"], ["ip", "link", "set", "here", "up"]):
            subprocess.run(words, check=True)
        self.start_sshd()
        self.start(*VLLM)
        self.start("litellm", "--upstream", "127.0.0.1:8000")
        until(lambda: answers(f"{URL}/health/liveliness") and answers(f"http://{BOX}:8000/version"), "the box")

    def run(self, script):
        """Run a script there."""
        (self._folder / "done").unlink(missing_ok=True)
        new = self._folder / "order.new"
        new.write_text(script)
        new.rename(self._folder / "order")
        until((self._folder / "done").exists, script)

    def start(self, name, *words):
        """Start a stand-in there, whose output goes to a file of its name."""
        command = " ".join((sys.executable, str(self.programs / name), *words))
        self.run(f"{command} >>{self._folder}/{name}.log 2>&1 &")

    def start_sshd(self):
        """Start sshd there."""
        options = ["StrictModes=no", "UsePAM=no", "PermitRootLogin=yes", "PidFile=none", f"ListenAddress={BOX}"]
        options += [f"AuthorizedKeysFile={self._folder}/key.pub", f"SetEnv=PATH={self.programs}:/usr/bin:/bin"]
        words = " ".join(f"-o {option}" for option in options)
        self.run(f"/usr/sbin/sshd -f /dev/null -p {PORT} -h {self._folder}/host -E {self._folder}/sshd {words}")

    def processes(self):
        """Return the command lines that run there, of other programs than the box's own."""
        self.run(f"cat /proc/[0-9]*/cmdline | tr '\\0' ' ' >{self._folder}/processes")
        return (self._folder / "processes").read_text()

    def close(self):
        """End it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def until_child(pid):
    """Return the process that ``unshare`` forked."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    until(lambda: children.read_text().strip(), "the other machine")
    return int(children.read_text().split()[0])


def even(client, unread):
    """Return whether the panel counts what the client sent but for its first turns."""
    return lambda seen: (
        (seen["requests"], seen["turns"], seen["retries"])
        == (client.requests - unread, client.turns - unread, client.retries)
    )


def settled(panel):
    """Return how many requests the panel counts, once it is the same number for two seconds."""
    before, now = -1, 0
    while before != now:
        before = panel.seen()["requests"]
        time.sleep(2)
        now = panel.seen()["requests"]
    return now


def followed(client, panel):
    """Send turns until the panel sees them as they come; return how many requests it has not counted."""
    start = panel.seen()["requests"]
    while panel.seen()["requests"] == start:
        client.turn(200)
        time.sleep(1)
    return client.requests - settled(panel)


def left(box):
    """Return what still runs there of what the panel started, logins included."""
    return [words for words in ("nvidia-smi", "tail -c", "root@notty") if words in box.processes()]


def local_ssh():
    """Return the processes of ssh on this side."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if words[0].endswith(b"ssh"):
            found.append(b" ".join(words).decode())
    return found


def play(folder):
    """Return what was seen, step by step."""
    steps = {}
    box = Box(folder)
    try:
        (folder / "home").mkdir()
        steps["stranger"] = status(folder, box, "stranger")
        steps["nowhere"] = status(folder, box, "no-such-host.invalid")
        steps["status"] = status(folder, box, "gpu-box")
        client = Client(URL)
        panel = Panel(folder, settings(URL), "host=gpu-box", "gpu=off", environ=box.environ)
        try:
            follow(steps, box, client, panel)
        finally:
            panel.end()
        until(lambda: not left(box), "the end of all that ran there")
        steps["left there"] = left(box)
        until(lambda: not local_ssh(), "the end of ssh here")
        steps["left here"] = local_ssh()
    finally:
        box.close()
    return steps


def follow(steps, box, client, panel):
    """Play a storm, a lost connection and a server that ends; the panel's feed watches."""
    panel.until(lambda seen: len(seen["logs"]) == 2 and "All well" in seen["headline"], "both logs")
    steps["logs"] = panel.seen()["logs"]
    # Lines from before the file was opened have no time that is known, so they are not counted.
    unread = followed(client, panel)
    begun = time.monotonic()
    client.turn(500, 500, 500, 500, 200)
    steps["storm"] = panel.until(even(client, unread), "the counts of the storm") | {"after": time.monotonic() - begun}
    steps["gpus"] = panel.until(lambda seen: seen["gpu_hosts"], "the GPUs there")["gpu_hosts"]
    box.run("pkill sshd")
    lost = panel.until(lambda seen: seen["headline"] == "gpu-box cannot be seen", "the loss")
    steps["lost"] = lost
    box.start_sshd()
    panel.until(lambda seen: not any(one["problem"] for one in seen["machines"]), "the connection again")
    # What was written meanwhile has no time of its own, so only what is sent from now on can be told apart.
    unread = followed(client, panel)
    client.turn(500, 500, 500, 200)
    steps["back"] = panel.until(even(client, unread), "the counts after the loss")
    box.run("pkill -f there/vllm")
    steps["vLLM ended"] = panel.until(lambda seen: seen["headline"].endswith("is down"), "the end of vLLM")
    box.start(*VLLM)
    steps["vLLM again"] = panel.until(lambda seen: "down" not in seen["headline"], "vLLM again")


def status(folder, box, host):
    """Return what ``status`` says, with a home of its own and no settings."""
    command = [sys.executable, "-m", "stormdeck", "status", "--json", "--host", host]
    environ = {**os.environ, **box.environ, "HOME": str(folder / "home"), "PYTHONPATH": str(REPOSITORY / "app")}
    done = subprocess.run(command, env=environ, cwd=folder / "home", capture_output=True, text=True, check=False)
    return {"code": done.returncode, "errors": done.stderr, **json.loads(done.stdout or "{}")}


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        try:
            seen = play(Path(made))
        except RuntimeError as error:
            seen = {"failed": str(error)}
    Path(sys.argv[1]).write_text(json.dumps(seen, indent=1))
