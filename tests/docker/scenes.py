"""Run the deployments beside dockerd and write what stormdeck says of each: ``dockerd.sh python scenes.py OUT``.

Runs as root inside namespaces of its own, so that usual ports and a folder like /app belong to the test alone.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import image

PLAIN_USER = 12345
KEY = "sk-container-test-1"
MODEL = "Qwen3.5-27B"
VLLM = ["vllm", "serve", MODEL, "--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder"]
LITELLM = ["litellm", "--config", "/app/config.yaml"]
SETTLED_S = 120.0
REPOSITORY = Path(__file__).parents[2]

Y = """model_list:
  - model_name: {model}
    litellm_params:
      model: anthropic/{model}
      api_base: {base}
      api_key: dummy
general_settings:
  master_key: {key}
  cancel_on_disconnect: true
litellm_settings:
  drop_params: true
router_settings:
  disable_cooldowns: true
  num_retries: 0
"""


def settings(url, token=KEY):
    """Return the settings of a client."""
    tiers = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": MODEL for tier in ("OPUS", "SONNET", "HAIKU")}
    more = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_ATTRIBUTION_HEADER": "0"}
    more |= {"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1", "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072"}
    env = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": token, **tiers, **more}
    return {"model": "sonnet", "permissions": {"defaultMode": "acceptEdits"}, "env": env}


def until(is_true, what):
    """Wait for a condition."""
    end = time.monotonic() + SETTLED_S
    while not is_true():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {SETTLED_S:.0f} s")
        time.sleep(0.05)


def answers(url):
    """Return whether anything answers at a URL."""
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - of this file alone
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def serves(url):
    """Return whether a URL is answered with 200."""
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - of this file alone
    except OSError:
        return False
    return True


def docker(*arguments):
    """Run docker and return what it prints."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {arguments[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()


@contextmanager
def container(*arguments):
    """Run containers, each given as (options, command), and remove them."""
    names = []
    try:
        for options, command in arguments:
            names.append(docker("run", "-d", *options, image.IMAGE, *command))
        yield names
    finally:
        for name in names:
            subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


@contextmanager
def compose(folder, text):
    """Start a compose file, and take it down."""
    (folder / "docker-compose.yml").write_text(text)
    run = ["docker-compose", "-p", "stack"]
    done = subprocess.run([*run, "up", "-d"], cwd=folder, capture_output=True, text=True, check=False)
    try:
        if done.returncode:
            raise RuntimeError(f"docker-compose: {done.stderr.strip()[-300:]}")
        yield
    finally:
        subprocess.run([*run, "down", "-t", "0"], cwd=folder, capture_output=True, check=False)


