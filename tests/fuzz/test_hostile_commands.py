"""What the commands print of outside text is text: in people's form and in JSON, on stdout and on stderr."""

import json
from contextlib import suppress

import pytest
from hostile import HOSTILE, forbidden_in

import samples
from stormdeck.__main__ import main

TEXT = "".join(HOSTILE.values())
NAME = TEXT.replace("\0", "").replace("/", "").replace("\ud800", "").replace("\n", "")
"""As much of it as a file's name can hold."""
CLOSED = "http://127.0.0.1:1"


@pytest.fixture
def home(tmp_path):
    """Return a home in which settings, YAML, log, transcript and file names are hostile."""
    settings = tmp_path / ".claude" / "settings.json"
    settings.parent.mkdir()
    env = {"ANTHROPIC_BASE_URL": f"{CLOSED}/{TEXT}", "ANTHROPIC_MODEL": TEXT, "API_TIMEOUT_MS": TEXT, TEXT: TEXT}
    settings.write_text(json.dumps({"model": TEXT, TEXT: TEXT, "env": env}))
    yaml = {"model_list": [{"model_name": TEXT, "litellm_params": {"model": f"openai/{TEXT}", TEXT: TEXT}}], TEXT: TEXT}
    (tmp_path / f"{NAME}.yaml").write_text(json.dumps(yaml))
    raw = TEXT.encode("utf-8", "surrogatepass").replace(b"\n", b" ")
    failure = samples.FAILURE.replace("EngineCore", "Engine \x1b[31mCore\u202e").encode()
    refused = samples.REFUSED.encode() + b" " + raw
    (tmp_path / f"{NAME}.log").write_bytes(b"\n".join([raw, failure, refused] * 4))
    broken = tmp_path / "project" / ".claude" / "settings.local.json"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b'{"a": ' + raw)
    (tmp_path / f"{NAME}.jsonl").write_bytes(b'{"t": 1, "line": ' + raw)
    return tmp_path


COMMANDS = {
    "check": ["check", "--offline", "--litellm-config", "{home}/{name}.yaml"],
    "check as JSON": ["check", "--offline", "--json", "--litellm-config", "{home}/{name}.yaml"],
    "check of a broken file": ["check", "--offline", "--settings", "{home}/project/.claude/settings.local.json"],
    "analyze": ["analyze", "{home}/{name}.log"],
    "analyze as JSON": ["analyze", "--json", "{home}/{name}.log"],
    "analyze of nothing": ["analyze", "{home}/{name}"],
    "explain": ["explain", "API Error: 404 {text}"],
    "explain nothing": ["explain", "{text}"],
    "set": ["set", "env.ANTHROPIC_MODEL", "{text}", "--dry-run"],
    "set another name": ["set", "{text}", "{text}", "--dry-run"],
    "use": ["use", "{text}"],
    "use --save": ["use", "--save={text}"],
    "unset": ["unset", "env.{text}", "--dry-run"],
    "status": ["status", "--vllm", CLOSED, "--proxy", CLOSED, "--log", "{home}/{name}.log"],
    "config": ["config", "print", "--log", "{home}/{name}.log"],
    "a wrong option": ["status", "--vllm", "{text}"],
    "a wrong command": ["{text}"],
    "replay": ["replay", "{home}/{name}.jsonl"],
}


@pytest.mark.parametrize("argv", COMMANDS.values(), ids=list(COMMANDS))
def test_what_is_printed_can_be_shown(home, argv, capsys, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home / "project")
    given = [part.replace("{home}", str(home)).replace("{name}", NAME).replace("{text}", TEXT) for part in argv]
    if argv[0] in {"check", "set", "unset"}:
        given[1:1] = ["--home", str(home), "--project", str(home / "project")]
    with suppress(SystemExit):
        main(given)
    written = capsys.readouterr()
    assert written.out or written.err
    for line in (written.out + written.err).split("\n"):
        assert not forbidden_in(line), repr(line)
