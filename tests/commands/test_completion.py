"""``stormdeck completion``: the scripts, run in the shells that they are for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stormdeck.__main__ import main
from stormdeck.commands.completion import SHELLS, script
from stormdeck.commands.parsers import build
from stormdeck.model.rules.registry import RULES
from stormdeck.model.settings.fields import FIELDS

WORDS = {
    "st": {"status"},
    "--vllm http://a:8000 che": {"check"},
    "config pr": {"print"},
    "status --form": {"--format"},
    "status --format ": {"tmux", "statusline", "json"},
    "explain URL10": {rule.code for rule in RULES if rule.code.startswith("URL10")},
    "set env.ANTHROPIC_B": {"env.ANTHROPIC_BASE_URL"},
    "unset mod": {field.path for field in FIELDS if field.path.startswith("mod")},
    "set --scope ": {"user", "project", "local"},
    "completion ": set(SHELLS),
    "us": {"use", "usage"},
    "usage --si": {"--since"},
    "use --sco": {"--scope"},
    "use --scope l": {"local"},
    "--density ": {"normal", "compact"},
    "--notify os": {"osc9", "osc777"},
    "--theme rose": {"rose-pine", "rose-pine-dawn", "rose-pine-moon"},
    "--theme h": {"high-contrast"},
    "check --only FILE70": {rule.code for rule in RULES if rule.code.startswith("FILE70")},
    "check --skip TR": {"TRAFFIC", *(rule.code for rule in RULES if rule.family == "TRAFFIC")},
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """Return the file of each shell's script."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in SHELLS:
        (folder / shell).write_text(script(shell, build({})))
    return folder


def run(shell, *arguments):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, *arguments], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_bash_completes_every_kind_of_word(scripts):
    tries = "\n".join(
        f"COMP_WORDS=(stormdeck {line.strip()}{' ' + repr('') if line.endswith(' ') else ''}); "
        'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _shtab_stormdeck; echo "${COMPREPLY[*]}"'
        for line in WORDS
    )
    output = run("bash", "--norc", "-c", f"source {scripts / 'bash'}; {tries}")
    assert [set(line.split()) for line in output.splitlines()] == list(WORDS.values())


def test_bash_completes_files_and_folders(scripts, tmp_path):
    (tmp_path / "some.log").touch()
    (tmp_path / "some.folder").mkdir()
    tries = "".join(
        f"COMP_WORDS=(stormdeck {flag} {tmp_path}/so); COMP_CWORD=2; _shtab_stormdeck 2>/dev/null; "
        'printf "%s\\n" "${COMPREPLY[@]}"; echo; '
        for flag in ("--log", "--project")
    )
    files, folders, _ = run("bash", "--norc", "-c", f"source {scripts / 'bash'}; {tries}").split("\n\n")
    assert set(files.split()) == {f"{tmp_path}/some.log", f"{tmp_path}/some.folder"}
    assert folders.split() == [f"{tmp_path}/some.folder"]


def test_fish_completes_every_kind_of_word(scripts):
    lines = " ".join(f"'stormdeck {line}'" for line in WORDS)
    output = run("fish", "--no-config", "-c", f"source {scripts / 'fish'}; for l in {lines}; complete -C $l; echo; end")
    groups = output.removesuffix("\n\n").split("\n\n")
    assert [{line.split("\t")[0] for line in group.splitlines()} for group in groups] == list(WORDS.values())


def test_zsh_reads_it(scripts):
    run("zsh", "-f", "-n", str(scripts / "zsh"))
    text = (scripts / "zsh").read_text()
    assert text.startswith("#compdef stormdeck\n")
    assert "URL101" in text


def test_it_is_printed_and_needs_a_shell_that_is_known(capsys):
    assert main(["completion", "bash"]) == 0
    assert "complete -o" in capsys.readouterr().out
    assert main(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    """Save the profiles ``own`` and ``other`` in a home, with stormdeck on the path of the shells."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    (tmp_path / "s.json").write_text('{"model": "opus"}')
    for name in ("own", "other"):
        assert main(["use", "--save", name, "--settings", str(tmp_path / "s.json")]) == 0


def test_bash_completes_the_names_of_profiles(scripts, profiles):
    tries = "".join(
        f'COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _shtab_stormdeck; echo "${{COMPREPLY[*]}}"; '
        for line in ("stormdeck use o", "stormdeck use --save ow", "stormdeck use h")
    )
    output = run("bash", "--norc", "-c", f"source {scripts / 'bash'}; {tries}").splitlines()
    assert [set(line.split()) for line in output] == [{"own", "other"}, {"own"}, {"hosted"}]


def test_fish_completes_the_names_of_profiles(scripts, profiles):
    lines = "'stormdeck use o' 'stormdeck use --save ow'"
    output = run("fish", "--no-config", "-c", f"source {scripts / 'fish'}; for l in {lines}; complete -C $l; echo; end")
    groups = output.removesuffix("\n\n").split("\n\n")
    assert [{line.split("\t")[0] for line in group.splitlines()} for group in groups] == [{"own", "other"}, {"own"}]


def test_zsh_asks_stormdeck_for_the_names_of_profiles(scripts):
    assert "$(stormdeck use --names)" in (scripts / "zsh").read_text()
