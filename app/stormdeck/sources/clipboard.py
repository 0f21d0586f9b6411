"""Copy to the clipboard inside tmux, which by default blocks a program's own access (``set-clipboard external``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

TIMEOUT_S = 5.0


def tmux_clipboard(environ: Mapping[str, str]) -> Callable[[str], None] | None:
    """Return a function that copies a text to tmux's buffer and the terminal's clipboard; ``None`` outside tmux.

    It returns at once. The text goes through a pipe, never onto a command line. ``-w`` needs tmux 3.2.
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
