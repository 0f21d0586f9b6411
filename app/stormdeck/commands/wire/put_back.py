"""Set the address of a ``tap`` in the user's settings, and put back what was there before, even if it is killed.

A child waits for the end of the ``tap``, in a session of its own, so that what kills the one spares the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from stormdeck.commands.client_settings import read
from stormdeck.commands.edit import one_value
from stormdeck.commands.edit.steps import Manner
from stormdeck.commands.exit_codes import SUCCESS
from stormdeck.model.settings.scope import Scope, SettingsSnapshot
from stormdeck.model.settings.trust import BASE_URL
from stormdeck.options import Options
from stormdeck.paths import user_paths

_NAME = BASE_URL.removeprefix("env.")


def base_in(settings: SettingsSnapshot) -> str | None:
    """Return the base URL in the user's settings file."""
    user = settings.file(Scope.USER)
    env = user.values.get("env") if user is not None else None
    value = env.get(_NAME) if isinstance(env, dict) else None
    return value if isinstance(value, str) else None


class Address:
    """The address of a recorder in the user's settings, from ``set`` to ``put_back``."""

    def __init__(self, options: Options, environ: Mapping[str, str], base: str, earlier: str | None) -> None:
        self._options, self._environ = options, environ
        self._base, self._earlier = base, earlier
        self._is_set = False
        self._guard: subprocess.Popen[bytes] | None = None

    def set(self) -> None:
        """Set the address, if it is not set yet."""
        if not self._is_set:
            self._start_guard()
            self._is_set = self._write(self._base)
            if not self._is_set:
                self._end_guard()

    def put_back(self) -> None:
        """Put back what was there before, if this program set the address and nobody changed it since."""
        if self._is_set:
            self._is_set = not self._restore()
            if not self._is_set:
                self._end_guard()

    def _restore(self) -> bool:
        paths = user_paths(self._environ, self._options.home, self._options.project)
        if base_in(read(self._options, paths, self._environ)) != self._base:
            return True
        return self._write(self._earlier)

    def _write(self, value: str | None) -> bool:
        request = one_value.Request(_NAME, value, manner=Manner(agreed=True))
        return one_value.run(self._options, self._environ, request) == SUCCESS

    def _start_guard(self) -> None:
        options = self._options
        places = [str(place or "") for place in (options.home, options.project, options.settings)]
        guard = self._guard = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-m", __name__],
            env=dict(self._environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert guard.stdin is not None  # noqa: S101 - for the type checker
        # Not among its arguments, which others can read: a URL may contain a password.
        guard.stdin.write(f"{json.dumps([places, self._base, self._earlier])}\n".encode())
        guard.stdin.flush()

    def _end_guard(self) -> None:
        if self._guard is not None:
            self._guard.communicate(b"done")
            self._guard = None


def main(environ: Mapping[str, str]) -> None:
    """Wait for the end of the program that started this one, and put the setting back if it did not do so itself."""
    places, base, earlier = json.loads(sys.stdin.buffer.readline())
    if sys.stdin.buffer.read():
        return
    home, project, settings = (Path(place) if place else None for place in places)
    address = Address(Options(home=home, project=project, settings=settings), environ, base, earlier)
    address._is_set = True
    address.put_back()


if __name__ == "__main__":
    main(os.environ)
