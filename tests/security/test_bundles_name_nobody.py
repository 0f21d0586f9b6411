"""A bundle contains no host, path, person, model folder, log name, package or class that is not public."""

import json
import os
import re
from collections import Counter

import planted
import pytest

from alone import discover_named
from command_home import Home
from log_sources import program
from stormdeck.commands.check import servers
from stormdeck.model.litellm.config import Node
from stormdeck.model.masking.configured import secrets_of
from stormdeck.model.masking.redaction.identities import Identities
from stormdeck.model.masking.redaction.redactor import Redactor
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.sources.litellm_yaml import parse_proxy_config
from stormdeck.sources.recordings.entry import Recorded, write_recorded

ACME = re.compile(r"acme|johndoe|alice|merger|corp\.example|fe80|10\.9\.8\.7", re.IGNORECASE)
"""What nobody else's machine would hold."""
POST = '"POST /v1/messages?beta=true HTTP/1.1"'
LOG = [
    f"INFO:     alice-laptop.corp.example:40001 - {POST} 500 Internal Server Error",
    f"INFO:     alice:40002 - {POST} 200 OK",
    f"INFO:     fe80::1%eth0-acmehost:40003 - {POST} 200 OK",
    f"INFO:     10.9.8.7:40004 - {POST} 200 OK",
    'INFO:     127.0.0.1:1 - "GET /acme/secret?merger=1 HTTP/1.1" 404',
    'INFO:     127.0.0.1:1 - "ACME /v1/models HTTP/1.1" 404',
    "18:22:01 - LiteLLM Proxy:ERROR: acme_hooks.py:7 - AcmeMergerJohnDoeError: no",
    "18:22:01 - LiteLLM Acme:ERROR: utils.py:7 - acme_internal.errors.MergerTimeout: no",
    "ERROR 11-20 18:22:01 [acme_model.py:214] acme.JohnDoeException in /data/acme/x",
    "Traceback (most recent call last):",
    '  File "/opt/venv/lib/python3.11/site-packages/acme_merger_internal/secret_mod.py", line 3, in pay_johndoe',
    '  File "/opt/venv/lib/python3.11/site-packages/litellm/main.py", line 3, in acompletion',
    '  File "/usr/lib/python3.11/asyncio/tasks.py", line 3, in run',
    "ERROR:    deployment acme-merger-1 in cooldown; Input should be a valid AcmeMerger",
    (
        "INFO 11-20 18:22:01 [loggers.py:335] Engine 000: Avg prompt throughput: 1.0 tokens/s, Avg generation "
        "throughput: 2.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, Acme Merger: 4.5%"
    ),
]
SETTINGS = {
    "model": "/data/acme merger/models/JohnDoe-ft",
    "env": {
        "ANTHROPIC_BASE_URL": "http://acme-gw.corp.example:8000/acme/v1",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "/data/acme-merger/models/JohnDoe-ft",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "acme/JohnDoe-Qwen3.5-27B-ft",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen/Qwen3.5-27B",
        "ANTHROPIC_DEFAULT_SONNET_MODEL_NAME": "Acme merger model",
        "API_TIMEOUT_MS": "ask johndoe",
        "CLAUDE_CODE_MAX_RETRIES": "acme",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "alice said so",
        "ANTHROPIC_CUSTOM_HEADERS": "X-Team: some-other-words",
        "ACME_TEAM": "x",
        "MY_ACME_TOKEN": "another-secret-word",
    },
    "acmeStuff": {"merger": {"johndoe": 1}},
    "mcpServers": {"acme-jira": {"command": "/opt/acme/run"}},
    "statusLine": {"type": "command", "command": "acme-status"},
    "apiKeyHelper": "/home/johndoe/bin/key",
}


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(servers, "discover", discover_named)
    folder = tmp_path / "acme"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Home(folder, capsys, monkeypatch)


def made(home, *more):
    out = home.folder / "out"
    code, found, err = home.run("bundle", "--no-gpu", "--yes", "--out", str(out), *more)
    assert code == 0, (found, err)
    return {path.name: path.read_text() for path in out.iterdir()}


