"""A scratch home with a project, and commands run in it."""

import io
import sys

from stormdeck.__main__ import main


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Home:
    """One home; commands run in this process, as with ``--home`` and ``--project``."""

    def __init__(self, folder, capsys, monkeypatch):
        self.folder = folder
        self.project = folder / "project"
        self.project.mkdir()
        self.settings = folder / ".claude" / "settings.json"
        self.local = self.project / ".claude" / "settings.local.json"
        self.shared = self.project / ".claude" / "settings.json"
        self.managed = folder / "etc" / "claude-code" / "managed-settings.json"
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def write(self, text, file=None):
        file = file or self.settings
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def run(self, *argv):
        """Run a command; return its exit code, stdout and stderr."""
        self._capsys.readouterr()
        command, *rest = argv
        code = main([command, "--home", str(self.folder), "--project", str(self.project), *rest])
        return (code, *self._capsys.readouterr())

    def at_terminal(self, answer, *argv):
        """Run a command for a user who answers its question; stdout stays a pipe."""
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Terminal(answer))
            patch.setattr(sys, "stderr", Terminal())
            code, out, _ = self.run(*argv)
            return code, out, sys.stderr.getvalue()

    def backups(self):
        folder = self.folder / ".local" / "state" / "stormdeck" / "backups"
        return sorted(folder.iterdir()) if folder.exists() else []
