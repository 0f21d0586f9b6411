"""Parse the command line and run its command, importing only what that command needs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False  # importing typing is slow, and nothing else here needs it
if TYPE_CHECKING:
    from typing import TextIO

    from stormdeck.options import Options

FAILED = 2
"""Exit code for an unexpected error."""
INTERRUPTED = 130
"""Exit code of a shell for SIGINT."""
NO_READER = 141
"""Exit code of a shell for SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code. Never raises.

    >>> main(["--version"])
    stormdeck 0.1.0
    0
    """
    from stormdeck.commands.output import OutputError, flush, write_err

    _never_fail_to_print()
    try:
        code = _run_safely(sys.argv[1:] if argv is None else argv)
        flush()
        if argv is None and "textual" in sys.modules:
            _exit_now(code)
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
        _flush_stderr()
    return code


def _run_safely(argv: Sequence[str]) -> int:
    """Run a command line; report an unexpected error and return an exit code for it."""
    from stormdeck.commands.output import OutputError

    try:
        return _run(argv)
    except (BrokenPipeError, OutputError):
        raise
    except Exception as error:
        return _report(error, argv)


def _run(argv: Sequence[str]) -> int:
    if argv[:1] == ["status"]:
        # A status bar runs this every few seconds: nothing below is imported when a running panel's file answers.
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
    if invocation.command == PANEL and (why := _piped_in(loaded.options)):
        write_err(f"stormdeck: --log -: {why}")
        return FAILED
    missing = _missing_terminal()
    if missing:
        write_err(f"stormdeck needs a terminal; {missing} is not one. Run it in a terminal or a tmux pane.")
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


def _piped_in(options: Options) -> str:
    """Make room for the keys if a log is piped in; return why that is not possible."""
    from stormdeck.model.logs.spec import STDIN

    if STDIN not in options.log:
        return ""
    from stormdeck.sources.logs.places.pipe import keep_piped_input

    return keep_piped_input()


def _missing_terminal() -> str | None:
    """Return the name of the first standard stream that is not a terminal, if any."""
    streams = {"standard input": sys.stdin, "standard output": sys.stdout, "standard error": sys.stderr}
    return next((name for name, stream in streams.items() if stream is None or not stream.isatty()), None)


def _never_fail_to_print() -> None:
    """Print characters that the terminal's encoding lacks as escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _exit_now(code: int) -> None:
    """Exit without Python's cleanup: the panel has closed everything that it opened.

    Tearing down the modules of Textual takes 0.2 s (measured, Python 3.11), for which the shell would wait.
    """
    sys.stderr.flush()
    os._exit(code)


def _drop(stream: TextIO | None) -> None:
    """Redirect a stream to /dev/null, or the interpreter's flush at exit would fail and change the exit code."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _flush_stderr() -> None:
    """Flush standard error; if it cannot be written, keep the command's own exit code."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)


def _report(error: Exception, argv: Sequence[str]) -> int:
    """Print an unexpected error in one line, with a traceback if STORMDECK_DEBUG is set; return the exit code.

    Claude Code shows no output of a status line command that fails: such a command prints the line and returns 0.
    """
    from stormdeck.commands.output import write_err, write_out
    from stormdeck.options.kinds import printable
    from stormdeck.options.load import DEBUG

    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    what = printable(f"{type(error).__name__}: {error}")
    message = f"stormdeck: {what}. Run it again with {DEBUG}=1 for the traceback."
    if isinstance(error, OSError) and _folder_is_gone():
        message = "stormdeck: the current folder no longer exists: cd to one that does."
    if "status" in argv[:1] and {"statusline", "--format=statusline"} & set(argv):
        write_out(message)
        return 0
    write_err(message)
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
