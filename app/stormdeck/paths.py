"""Locate the stylesheets and all user files.

The client's folder depends on ``--home``, ``--project`` and ``CLAUDE_CONFIG_DIR``; the panel's own files follow XDG.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def _styles() -> Path:
    """Return the folder of stylesheets: in the package when installed, beside ``app/`` in a checkout."""
    packaged = _HERE / "styles"
    return packaged if packaged.is_dir() else _HERE.parents[1] / "styles"


STYLES = _styles()
"""The folder of ``.tcss`` files."""


def managed_settings(platform: str = sys.platform) -> Path:
    """Return where Claude Code reads an administrator's settings on this system."""
    folder = "/Library/Application Support/ClaudeCode" if platform == "darwin" else "/etc/claude-code"
    return Path(folder) / "managed-settings.json"


@dataclass(frozen=True, slots=True)
class UserPaths:
    """Every path outside the package that stormdeck reads or writes, for one home and one project."""

    home: Path
    project: Path
    claude: Path
    """The client's folder: ``CLAUDE_CONFIG_DIR``, else ``HOME/.claude``."""
    config: Path
    """The panel's own options file; it need not exist."""
    state: Path
    """The panel's own state folder; it need not exist."""
    managed: Path
    """The client's managed settings, set by an administrator; inside the home if one was given."""
    client_state: Path
    """The client's state file: ``.claude.json`` in the home, or in ``CLAUDE_CONFIG_DIR``."""

    @property
    def user_settings(self) -> Path:
        """The client's user settings."""
        return self.claude / "settings.json"

    @property
    def project_settings(self) -> Path:
        """The client's project settings, shared with the team."""
        return self.project / ".claude" / "settings.json"

    @property
    def local_settings(self) -> Path:
        """The client's project settings of this user only."""
        return self.project / ".claude" / "settings.local.json"

    @property
    def credentials(self) -> Path:
        """The client's login, on systems without a keychain."""
        return self.claude / ".credentials.json"

    @property
    def theme(self) -> Path:
        """File with the theme chosen in the panel."""
        return self.state / "theme"

    @property
    def choices(self) -> Path:
        """File with the panels, the density and the interval chosen in the panel."""
        return self.state / "choices.json"

    @property
    def panels(self) -> Path:
        """Folder in which running panels publish their status."""
        return self.state / "panels"

    @property
    def wire(self) -> Path:
        """Folder in which running recorders note what passes."""
        return self.state / "wire"

    @property
    def trusted(self) -> Path:
        """File with the folders that the user trusted in the panel, and for which servers."""
        return self.state / "trusted.json"

    @property
    def profiles(self) -> Path:
        """Folder with the user's profiles, beside the options file."""
        return self.config.parent / "profiles"

    @property
    def layouts(self) -> Path:
        """Folder with how settings files looked with each profile."""
        return self.state / "layouts"

    @property
    def agreed_logs(self) -> Path:
        """File with the logs that the user agreed to follow, although a program has to be run for them."""
        return self.state / "logs.json"

    @property
    def backups(self) -> Path:
        """Folder for copies of settings files, made before each write."""
        return self.state / "backups"


def user_paths(environ: Mapping[str, str], home: Path | None = None, project: Path | None = None) -> UserPaths:
    """Return the paths for an environment.

    ``home`` replaces ``~``. With it, ``CLAUDE_CONFIG_DIR`` and the XDG variables are ignored, so that a scratch home
    is never mixed with the real one.

    >>> user_paths({}, Path("/home/me"), Path("/src")).user_settings
    PosixPath('/home/me/.claude/settings.json')
    """
    managed = managed_settings(sys.platform)
    if home is not None:
        environ = {}
        managed = home / managed.relative_to("/")
    base = home if home is not None else Path.home()
    own_folder = environ.get("CLAUDE_CONFIG_DIR", "")
    claude = Path(own_folder) if own_folder else base / ".claude"
    config = _xdg(environ, "XDG_CONFIG_HOME", base / ".config")
    state = _xdg(environ, "XDG_STATE_HOME", base / ".local" / "state")
    return UserPaths(
        home=base,
        project=project if project is not None else Path.cwd(),
        claude=claude,
        config=config / "stormdeck" / "config.yaml",
        state=state / "stormdeck",
        managed=managed,
        client_state=(claude if own_folder else base) / ".claude.json",
    )


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """Return an XDG base folder. The specification requires relative values to be ignored."""
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else default