@pytest.mark.attack("a stack whose hosts, folders, models, hooks and log names tell whose it is", "a bundle tells none")
def test_nothing_gives_whose_it_is(home):
    home.write(json.dumps(SETTINGS, indent=1))
    log = home.write("\n".join(LOG) + "\n", home.folder / "acme-merger.log")
    lines = [Recorded(1000.0 + at, line, "acme-merger.log") for at, line in enumerate(LOG)]
    recording = home.write("\n".join(map(write_recorded, lines)) + "\n", home.folder / "johndoe.jsonl")
    yaml = home.write(
        "model_list:\n- model_name: acme-coder\n  litellm_params:\n    model: hosted_vllm//data/acme/JohnDoe-ft\n"
        "    api_base: http://gpu.corp.example:8000/acme\n",
        home.folder / "acme.yaml",
    )
    files = made(home, "--log", str(log), "--recording", str(recording), "--litellm-config", str(yaml))
    found = {name: sorted(set(ACME.findall(text))) for name, text in files.items() if ACME.search(text)}
    assert found == {}, "\n".join(line for text in files.values() for line in text.splitlines() if ACME.search(line))
    assert "Qwen/Qwen3.5-27B" in files["settings.json"]
    assert "litellm/main.py" in files["log-1.txt"]
    assert "asyncio/tasks.py" in files["log-1.txt"]


@pytest.mark.attack("ssh and exporters name machines that the user's own alias does not", "a bundle names none")
@pytest.mark.parametrize(
    "message",
    [
        "ssh: connect to host gpu7.corp.example port 22: Connection refused",
        "ssh: Could not resolve hostname acme-gpu: Name or service not known",
        "johndoe@acme-gpu: Permission denied (publickey).",
        "Connection closed by 10.9.8.7 port 22",
        "Connection reset by fe80::1%eth0 port 22",
        "Connection to acme-gpu port 22 timed out",
        "banner exchange: Connection to acme port 22: Broken pipe",
        "Bad owner or permissions on /home/johndoe/.ssh/config",
    ],
)
def test_what_ssh_and_exporters_name_is_in_no_bundle(home, monkeypatch, message):
    home.write(json.dumps({}))
    programs = home.folder / "programs"
    programs.mkdir()
    program(programs, "ssh", f"#!/bin/sh\necho '{message}' >&2\nexit 255\n")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    pages = ("--gpu-metrics", "http://acme-dcgm.corp.example:9400/metrics")
    files = made(home, "--host", "alice@merger", *pages, "--prometheus", "http://acme-prom:9090/acme")
    found = {name: sorted(set(ACME.findall(text))) for name, text in files.items() if ACME.search(text)}
    assert found == {}, "\n".join(line for text in files.values() for line in text.splitlines() if ACME.search(line))


def test_hosts_keep_their_ports_and_are_distinguished(home):
    log = home.write("\n".join(LOG[:4]) + "\n", home.folder / "acme-merger.log")
    files = made(home, "--log", str(log))
    assert files["log-1.txt"].splitlines() == [
        f"INFO:     <host-{at}>:4000{at} - {POST} {status}" for at, status in enumerate((500, 200, 200, 200), 1)
    ]
    code, out, _ = home.run("analyze", "--json", str(home.folder / "out" / "log-1.txt"))
    assert code == 0
    assert json.loads(out)["main_requests"] == 4


@pytest.mark.attack("a value of 120 KB that an expression may stumble over, in a known key", "the bundle is made soon")
@pytest.mark.parametrize("piece", ["a.", "a-", "+=", ":", "token-", "a@", "/a", "http://", "::", "1:", "<a", "~/"])
def test_long_values_end_soon(piece):
    """Quadratic expressions took minutes; the run's own limit fails the test then."""
    redact = Redactor(["secret-1"], Identities("/home/anna", "/home/anna/x", ("anna",), "here-1"))
    for size in (19_000, 120_000):
        redact.tree({"model": piece * (size // len(piece))}, Counter())


@pytest.mark.attack(
    "YAML aliases that unfold to 9 to the 11th nodes", "each node is visited once for each sort of place"
)
def test_an_alias_bomb_is_read_once():
    visited = 0

    class Counted(dict):
        def get(self, name, default=""):
            nonlocal visited
            visited += 1
            return default

    rows = ["a0: &a0 [os.environ/X, os.environ/Y]"]
    rows += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    config = parse_proxy_config("\n".join([*rows, "token: *a11"]), "bomb.yaml")
    assert isinstance(config.root, Node)
    secrets_of(SettingsSnapshot(), Counted(), config)
    assert visited <= 4


def test_secrets_in_each_place_are_in_no_bundle(home):
    token = planted.Tokens()
    home.write(json.dumps(planted.settings(token, "user")))
    yaml = home.write(planted.yaml(token), home.folder / "config.yaml")
    log = home.write("\n".join(planted.log(token)) + "\n", home.folder / "litellm.log")
    files = made(home, "--log", str(log), "--litellm-config", str(yaml))
    assert {name: seen for name, text in files.items() if (seen := token.seen(text))} == {}
