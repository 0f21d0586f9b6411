"""The clipboard inside tmux, which by default keeps a program from the terminal's (``set-clipboard external``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

TIMEOUT_S = 5.0


def tmux_clipboard(environ: Mapping[str, str]) -> Callable[[str], None] | None:
    """Return what puts a text into tmux's buffer and from there into the terminal's clipboard; outside tmux nothing.

    It returns at once. The text goes through a pipe, never onto a command line. ``-w`` is of tmux 3.2.
    """
    return _put if environ.get("TMUX") else None


def _put(text: str) -> None:
    import threading

    threading.Thread(target=_load, args=(text,), name="clipboard", daemon=True).start()


def _load(text: str) -> None:
    import subprocess

    for command in (["tmux", "load-buffer", "-w", "-"], ["tmux", "load-buffer", "-"]):
        try:
            done = subprocess.run(  # noqa: S603 - fixed words
                command, input=text.encode(), check=False, capture_output=True, timeout=TIMEOUT_S
            )
        except (OSError, subprocess.SubprocessError):
            return
        if done.returncode == 0:
            return
