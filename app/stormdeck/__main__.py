"""The program: read the command line and import only what its command needs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False  # typing is slow to import and nothing else here needs it
if TYPE_CHECKING:
    from typing import TextIO

    from stormdeck.options import Options

FAILED = 2
"""For an error that nobody expected."""
INTERRUPTED = 130
"""What a shell makes of SIGINT."""
NO_READER = 141
"""What a shell makes of SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; nothing but that code leaves, whatever happens."""
    from stormdeck.commands.output import OutputError, flush, write_err

    _never_fail_to_print()
    try:
        code = _run_safely(sys.argv[1:] if argv is None else argv)
        flush()
        if argv is None and "textual" in sys.modules:
            _leave(code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop(sys.stdout)
        return NO_READER
    except OutputError as error:
        _drop(sys.stdout)
        write_err(f"stormdeck: standard output cannot be written: {error}.")
        return FAILED
    finally:
        _let_stderr_go()
    return code


def _run_safely(argv: Sequence[str]) -> int:
    """Run a command line; an error that nobody expected is told, and has an exit code."""
    from stormdeck.commands.output import OutputError

    try:
        return _run(argv)
    except (BrokenPipeError, OutputError):
        raise
    except Exception as error:
        return _report(error, argv)


def _run(argv: Sequence[str]) -> int:
    if argv[:1] == ["status"]:
        # A status bar asks every few seconds: nothing of what follows is imported when a running panel answers.
        from stormdeck.commands.status.fast_path import answered

        code = answered(argv, os.environ)
        if code is not None:
            return code
    return _run_command(argv)


def _run_command(argv: Sequence[str]) -> int:
    from stormdeck.commands.argument_parser import PANEL
    from stormdeck.commands.cli import options_for, parse, report_problems, run_headless
    from stormdeck.commands.output import write_err
    from stormdeck.commands.parsers import DEMO, REPLAY
    from stormdeck.process_memory import pause

    try:
        invocation = parse(argv)
    except SystemExit:
        return 0
    loaded = options_for(invocation, os.environ)
    if loaded.problems:
        return report_problems(loaded.problems)
    if invocation.command not in {PANEL, DEMO, REPLAY}:
        return run_headless(invocation, loaded)
    missing = _missing_terminal()
    if missing:
        write_err(f"stormdeck needs a terminal; {missing} is none. Run it in a terminal or a tmux pane.")
        return FAILED
    pause()
    if invocation.command == REPLAY:
        return _replay(loaded.options, invocation.arguments.file, invocation.arguments.speed)
    return _demo(loaded.options) if invocation.command == DEMO else _panel(loaded.options)


def _panel(options: Options) -> int:
    from stormdeck.ui.run import run_panel

    return run_panel(options)


def _demo(options: Options) -> int:
    from stormdeck.demo.gpu import SimulatedGpus
    from stormdeck.demo.stack import DemoStack
    from stormdeck.ui.run import run_panel

    with DemoStack() as stack:
        return run_panel(stack.options(options), sampler=SimulatedGpus, demo=True)


def _replay(options: Options, file: str, speed: float) -> int:
    from stormdeck.commands.replay import tape_of

    tape = tape_of(file)
    if tape is None:
        return FAILED
    from stormdeck.ui.run import run_replay

    return run_replay(options, tape, speed)


def _missing_terminal() -> str | None:
    """Return the first standard stream that is no terminal: the panel reads keys and draws."""
    streams = {"standard input": sys.stdin, "standard output": sys.stdout, "standard error": sys.stderr}
    return next((name for name, stream in streams.items() if stream is None or not stream.isatty()), None)


def _never_fail_to_print() -> None:
    """Write what the terminal's encoding lacks as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _leave(code: int) -> None:
    """End the program at once: the panel has closed all that it opened.

    Python takes 0.2 s to take apart what Textual loaded (measured, 3.11), and the user's shell waits for it.
    """
    sys.stderr.flush()
    os._exit(code)


def _drop(stream: TextIO | None) -> None:
    """Let the interpreter's own flush of a stream at exit go nowhere, since it would fail and change the exit code."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _let_stderr_go() -> None:
    """Leave with the command's own exit code where standard error takes no more."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


def _report(error: Exception, argv: Sequence[str]) -> int:
    """Print an unexpected error in one line, or in full where the user asked for it; return the exit code.

    Claude Code shows nothing of a status line's command that fails: that one gets its line, and 0.
    """
    from stormdeck.commands.output import write_err, write_out
    from stormdeck.options.kinds import printable
    from stormdeck.options.load import DEBUG

    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    what = printable(f"{type(error).__name__}: {error}")
    words = f"stormdeck: {what}. Run it again with {DEBUG}=1 to see where this comes from."
    if isinstance(error, OSError) and _folder_is_gone():
        words = "stormdeck: the current folder no longer exists: cd to one that does."
    if "status" in argv[:1] and {"statusline", "--format=statusline"} & set(argv):
        write_out(words)
        return 0
    write_err(words)
    return FAILED


def _folder_is_gone() -> bool:
    from pathlib import Path

    try:
        Path.cwd()
    except OSError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
