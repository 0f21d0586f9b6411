"""A home and a folder in which the documents' commands can be run."""

import pytest

from places import RECORDINGS

RECORDING = RECORDINGS / "500x2_ok_2.1.42" / "access.lines.jsonl"
LOGS = ("vllm.log", "litellm.log", "vllm-a.log", "vllm-b.log", "today.jsonl")
PLACEHOLDERS = {"CODE": "URL101", "FOLDER": "."}


class Scratch:
    """A folder with what the documents name: logs, a recording, a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        (self.home / ".claude" / "projects").mkdir(parents=True)
        (self.home / "other-project").mkdir()
        (self.home / ".claude" / "settings.json").write_text('{"model": "opus"}\n')
        profiles = self.home / ".config" / "stormdeck" / "profiles"
        profiles.mkdir(parents=True)
        (profiles / "own.json").write_text('{"version": 1, "settings": {"model": "haiku"}}')
        (profiles / "own.json").chmod(0o600)
        for name in LOGS:
            (folder / name).write_bytes(RECORDING.read_bytes())

    def word(self, word):
        """Return a word as a shell would expand it, with placeholders filled in."""
        return str(self.home) + word[1:] if word.startswith("~/") else PLACEHOLDERS.get(word, word)


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Return the folder; it is the current one, and its home is the user's."""
    made = Scratch(tmp_path)
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.chdir(tmp_path)
    return made
