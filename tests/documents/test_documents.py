"""The documents are true: commands run, settings are sound, links lead somewhere, tables are up to date."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml
from blocks import Command, blocks, commands_in, in_backticks
from fill import DOCS, PARTS, ROOT, RULE_PAGES, TESTS, filled, part, rule_pages

from stormdeck.__main__ import main
from stormdeck.commands.argument_parser import PANEL
from stormdeck.commands.cli import options_for, parse
from stormdeck.commands.parsers import build
from stormdeck.options.declared import BY_NAME

DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))
TEXTS = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in DOCUMENTS}
BLOCKS = [(name, *block) for name, text in TEXTS.items() for block in blocks(text)]
SCRIPTS = [(name, body) for name, kind, body in BLOCKS if kind == "sh"]
CONFIGURATIONS = [(kind, body) for _, kind, body in BLOCKS if kind in {"json", "yaml"}]
INSIDE = re.compile(r'#\((stormdeck [^)]*)\)|"command": "(stormdeck [^"]*)"')
"""What tmux and Claude Code run."""
PARSERS = build({})
COMMANDS = {parser.get_default("command").split()[0] for parser in PARSERS} - {PANEL}
TYPED = [
    *(command for _, body in SCRIPTS for command in commands_in(body)),
    *(Command(words.split()) for text in TEXTS.values() for words in map("".join, INSIDE.findall(text))),
]
SAID = [command for text in TEXTS.values() for command in in_backticks(text)]
NAMED = [command for command in SAID if command.program == "stormdeck" and len(command.words) == 2]
"""Commands that running text names without what they take: `stormdeck replay`."""
WHOLE = list(dict.fromkeys([*TYPED, *(command for command in SAID if command not in NAMED)]))
OURS = [command.words[1:] for command in WHOLE if command.program == "stormdeck"]
MADE = [command.words[1:] for command in WHOLE if command.program == "make"]
OTHERS = {
    "pipx",
    "uv",
    "python3",
    "mkdir",
    "ssh",
    "scp",
    "docker",
    "journalctl",
    "vllm",
    "litellm",
    "fluent-bit",
    "vector",
}
ELSEWHERE = {PANEL, "demo", "replay", "watch", "status", "bundle", "run", "tap"}
"""Commands that need a terminal, an end or servers: here they are parsed; their own tests run them."""


def shown(words):
    return " ".join(words) or "alone"


def runs_here(words):
    """Return whether a command needs neither a terminal nor servers."""
    command = PARSERS[0].parse_known_args(words)[0].command
    asks_servers = (command == "check" and "--offline" not in words) or (command == "explain" and " " in words[1])
    serves = command == "export" and not {"rules", "dashboard"} & set(words)
    return command not in ELSEWHERE and not asks_servers and not serves


def test_commands_are_found():
    assert len(OURS) > 30
    assert len(MADE) > 12
    assert len(list(filter(runs_here, OURS))) > 12


def test_a_command_that_is_named_exists():
    assert {command.words[1] for command in NAMED} <= COMMANDS


@pytest.mark.parametrize("words", OURS, ids=shown)
def test_a_command_is_understood(words, scratch):
    invocation = parse([scratch.word(word) for word in words])
    assert options_for(invocation, os.environ).problems == ()


@pytest.mark.parametrize("words", filter(runs_here, OURS), ids=shown)
def test_a_command_that_needs_no_server_and_no_terminal_runs(words, scratch, capsys):
    code = main([scratch.word(word) for word in words])
    output = capsys.readouterr()
    # `check` ends with 1 where it finds an error, and the scratch home has one.
    assert code in ({0, 1} if words[0] == "check" else {0}), output.err
    assert output.out


@pytest.mark.parametrize("words", MADE, ids=shown)
def test_a_target_of_make_is_there(words):
    done = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_target_of_make_is_documented():
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets - {"help"} <= {word for words in MADE for word in words}


@pytest.mark.parametrize(
    ("name", "script"), SCRIPTS, ids=[f"{name}-{number}" for number, (name, _) in enumerate(SCRIPTS)]
)
def test_a_block_is_what_a_shell_understands(name, script):
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name}: {done.stderr}"
    assert {command.program for command in commands_in(script)} <= OTHERS | {"stormdeck", "make"}


def test_the_settings_and_the_yaml_of_the_recipes_have_no_findings(scratch, capsys):
    (settings,) = [body for kind, body in CONFIGURATIONS if kind == "json" and '"env"' in body]
    (proxy,) = [body for kind, body in CONFIGURATIONS if kind == "yaml" and "model_list" in body]
    (scratch.folder / "s.json").write_text(settings)
    (scratch.folder / "p.yaml").write_text(proxy)
    client = ["--client-version", "2.1.332"]
    assert main(["check", "--offline", "--json", "--settings", "s.json", "--litellm-config", "p.yaml", *client]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_the_recipe_of_profiles_leads_there_and_back(scratch, capsys):
    (settings,) = [body for kind, body in CONFIGURATIONS if kind == "json" and '"env"' in body]
    file = scratch.home / ".claude" / "settings.json"
    file.write_text(settings)
    (script,) = [body for name, body in SCRIPTS if name == "docs/recipes.md" and "use --save" in body]
    states = []
    for command in commands_in(script):
        assert main(command.words[1:]) == 0, capsys.readouterr().err
        states.append(file.read_text())
    saved, hosted, back, _ = states
    assert saved == settings == back
    assert "ANTHROPIC_BASE_URL" not in hosted
    assert "* own" in capsys.readouterr().out


OPTIONS = [body for kind, body in CONFIGURATIONS if kind == "yaml" and next(iter(yaml.safe_load(body))) in BY_NAME]


def test_recipes_for_options_are_found():
    assert len(OPTIONS) >= 2


@pytest.mark.parametrize("body", OPTIONS, ids=lambda body: next(iter(yaml.safe_load(body))))
def test_the_options_of_a_recipe_hold(body, scratch, capsys):
    file = scratch.home / ".config" / "stormdeck" / "config.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(body)
    assert main(["config", "print", "--json"]) == 0, capsys.readouterr().err
    origins = {
        name: output["origin"]["name"] for name, output in json.loads(capsys.readouterr().out)["options"].items()
    }
    assert {name for name, origin in origins.items() if origin == str(file)} == set(yaml.safe_load(body))


def test_what_goes_into_the_clients_settings_is_json():
    assert all(json.loads(body) for kind, body in CONFIGURATIONS if kind == "json")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_tmux_takes_its_lines(tmp_path):
    (body,) = [body for _, kind, body in BLOCKS if kind == "tmux"]
    (tmp_path / "tmux.conf").write_text(body)
    tmux = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    take = [*tmux, "new-session", "-d", "cat", ";", "source-file", str(tmp_path / "tmux.conf")]
    try:
        done = subprocess.run(take, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    finally:
        subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


@pytest.mark.parametrize("name", PARTS)
def test_a_generated_part_has_its_place(name):
    file, _ = PARTS[name]
    assert part(file.read_text(encoding="utf-8"), name) is not None


@pytest.mark.parametrize("name", PARTS)
def test_a_generated_part_is_up_to_date(name):
    file, _ = PARTS[name]
    assert filled(name) == file.read_text(encoding="utf-8"), "run `make readme`"


def test_the_rule_pages_are_up_to_date():
    files = {file.name: file.read_text(encoding="utf-8") for file in RULE_PAGES.iterdir()}
    assert files == rule_pages(), "run `make readme`"


def test_a_rule_page_has_the_headings_that_readers_of_linters_know():
    headings = {name: re.findall(r"^## (.*)", text, re.MULTILINE) for name, text in rule_pages().items()}
    assert headings.pop("README.md") == list(dict.fromkeys(map(family_of, headings)))
    required = ["What it does", "Why it matters", "What you see", "Fix", "Applies to", "Evidence"]
    assert {name for name, found in headings.items() if [one for one in found if one != "Example"] != required} == set()


def family_of(name):
    return name.rstrip("0123456789.md")


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_somewhere(name):
    pictures = re.findall(r'<img src="([^"]*)"', TEXTS[name])
    for target in [*pictures, *re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", TEXTS[name])]:
        assert "://" in target or not target or ((ROOT / name).parent / target).is_file(), target


def test_every_command_and_every_folder_of_tests_is_documented():
    table = TEXTS["docs/commands.md"]
    assert {name for name in COMMANDS - {"demo"} if f"`stormdeck {name}" not in table} == set()
    folders = {file.name for file in TESTS.iterdir() if _has_files(file) and not file.name.startswith(("_", "."))}
    assert {name for name in folders if f"`tests/{name}`" not in TEXTS["CONTRIBUTING.md"]} == set()


def _has_files(folder):
    """Return whether a folder holds more than what Python has compiled."""
    return any(file.is_file() and file.suffix != ".pyc" for file in folder.rglob("*"))
