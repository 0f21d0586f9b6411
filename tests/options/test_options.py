"""The panel's options: precedence of sources, refused values and their messages, hostile texts."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.options import DECLARED, Options, OriginKind, load
from stormdeck.options.file import MOST_BYTES, read_text

HTTP = "http://127.0.0.1:8000"


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / ".config" / "stormdeck").mkdir(parents=True)
    return folder


@pytest.fixture
def file(home):
    return home / ".config" / "stormdeck" / "config.yaml"


@pytest.fixture
def read(home):
    """Load with a scratch home, which the environment names so that a flag may still win."""

    def load_here(environ=None, **flags):
        texts = {name: [value] if isinstance(value, str) else value for name, value in flags.items()}
        return load(texts, {"STORMDECK_HOME": str(home), **(environ or {})})

    return load_here


def only_problem(loaded):
    assert len(loaded.problems) == 1, loaded.problems
    return str(loaded.problems[0])


class TestPrecedence:
    def test_nothing_given_is_the_defaults(self, read, home):
        loaded = read()
        assert loaded.problems == ()
        assert loaded.options == Options(home=home)
        assert str(loaded.options.origin("window")) == "default"

    def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(self, read, file):
        file.write_text("window: 1\npoll: 1\nlines: 5000\n")
        options = read({"STORMDECK_WINDOW": "2", "STORMDECK_POLL": "2"}, window="3").options
        assert (options.window, options.poll, options.lines) == (3, 2, 5000)
        assert str(options.origin("window")) == "--window"
        assert str(options.origin("poll")) == "STORMDECK_POLL"
        assert str(options.origin("lines")) == f"{file}:3"
        assert options.origin("theme").kind is OriginKind.DEFAULT

    def test_a_list_of_a_stronger_source_replaces_the_weaker_one(self, read, file, tmp_path):
        file.write_text("log: [/var/log/a.log, /var/log/b.log]\n")
        assert read().options.log == (Path("/var/log/a.log"), Path("/var/log/b.log"))
        options = read(log=["/c.log", "/d.log"]).options
        assert options.log == (Path("/c.log"), Path("/d.log"))

    def test_the_last_flag_counts_where_the_option_is_no_list(self, read):
        assert read(window=["3", "4"]).options.window == 4

    def test_an_empty_variable_gives_nothing(self, read):
        loaded = read({"STORMDECK_WINDOW": ""})
        assert (loaded.problems, loaded.options.window) == ((), 15)

    def test_a_list_in_a_variable_is_written_like_path(self, read):
        assert read({"STORMDECK_LOG": "/a.log:/b.log"}).options.log == (Path("/a.log"), Path("/b.log"))

    def test_a_list_of_logs_in_a_variable_keeps_their_colons(self, read):
        options = read({"STORMDECK_LOG": "docker:vllm:/b.log:ssh:gpu:journal:user:litellm"}).options
        assert list(map(str, options.log)) == ["docker:vllm", "/b.log", "ssh:gpu:journal:user:litellm"]

    def test_every_option_can_be_given_by_its_variable(self, read, home):
        texts = {
            "URL": HTTP,
            "FILE": "/f",
            "LOG": "docker:vllm",
            "DIR": str(home),
            "X.Y.Z": "2.1.112",
            "THEME": "nord",
            "on|off": "yes",
        }
        texts["HOST:PORT"] = "127.0.0.1:9464"
        texts["ACTION=KEY"] = "app.quit=Q"
        texts["PROMETHEUS"] = f"{HTTP} http://127.0.0.1:9090, bearer=env:TOKEN"
        texts["KIND=PRICE"] = "input=3,cached=0.3,output=15"
        texts["off|osc9|osc777"] = "osc9"
        texts |= {"NAMES": "log,verdict", "normal|compact": "compact"}
        environ = {declared.variable: texts.get(declared.kind.metavar, "1_000") for declared in DECLARED}
        environ |= {"STORMDECK_WINDOW": "5", "STORMDECK_POLL": "5"}
        loaded = read(environ)
        assert loaded.problems == ()
        assert {str(loaded.options.origin(declared.name)) for declared in DECLARED} == set(environ)


class TestWhereTheFileIs:
    def test_xdg_names_its_folder(self, tmp_path):
        folder = tmp_path / "stormdeck"
        folder.mkdir()
        (folder / "config.yaml").write_text("window: 7\n")
        loaded = load({}, {"XDG_CONFIG_HOME": str(tmp_path)})
        assert (loaded.file, loaded.options.window) == (folder / "config.yaml", 7)

    def test_a_scratch_home_leaves_xdg_out(self, read, file, tmp_path):
        assert read({"XDG_CONFIG_HOME": str(tmp_path)}).file == file

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            pytest.param(lambda path: path.mkdir(), "not a regular file", id="a folder"),
            pytest.param(lambda path: path.write_bytes(b"#" * (MOST_BYTES + 1)), "larger than 64 KiB", id="huge"),
            pytest.param(lambda path: path.write_bytes(b"window: 1\ntheme: \xff\n"), "2:8: is not UTF-8", id="bytes"),
        ],
    )
    def test_what_is_no_options_file_is_said_so(self, read, file, make, words):
        make(file)
        assert words in only_problem(read())

    def test_a_file_that_may_not_be_read_is_a_problem(self, read, file, monkeypatch):
        file.write_text("window: 1\n")

        def refuse(*_args, **_kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", refuse)
        assert only_problem(read()) == f"{file}: cannot be read: Permission denied"

    def test_a_byte_order_mark_does_not_matter(self, read, file):
        file.write_bytes(b"\xef\xbb\xbfwindow: 4\n")
        assert read().options.window == 4


class TestPaths:
    def test_a_path_in_the_file_starts_at_its_folder(self, read, file):
        file.write_text("log: vllm.log\n")
        assert read().options.log == (file.parent / "vllm.log",)

    def test_a_path_in_a_flag_starts_at_the_current_folder(self, read, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert read(log=["vllm.log"]).options.log == (tmp_path / "vllm.log",)

    def test_a_tilde_is_the_home_that_was_given(self, read, file, home):
        file.write_text("settings: ~/one.json\nproject: ~\n")
        options = read().options
        assert (options.settings, options.project) == (home / "one.json", home)

    def test_a_project_must_exist(self, read, tmp_path):
        missing = tmp_path / "missing"
        assert only_problem(read(project=str(missing))) == f'--project: there is no folder "{missing}"'

    def test_a_log_may_live_elsewhere(self, read, file, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        file.write_text("log: [docker:vllm, k8s:prod/deploy/vllm, a.log]\n")
        assert list(map(str, read().options.log)) == ["docker:vllm", "k8s:prod/deploy/vllm", str(file.parent / "a.log")]
        assert list(map(str, read(log=["-", "./docker:x"]).options.log)) == ["-", str(tmp_path / "docker:x")]

    def test_a_wrong_name_of_a_log_says_what_is_wrong(self, read):
        assert "did you mean docker:vllm?" in only_problem(read(log=["dokcer:vllm"]))
        assert "names no unit" in only_problem(read({"STORMDECK_LOG": "journal:user:"}))

    def test_a_folder_is_no_log(self, read, home):
        assert "is a folder" in only_problem(read(log=[str(home)]))


class TestValues:
    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("vllm", "localhost:8000", 'add http://, as in "http://localhost:8000"'),
            ("vllm", "[::1]:8000", 'add http://, as in "http://[::1]:8000"'),
            ("vllm", "ftp://host", "expected an http:// or https:// URL"),
            ("vllm", "http:/host", "expected an http:// or https:// URL"),
            ("vllm", "http://", "expected an http:// or https:// URL"),
            ("vllm", "http://host:99999", "expected an http:// or https:// URL"),
            ("vllm", "http://[::1", "expected an http:// or https:// URL"),
            ("vllm", "http://a b", "expected an http:// or https:// URL"),
            ("window", "0", "expected a whole number from 1 to 60"),
            ("window", "61", "expected a whole number from 1 to 60"),
            ("poll", "1.5", "expected a whole number from 1 to 60"),
            ("lines", "999", "expected a whole number from 1000 to 2000000"),
            ("lines", "9" * 5000, "expected a whole number"),
            ("gpu", "maybe", 'expected on or off, found "maybe"'),
            ("client_version", "2.1", "expected a version of three numbers"),
            ("theme", "", "found nothing"),
            ("theme", "lihgt", 'there is no theme "lihgt"; did you mean light?'),
            ("theme", "zzzzz", "there are ansi, "),
            ("theme", "\x1b[31mred", r'found "\x1b[31mred"'),
        ],
        ids=lambda value: value[:24],
    )
    def test_a_wrong_value_is_reported_with_what_was_expected(self, read, name, text, words):
        problem = only_problem(read(**{name: text}))
        assert problem.startswith("--" + name.replace("_", "-") + ": ")
        assert words in problem
        assert "\x1b" not in problem

    @pytest.mark.parametrize("text", ["http://me:hunter2@host", "me:hunter2@host:8000", "http://host?key=hunter2"])
    def test_a_url_with_a_secret_is_refused_and_not_repeated(self, read, text):
        problem = only_problem(read(vllm=text))
        assert "secrets do not belong here" in problem
        assert "hunter2" not in problem

    def test_the_slash_at_the_end_of_a_url_is_dropped(self, read):
        assert read(vllm="https://gpu.example/vllm/").options.vllm == "https://gpu.example/vllm"

    @pytest.mark.parametrize(("text", "value"), [("on", True), ("OFF", False), ("yes", True), ("0", False)])
    def test_a_switch_understands_the_usual_words(self, read, text, value):
        assert read(gpu=text).options.gpu is value

    @pytest.mark.parametrize("text", ["1", "60"])
    def test_the_bounds_are_allowed(self, read, text):
        assert read(window=text).options.window == int(text)


class TestNames:
    @pytest.mark.parametrize(
        ("line", "hint"),
        [
            ("windw: 5", "did you mean window?"),
            ("litellm-config: x", "mean litellm_config?"),
            ("VLLM: x", "mean vllm?"),
        ],
        ids=["typo", "dash", "case"],
    )
    def test_an_unknown_key_names_the_nearest(self, read, file, line, hint):
        file.write_text(f"# mine\n{line}\n")
        problem = only_problem(read())
        assert problem.startswith(f'{file}:2: unknown option "{line.split(":")[0]}"; ')
        assert hint in problem

    def test_an_unknown_variable_names_the_nearest(self, read):
        problem = only_problem(read({"STORMDECK_WINDO": "5"}))
        assert problem == 'environment: unknown variable "STORMDECK_WINDO"; did you mean STORMDECK_WINDOW?'

    def test_a_name_like_no_other_has_no_suggestion(self, read, file):
        file.write_text("zzzzzz: 5\n")
        assert only_problem(read()) == f'{file}:1: unknown option "zzzzzz"'

    @pytest.mark.parametrize("name", ["STORMDECK_DEBUG", "STORMDECK_REAL_CACHE", "VLLM_PORT"])
    def test_the_debug_variable_that_of_the_tests_and_those_of_others_are_no_options(self, read, name):
        assert read({name: "x"}).problems == ()


class TestYaml:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("theme: a: b\n", ":1:9: is not YAML: mapping values are not allowed here"),
            ("window: 5\ntheme: 'nord\n", ":3:1: is not YAML: found unexpected end of stream"),
            ("window: 5\n\x07\n", ":2:1: is not YAML: a character that YAML does not allow"),
            ('theme: "\\U99999999"\n', ":1:11: is not YAML: an escape that is no character"),
            ("[" * 20_000, "is not YAML: nested too deeply"),
            ("window: 5\n---\nwindow: 6\n", "is not YAML: but found another document"),
            ("- window\n", ":1: expected `name: value` lines"),
            ("\n\nhello\n", ":3: expected `name: value` lines"),
            ("? [a]\n: 5\n", ":1: expected the name of an option"),
            ("window: 5\nwindow: 6\n", ":2: window: given twice, first on line 1"),
            ("window: [5]\n", ":1: window: expected a whole number from 1 to 60, found a list"),
            ("theme: {a: b}\n", "found a mapping"),
            ("log: &a [*a]\n", ":1: log: expected a log or a list of them, found a list"),
            ("log: [a, null]\n", ":1: log: expected a log, found nothing"),
            ("gpu:\n  maybe\n", ':1: gpu: expected on or off, found "maybe"'),
        ],
        ids=lambda value: value[:22].replace("\n", " "),
    )
    def test_what_cannot_be_taken_is_reported_with_its_place(self, read, file, text, words):
        file.write_text(text)
        problem = only_problem(read())
        assert problem.startswith(f"{file}:")
        assert words in problem

    @pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "window:\n", "window: null\n"])
    def test_an_empty_file_or_value_gives_nothing(self, read, file, text):
        file.write_text(text)
        loaded = read()
        assert (loaded.problems, loaded.options.window) == ((), 15)

    def test_a_tag_is_never_acted_on(self, read, file, tmp_path):
        file.write_text(f'theme: !!python/object/apply:os.system ["touch {tmp_path}/made"]\n')
        assert "found a list" in only_problem(read())
        assert not (tmp_path / "made").exists()

    def test_everything_that_is_wrong_is_reported_at_once(self, read, file):
        file.write_text("windw: 5\npoll: 0\ngpu: on\ntheme: [x]\n")
        loaded = read({"STORMDECK_LINES": "few", "STORMDECK_X": "1"}, vllm="localhost")
        places = sorted(problem.where for problem in loaded.problems)
        assert places == sorted([f"{file}:1", f"{file}:2", f"{file}:4", "STORMDECK_LINES", "environment", "--vllm"])


NAMES = [declared.name for declared in DECLARED]
VALUES = st.one_of(
    st.text(max_size=12), st.sampled_from(["on", "15", "~", "[a, b]", "{a: b}", "&a [*a]", "http://h", '"\\U0011FFFF"'])
)
NEAR_YAML = st.lists(st.tuples(st.sampled_from([*NAMES, "nope", "? [x]", "<<"]), VALUES)).map(
    lambda pairs: "".join(f"{name}: {value}\n" for name, value in pairs)
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), NEAR_YAML))
def test_any_text_is_options_or_problems(text):
    entries, problems = read_text(text, Path("config.yaml"))
    assert all(entry.texts or entry.declaration.kind.many for entry in entries)
    assert all(problem.where.startswith("config.yaml:") and str(problem).isprintable() for problem in problems)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), NEAR_YAML.map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_file_is_options_or_problems(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "any" / "stormdeck"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_bytes(data)
    loaded = load({}, {"XDG_CONFIG_HOME": str(folder.parent)})
    assert isinstance(loaded.options, Options)
    assert all(str(problem).isprintable() for problem in loaded.problems)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMES), st.text())
def test_any_text_of_a_flag_is_a_value_or_one_problem(name, text):
    loaded = load({name: [text]}, {}, with_file=False)
    assert len(loaded.problems) <= 1
    assert loaded.problems or loaded.options.origin(name).kind is OriginKind.FLAG


class TestPrometheus:
    def test_several_with_references_to_their_secrets(self, read, file, home):
        file.write_text("prometheus:\n  - http://a:9090, bearer=file:token, ca=~/ca.pem\n  - http://b:9090\n")
        first, second = read().options.prometheus
        assert first.bearer.file == file.parent / "token"
        assert first.ca == home / "ca.pem"
        assert str(second) == "http://b:9090"

    @pytest.mark.parametrize(
        "text", ["prom:9090", "http://ann:pw1@a:9090", "http://a:9090?x=1", "ftp://a", "bearer=pw1"]
    )
    def test_what_is_no_url_is_refused_without_its_secrets(self, read, text):
        message = only_problem(read(prometheus=[f"{text},password=pw1,user=a"]))
        assert "--prometheus: " in message
        assert "pw1" not in message


def test_a_machine_that_is_named_twice_is_one():
    assert load({"host": ["gpu-box", "root@gpu-box", "gpu-box"]}, {}, with_file=False).options.host == (
        "gpu-box",
        "root@gpu-box",
    )
