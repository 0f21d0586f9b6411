"""The command line: its arguments, the errors for wrong ones, and every exit code."""

import contextlib
import io
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from command_home import Terminal
from stormdeck.__main__ import main
from stormdeck.commands.cli import parse
from stormdeck.options import DECLARED

SLOW = ("textual", "yaml", "httpx", "psutil", "pynvml")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """Keep the options file and the variables of whoever runs the tests out of them."""
    for declared in DECLARED:
        monkeypatch.delenv(declared.variable, raising=False)
    monkeypatch.delenv("STORMDECK_DEBUG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def on_terminal(monkeypatch):
    """Run a command line with terminals for streams, but for those given; returns the exit code and stderr."""

    def run(argv, **others):
        streams = {name: Terminal() for name in ("stdin", "stdout", "stderr")} | others
        with monkeypatch.context() as patch:
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            return main(argv), streams["stderr"].getvalue()

    return run


@pytest.fixture
def panel(monkeypatch):
    """Stand in for the panel; returns the calls it got."""
    calls = []
    module = types.SimpleNamespace(run_panel=lambda options, **more: calls.append((options, more)) or 0)
    monkeypatch.setitem(sys.modules, "stormdeck.ui.run", module)
    return calls


def complaints(parsed):
    return [str(problem) for problem in parsed.problems]


class TestParse:
    @pytest.mark.parametrize(
        ("line", "command"),
        [
            ("", "panel"),
            ("demo", "demo"),
            ("config path", "config path"),
            ("config print --json", "config print"),
            ("config validate", "config validate"),
            ("--window 5 config init", "config init"),
        ],
        ids=lambda value: value or "nothing",
    )
    def test_the_command_is_known_by_its_words(self, line, command):
        parsed = parse(line.split())
        assert (parsed.command, parsed.problems) == (command, ())

    def test_flags_before_and_after_the_command_count_alike(self):
        parsed = parse(["--log", "a", "--window", "3", "config", "--log=b", "print", "--log", "c", "--no-gpu"])
        assert parsed.flags == {"log": ["a", "b", "c"], "window": ["3"], "gpu": ["off"]}

    def test_every_option_has_its_flag(self):
        words = []
        for declared in DECLARED:
            words += [declared.flag] if declared.kind.switch else [declared.flag, "x"]
        parsed = parse(words)
        assert parsed.problems == ()
        assert set(parsed.flags) == {declared.name for declared in DECLARED}

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("--vlm http://h demo", ['unknown flag "--vlm"; did you mean --vllm?']),
            ("--no-gp", ['unknown flag "--no-gp"; did you mean --no-gpu?']),
            ("--wind 5 --them=x", ['"--wind"; did you mean --window?', '"--them"; did you mean --theme?']),
            ("--vlm x config prnt", ['unknown flag "--vlm"', 'unknown action "prnt"; did you mean print?']),
            ("demo more", ['unexpected "more"']),
            ("demo --json", ['unexpected "--json"']),
            ("config", ["ACTION"]),
            ("chek", ['unknown command "chek"; did you mean check?']),
            ("frobnicate", ['unknown command "frobnicate"; there are demo, status, check']),
            ("status --format tmx", ['unknown format "tmx"; did you mean tmux?']),
            ("--window", ["--window: expected one argument"]),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_wrong_line_is_reported_in_full(self, line, words):
        output = complaints(parse(line.split()))
        assert len(output) == len(words)
        assert all(word in text for word, text in zip(words, output, strict=True))

    def test_the_value_of_an_unknown_flag_is_not_repeated(self):
        output = complaints(parse(["--api-key", "hunter2", "--token=hunter2"]))
        assert len(output) == 2
        assert "hunter2" not in "".join(output)


class TestHelp:
    def test_it_shows_every_flag_by_group_and_examples(self, capsys):
        assert main(["--help"]) == 0
        text = capsys.readouterr().out
        assert all(declared.flag in text for declared in DECLARED)
        places = [text.index(heading) for heading in ("commands:", "servers and logs:", "whose files:", "examples:")]
        assert places == sorted(places)

    @pytest.mark.parametrize("line", ["demo -h", "config -h", "config print -h"])
    def test_commands_have_their_own(self, capsys, line):
        assert main(line.split()) == 0
        assert capsys.readouterr().out.startswith(f"usage: stormdeck {line.removesuffix(' -h')} ")

    def test_the_examples_are_command_lines_that_work(self, capsys):
        main(["--help"])
        examples = re.findall(r"^  stormdeck(.*?)(?:  +|$)", capsys.readouterr().out, re.MULTILINE)
        assert len(examples) >= 5
        assert all(parse(example.split()).problems == () for example in examples)


class TestPanel:
    def test_it_gets_the_options(self, on_terminal, panel):
        assert on_terminal(["--window", "5"]) == (0, "")
        ((options, more),) = panel
        assert (options.window, more) == (5, {})

    def test_bad_options_are_all_reported_and_nothing_is_run(self, on_terminal, panel, monkeypatch):
        monkeypatch.setenv("STORMDECK_POLL", "x")
        code, output = on_terminal(["--vlm", "x", "--window", "0"])
        assert code == 2
        assert all(word in output for word in ("--vlm", "--window: expected", "STORMDECK_POLL: expected", "--help"))
        assert panel == []

    @pytest.mark.parametrize(
        ("stream", "name"),
        [("stdin", "standard input"), ("stdout", "standard output"), ("stderr", "standard error")],
    )
    @pytest.mark.parametrize("command", [[], ["demo"]], ids=["panel", "demo"])
    def test_without_a_terminal_it_refuses(self, on_terminal, panel, stream, name, command):
        code, output = on_terminal(command, **{stream: io.StringIO()})
        assert code == 2
        assert output.startswith(f"stormdeck needs a terminal; {name} is not one")
        assert panel == []

    def test_a_closed_stream_is_no_terminal(self, on_terminal, panel):
        code, output = on_terminal([], stdin=None)
        assert (code, panel) == (2, [])
        assert "standard input" in output


class TestEnds:
    @pytest.fixture
    def fails(self, on_terminal, panel, monkeypatch):
        """Run a panel that ends with an error; returns the exit code and stderr."""

        def fail_with(error):
            def run_panel(_options):
                raise error

            monkeypatch.setattr(sys.modules["stormdeck.ui.run"], "run_panel", run_panel)
            return on_terminal([])

        return fail_with

    def test_an_interrupt_is_130_and_says_nothing(self, fails):
        assert fails(KeyboardInterrupt()) == (130, "")

    def test_an_unexpected_error_is_one_line(self, fails):
        code, output = fails(RuntimeError("the sky\nfell \x1b[31m"))
        assert code == 2
        assert output.count("\n") == 1
        assert output.startswith("stormdeck: RuntimeError: the sky")
        assert "STORMDECK_DEBUG=1" in output
        assert "\x1b" not in output

    def test_the_debug_variable_shows_where_it_comes_from(self, fails, monkeypatch):
        monkeypatch.setenv("STORMDECK_DEBUG", "1")
        code, output = fails(RuntimeError("fell"))
        assert code == 2
        assert "Traceback" in output

    def test_a_reader_that_left_is_no_error(self):
        program = [sys.executable, "-m", "stormdeck", "config", "print"]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            output = process.stderr.read()
        assert (process.returncode, output) == (141, b"")

    def test_a_full_disk_is_reported_in_one_line(self):
        program = [sys.executable, "-m", "stormdeck", "config", "print"]
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(program, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "No space left" in done.stderr


class TestDemo:
    def test_the_stack_is_up_while_the_panel_runs(self, on_terminal, panel, monkeypatch):
        from stormdeck.options import Options

        events = []

        class Stack(contextlib.AbstractContextManager):
            def options(self, options):
                return Options(window=options.window, vllm="http://127.0.0.1:1")

            def __exit__(self, *error):
                events.append(len(panel))

        monkeypatch.setitem(sys.modules, "stormdeck.demo.stack", types.SimpleNamespace(DemoStack=Stack))
        assert on_terminal(["demo", "--window", "9"]) == (0, "")
        ((options, more),) = panel
        assert (options.window, options.vllm) == (9, "http://127.0.0.1:1")
        assert more["demo"] is True
        assert events == [1]


@pytest.mark.parametrize(
    ("line", "has_file"),
    [("--version", True), ("--help", True), ("config path", True), ("config print", False)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_headless_commands_load_nothing_slow(line, has_file, tmp_path):
    if has_file:
        (tmp_path / "stormdeck").mkdir()
        (tmp_path / "stormdeck" / "config.yaml").write_text("window: 5\n")
    code = f"import sys, stormdeck.__main__ as m; code = m.main({line.split()!r}); "
    code += f"print([name for name in {SLOW!r} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "[]"


def test_the_version_is_the_package_version(capsys):
    from stormdeck import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"stormdeck {__version__}\n"