class Machine:
    """Runs stormdeck as root and as a plain user."""

    def __init__(self, folder, root):
        self.folder = folder
        self.root = root
        self.results = []

    def ask(self, name, config=None, *flags, environ=None):
        """Record what status and check say of a deployment, for both users."""
        for user in ("root", "plain user"):
            home = Path(tempfile.mkdtemp(dir=self.folder))
            (home / ".claude").mkdir()
            (home / "project").mkdir()
            if config is not None:
                (home / ".claude" / "settings.json").write_text(json.dumps(config, indent=2))
            subprocess.run(["chown", "-R", str(0 if user == "root" else PLAIN_USER), str(home)], check=True)
            code, status = self.run(user, home, "status", "--no-gpu", "--json", *flags, environ=environ)
            check_code, check = self.run(user, home, "check", "--json", *flags, environ=environ)
            found = [(one["code"], one["severity"], one["message"]) for one in check["findings"]]
            self.results.append(
                {"name": name, "user": user, "code": code, "status": status, "check": check_code, "findings": found}
            )

    def run(self, user, home, command, *flags, environ=None):
        """Run a command and return its exit code and its JSON."""
        python = Path(sys.executable).resolve()
        copied = self.root / python.relative_to("/")
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **(environ or {})}
        environ |= {"LD_LIBRARY_PATH": str(copied.parents[1] / "lib"), "PYTHONHOME": str(copied.parents[1])}
        packages = next(path for path in sys.path if path.endswith("site-packages"))
        environ["PYTHONPATH"] = f"{REPOSITORY / 'app'}:{packages}"
        argv = [str(copied), "-m", "stormdeck", command, "--client-version", "2.1.332", *flags]
        if user != "root":
            argv = ["setpriv", "--reuid", str(PLAIN_USER), "--regid", str(PLAIN_USER), "--clear-groups", *argv]
        done = subprocess.run(
            argv, cwd=home / "project", env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError as error:
            raise RuntimeError(f"{command} as {user}: {done.stdout[-300:]}{done.stderr[-900:]}") from error


def published(machine):
    """Run a vLLM with ``-p 8001:8000``."""
    with container((["-p", "127.0.0.1:8001:8000"], VLLM)):
        until(lambda: answers("http://127.0.0.1:8001/version"), "the published port")
        machine.ask("vLLM, -p 8001:8000", settings("http://127.0.0.1:8001", "dummy"))
        machine.ask("vLLM, -p 8001:8000, nothing configured")
        machine.ask("vLLM, -p 8001:8000, base URL :8000", settings("http://127.0.0.1:8000", "dummy"))


def loading(machine):
    """Run a vLLM that has not loaded yet."""
    with container((["-p", "8001:8000"], [*VLLM, "--loads", "600"])):
        until(lambda: _runs("vllm"), "the process of vLLM")
        machine.ask("vLLM that loads, -p 8001:8000", settings("http://127.0.0.1:8001", "dummy"))


def hidden(machine):
    """Run a vLLM without a published port."""
    with container(([], VLLM)) as (name,):
        until(lambda: answers(f"http://{address(name)}:8000/version"), "the container")
        machine.ask("vLLM without a published port, nothing configured")
        machine.ask("vLLM by its container's address", settings(f"http://{address(name)}:8000", "dummy"))
        forward = ["socat", "TCP-LISTEN:8009,bind=127.0.0.1,fork,reuseaddr", f"TCP:{address(name)}:8000"]
        relay = subprocess.Popen(forward)
        try:
            until(lambda: answers("http://127.0.0.1:8009/version"), "socat")
            machine.ask("vLLM without a published port, behind socat", settings("http://127.0.0.1:8009", "dummy"))
        finally:
            relay.kill()
            relay.wait()


COMPOSE = """version: "2.4"
services:
  vllm:
    image: {image}
    command: {vllm}
  litellm:
    image: {image}
    command: ["litellm", "--config", "/app/config.yaml"]
    ports: ["4000:4000"]
    volumes: ["{folder}/config.yaml:/app/config.yaml:ro"]
"""


def composed(machine):
    """Run LiteLLM and vLLM by compose; only LiteLLM's port is published."""
    folder = Path(tempfile.mkdtemp(dir=machine.folder))
    yaml = folder / "config.yaml"
    yaml.write_text(Y.format(model=MODEL, base="http://vllm:8000", key=KEY))
    with compose(folder, COMPOSE.format(image=image.IMAGE, vllm=json.dumps(VLLM), folder=folder)):
        until(lambda: answers("http://127.0.0.1:4000/health/liveliness") and _runs("vllm"), "the stack")
        machine.ask("compose, only LiteLLM published", settings("http://127.0.0.1:4000"))
        machine.ask("compose, only LiteLLM published, nothing configured")
        flag = ("--litellm-config", str(yaml))
        machine.ask("compose, only LiteLLM published, --litellm-config", settings("http://127.0.0.1:4000"), *flag)


def host_network(machine):
    """Run both on the host's network; another stack's YAML has the same path on the host."""
    folder = Path(tempfile.mkdtemp(dir=machine.folder))
    own, other = folder / "own.yaml", Path("/app")
    own.write_text(Y.format(model=MODEL, base="http://127.0.0.1:8000", key=KEY))
    other.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", str(other)], check=True)
    volume = ["-v", f"{own}:/app/config.yaml:ro"]
    with container((["--network", "host"], VLLM), (["--network", "host", *volume], LITELLM)):
        until(lambda: answers("http://127.0.0.1:4000/health/liveliness"), "LiteLLM")
        until(lambda: answers("http://127.0.0.1:8000/version"), "vLLM")
        machine.ask("host network", settings("http://127.0.0.1:4000"))
        (other / "config.yaml").write_text(Y.format(model="x", base="http://10.1.2.3:9999", key="sk-another-stack-1"))
        machine.ask("host network, another stack's YAML at that path here", settings("http://127.0.0.1:4000"))
    subprocess.run(["umount", str(other)], check=True)


def podman(machine):
    """Run a vLLM by podman, from the same root."""
    _by_podman(machine, "podman, host network", ["--network", "host"], 8000)
    _by_podman(machine, "podman, -p 8001:8000", ["-p", "127.0.0.1:8001:8000"], 8001)


def _by_podman(machine, name, options, port):
    store = ["--root", f"{machine.folder}/podman", "--runroot", "/run/podman", "--cgroup-manager", "cgroupfs"]
    run = ["podman", *store, "run", "-d", *options, "--rootfs", str(machine.root), *VLLM]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    if done.returncode:
        machine.results.append({"name": name, "skipped": (done.stderr.strip().splitlines() or ["no reason"])[-1][:160]})
        return
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/version"), "podman's vLLM")
        machine.ask(name, settings(f"http://127.0.0.1:{port}", "dummy"))
    finally:
        subprocess.run(["podman", *store, "rm", "-f", "-t", "0", done.stdout.strip()], capture_output=True, check=False)


def rootless(machine):
    """Run a vLLM by podman as a plain user, whose ports are published by rootlessport."""
    store = Path(tempfile.mkdtemp(dir=machine.folder))
    home, own = store / "home", store / "root"
    home.mkdir()
    image.build(own)
    _make_user("lab", store)
    for folder in (store, Path("/run/user") / str(PLAIN_USER)):
        folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["chown", "-R", f"{PLAIN_USER}:{PLAIN_USER}", store, f"/run/user/{PLAIN_USER}"], check=True)
    subprocess.run(["mount", "--make-rshared", "/"], check=True)
    as_user = ["setpriv", "--reuid", str(PLAIN_USER), "--regid", str(PLAIN_USER), "--clear-groups"]
    environ = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": f"/run/user/{PLAIN_USER}"}
    podman = [*as_user, "podman", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
    run = [*podman, "run", "-d", "--cgroups=disabled", "-p", "127.0.0.1:8001:8000", "--rootfs", str(own), *VLLM]
    done = subprocess.run(run, env=environ, cwd=home, capture_output=True, text=True, check=False)
    name = "rootless podman, -p 8001:8000"
    if done.returncode:
        machine.results.append({"name": name, "skipped": (done.stderr.strip().splitlines() or ["no reason"])[-1][:160]})
        return
    try:
        until(lambda: answers("http://127.0.0.1:8001/version"), "the published port")
        machine.ask(name, settings("http://127.0.0.1:8001", "dummy"))
        machine.ask(f"{name}, nothing configured")
    finally:
        end = [*podman, "rm", "-f", "-t", "0", done.stdout.strip()]
        subprocess.run(end, env=environ, cwd=home, capture_output=True, check=False)


def _make_user(name, folder):
    """Let this namespace know a plain user with ids of its own, and let that user make networks."""
    lines = {
        "passwd": f"{name}:x:{PLAIN_USER}:{PLAIN_USER}::{folder}/home:/bin/sh\n",
        "group": f"{name}:x:{PLAIN_USER}:\n",
        "subuid": f"{name}:100000:65536\n",
        "subgid": f"{name}:100000:65536\n",
    }
    for file, line in lines.items():
        known = Path("/etc") / file
        if not known.exists():
            raise RuntimeError(f"no /etc/{file}: Debian's package uidmap is not installed")
        (folder / file).write_text(known.read_text() + line)
        subprocess.run(["mount", "--bind", folder / file, known], check=True)
    for device, minor in (("/dev/net/tun", "200"), ("/dev/fuse", "229")):
        ours = folder / Path(device).name
        subprocess.run(["mknod", "-m", "666", ours, "c", "10", minor], check=True)
        subprocess.run(["mount", "--bind", ours, device], check=True)


def unproxied(machine):
    """Run a vLLM beside a daemon that was started with ``--userland-proxy=false``."""
    with container((["-p", "127.0.0.1:8001:8000"], VLLM)):
        until(lambda: answers("http://127.0.0.1:8001/version"), "the published port")
        machine.ask("no docker-proxy, -p 8001:8000", settings("http://127.0.0.1:8001", "dummy"))
        machine.ask("no docker-proxy, -p 8001:8000, nothing configured")
    with container((["-p", "127.0.0.1:8001:8000"], [*VLLM, "--loads", "600"])):
        until(lambda: _runs("vllm"), "the process of vLLM")
        config = settings("http://127.0.0.1:8001", "dummy")
        machine.ask("no docker-proxy, vLLM that loads", config)
        asked = {"DOCKER_HOST": os.environ["DOCKER_HOST"]}
        machine.ask("no docker-proxy, vLLM that loads, Docker asked", config, environ=asked)


def address(name):
    """Return the address of a container in its network."""
    return docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)


def _runs(program):
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.endswith(b"/" + program.encode()) for word in words[:3]):
                return True
    return False


SCENES = (published, loading, hidden, composed, host_network, podman, rootless)
WITHOUT_PROXY = (unproxied,)
"""For a daemon of its own."""


def log_scenes():
    """Return the scenes in which logs are followed; they need this module."""
    import logscenes

    return logscenes.composed_logs, logscenes.podman_logs


def main():
    """Run all scenes; one that cannot be built is a result with the reason."""
    out = Path(sys.argv[1])
    wanted = sys.argv[2:]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        root = folder / "root"
        image.build(root)
        image.load(root)
        machine = Machine(folder, root)
        for scene in (*SCENES, *log_scenes(), *WITHOUT_PROXY):
            if scene.__name__ not in wanted if wanted else scene in WITHOUT_PROXY:
                continue
            try:
                scene(machine)
            except RuntimeError as error:
                machine.results.append({"name": scene.__name__, "failed": str(error)})
        out.write_text(json.dumps(machine.results, indent=1))


if __name__ == "__main__":
    os.umask(0o022)
    main()
