"""The client's version, from its files."""

import json
import os

import pytest

from stormdeck.sources.client.version import find_client_version


def transcript(home, version, at, name="a"):
    path = home / ".claude" / "projects" / "-p" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [{"type": "summary"}, {"type": "user", "version": "0.0.1"}, {"type": "user", "version": version}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(path, (at, at))
    return path


def package(folder, version, at, name="@anthropic-ai/claude-code"):
    folder.mkdir(parents=True)
    for file, text in (("package.json", json.dumps({"name": name, "version": version})), ("cli.js", "#!/bin/false")):
        (folder / file).write_text(text)
        os.utime(folder / file, (at, at))
    return folder / "cli.js"


def on_path(home, program):
    link = home / "bin" / "claude"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(program)
    return str(link.parent)


def find(home, search_path="", output=None):
    return find_client_version(home / ".claude", home, search_path, output)


def test_what_the_user_says_counts(tmp_path):
    transcript(tmp_path, "2.1.42", 1000)
    assert find(tmp_path, output="2.0.76").version == "2.0.76"


def test_nothing_found_is_said_with_the_version_that_is_assumed(tmp_path):
    found = find(tmp_path)
    assert found.version is None
    assert "2.1.329" in found.how


def test_the_newest_line_of_the_newest_transcript_gives(tmp_path):
    transcript(tmp_path, "2.1.41", 1000, "old")
    newest = transcript(tmp_path, "2.1.112", 2000, "new")
    found = find(tmp_path)
    assert (found.version, str(newest) in found.how) == ("2.1.112", True)


def test_a_package_is_found_behind_the_link_on_the_path(tmp_path):
    program = package(tmp_path / "lib" / "node_modules" / "@anthropic-ai" / "claude-code", "2.1.112", 1000)
    assert find(tmp_path, on_path(tmp_path, program)).version == "2.1.112"


def test_a_native_program_is_recognised_by_its_name_and_never_run(tmp_path):
    program = tmp_path / "versions" / "2.1.329"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ntouch ran\n")
    program.chmod(0o755)
    assert find(tmp_path, on_path(tmp_path, program)).version == "2.1.329"
    assert not (tmp_path / "ran").exists()


def test_the_local_installation_is_found_without_a_path(tmp_path):
    package(tmp_path / ".claude" / "local" / "node_modules" / "@anthropic-ai" / "claude-code", "1.0.128", 1000)
    assert find(tmp_path).version == "1.0.128"


@pytest.mark.parametrize(("installed", "expected"), [(3000, "2.1.329"), (1000, "2.1.112")], ids=["newer", "older"])
def test_an_installation_counts_when_it_is_newer_than_the_last_transcript(tmp_path, installed, expected):
    transcript(tmp_path, "2.1.112", 2000)
    program = package(tmp_path / "lib", "2.1.329", installed)
    assert find(tmp_path, on_path(tmp_path, program)).version == expected


STRANGE = {
    "another package": ("2.1.1", "something-else"),
    "no version": ("latest", "@anthropic-ai/claude-code"),
}


@pytest.mark.parametrize(("version", "name"), STRANGE.values(), ids=STRANGE)
def test_another_program_of_that_name_says_nothing(tmp_path, version, name):
    program = package(tmp_path / "lib", version, 1000, name)
    assert find(tmp_path, on_path(tmp_path, program)).version is None


def test_broken_things_say_nothing(tmp_path):
    folder = tmp_path / ".claude" / "projects" / "-p"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(b"\xff\x00 not json\n" * 100)
    (folder / "b.jsonl").mkdir()
    loop = tmp_path / "bin" / "claude"
    loop.parent.mkdir()
    loop.symlink_to(loop)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "package.json").write_text("{")
    assert find(tmp_path, f"{loop.parent}:/nowhere:relative").version is None
