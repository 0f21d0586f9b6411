"""A different token in each place where users keep secrets: no screen, command, copy or file shows one."""

import json
from dataclasses import replace
from pathlib import Path

import planted
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from textual.widgets import Input

import samples
from alone import discover_named
from command_home import Home
from panel import AREAS, deliver, in_loop, screen, settled, show, until
from stormdeck.commands.check import servers
from stormdeck.model.finding import Finding
from stormdeck.model.masking.command import mask_command
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.known import KnownSecrets
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.masking.values import mask_value
from stormdeck.model.masking.yaml_text import mask_yaml
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.discovery import Found, Missed
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.litellm_yaml import parse_proxy_config
from stormdeck.ui.widgets.checks.list import CheckList
from stormdeck.ui.widgets.settings.field_row import FieldRow

SIZES = {"wide": (140, 50), "narrow": (40, 20)}
BASE = "http://me:{}@127.0.0.1:9/v1?key={}"


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(servers, "discover", discover_named)
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path, capsys, monkeypatch)


def stack(home, token):
    """Write settings of all scopes, a YAML, logs, transcripts and the client's state; return the options for them."""
    base = BASE.format(token("user: base URL"), token("user: query of the base URL"))
    home.write(json.dumps(planted.settings(token, "user", ANTHROPIC_BASE_URL=base), indent=2))
    home.write(json.dumps(planted.settings(token, "project", ANTHROPIC_MODEL="x"), indent=2), home.shared)
    home.write(json.dumps(planted.settings(token, "local", API_TIMEOUT_MS="5"), indent=2), home.local)
    home.write(json.dumps({"primaryApiKey": token("client state")}), home.folder / ".claude.json")
    home.write(
        json.dumps({"type": "user", "message": {"content": token("transcript")}}) + "\n",
        home.folder / ".claude" / "projects" / "-x" / "a.jsonl",
    )
    yaml = home.write(planted.yaml(token), home.folder / "config.yaml")
    log = home.write("\n".join(planted.log(token)) + "\n", home.folder / "litellm.log")
    return ["--litellm-config", str(yaml)], str(log)


def files_below(folder):
    return "\n".join(path.read_text(errors="replace") for path in sorted(folder.rglob("*")) if path.is_file())


class TestCommands:
    @pytest.mark.attack(
        "a secret in each of 200 places of settings, YAML, logs and transcripts",
        "no command prints one, as text or as JSON, and no bundle holds one",
    )
    def test_no_command_prints_one(self, home):
        token = planted.Tokens()
        yaml, log = stack(home, token)
        secret = token("given to set")
        commands = [
            ["check", "--offline", *yaml],
            ["check", "--offline", "--json", *yaml],
            ["check", "--no-gpu", *yaml],
            ["check", "--offline", "--fix", *yaml],
            ["status", "--no-gpu", *yaml],
            ["status", "--no-gpu", "--json", *yaml],
            ["status", "--no-gpu", "--format", "tmux", *yaml],
            ["set", "--dry-run", "model", "sonnet"],
            ["set", "--dry-run", "--json", "ANTHROPIC_MODEL", "x"],
            ["set", "--dry-run", "ANTHROPIC_AUTH_TOKEN", secret],
            ["set", "--dry-run", "MY_URL", f"http://u:{secret}@h"],
            ["set", "--dry-run", "--json-value", "mcpServers.x", json.dumps({"args": ["--token", secret]})],
            ["use", "--dry-run", "hosted"],
            ["use", "--dry-run", "--json", "hosted"],
            ["use", "--dry-run", "--save", "own"],
            ["use", "--dry-run", "--json", "--save", "own"],
            ["use", "--list"],
            ["unset", "--dry-run", "hooks"],
            ["unset", "--dry-run", "--json", "mcpServers"],
            ["unset", "--dry-run", "env"],
            ["analyze", log],
            ["analyze", "--json", log],
            ["explain", f"API Error: 401 x-api-key: {secret}"],
            ["config", "print", *yaml],
            ["bundle", "--no-gpu", "--yes", "--out", str(home.folder / "out"), "--log", log, *yaml],
            ["check", "--offline", "--fix", "--yes", *yaml],
        ]
        leaked = {}
        for command in commands:
            code, out, err = home.run(*command)
            assert code in {0, 1, 2}
            leaked |= {" ".join(command[:3]): seen} if (seen := token.seen(out + err)) else {}
        assert leaked == {}
        assert token.seen(files_below(home.folder / "out")) == []
        state = home.folder / ".local" / "state" / "stormdeck"
        assert (
            token.seen("\n".join(p.read_text() for p in state.rglob("*") if p.is_file() and "backups" not in p.parts))
            == []
        )

    @pytest.mark.attack("a settings file with a mistake in it, full of secrets", "its error and its lines show none")
    @pytest.mark.parametrize(
        "broken",
        [
            '{{"env": {{"ANTHROPIC_AUTH_TOKEN": "{0}",}}}}',
            '{{"env": {{"ANTHROPIC_AUTH_TOKEN": {0}}}}}',
            '{{"env": {{"ANTHROPIC_AUTH_TOKEN" "{0}"}}}}',
            '{{"env": {{"ANTHROPIC_AUTH_TOKEN": "x"{0}"}}}}',
            "{{'env': {{'ANTHROPIC_AUTH_TOKEN': '{0}'}}}}",
            '{{"token": [\n"{0}",\n]}}',
            '{{"auth": {{"a": "{0}", // "{0}"\n}}',
            "ANTHROPIC_AUTH_TOKEN={0}\n",
            "export ANTHROPIC_AUTH_TOKEN='{0}'\n",
            "env:\n  API_KEY: {0}\n",
            "“ANTHROPIC_AUTH_TOKEN”: “{0}”",
        ],
    )
    def test_a_broken_file_shows_none(self, home, broken):
        token = planted.Tokens()
        home.write(broken.format(token("broken")))
        for command in (
            ["check", "--offline"],
            ["check", "--offline", "--json"],
            ["check", "--offline", "--fix"],
            ["set", "model", "x"],
        ):
            _, out, err = home.run(*command)
            assert token.seen(out + err) == []


def snapshot(token):
    """Return settings of all scopes and a shell, as the panel has them."""
    base = BASE.format(token("user: base URL"), token("user: query of the base URL"))
    texts = {
        Scope.USER: planted.settings(token, "user", ANTHROPIC_BASE_URL=base),
        Scope.PROJECT: planted.settings(token, "project", ANTHROPIC_BASE_URL=base, ANTHROPIC_MODEL="x"),
        Scope.LOCAL: planted.settings(token, "local", API_TIMEOUT_MS="5"),
    }
    files = [
        loaded(
            SettingsFile(scope, Path(f"/home/me/{scope.value}.json"), exists=True, digest=scope.value),
            json.dumps(one, indent=1),
        )
        for scope, one in texts.items()
    ]
    return merged(files, variables_of_the_shell(token))


def variables_of_the_shell(token):
    env = planted.variables(token, "shell")
    return {**env, "ANTHROPIC_BASE_URL": BASE.format(token("shell: base URL"), token("shell: query"))}


def discovered(token):
    """Return what was found, with secrets in URLs and command lines."""
    process = replace(
        samples.VLLM_PROCESS,
        command=mask_command(
            ["vllm", "serve", "x", "--api-key", token("argv"), token("second in argv"), "--port", "1"]
        ),
    )
    url = f"http://u:{token('found')}@127.0.0.1:8000"
    missed = Missed(f"http://u:{token('missed')}@h", f"401: x-api-key: {token('why')} is wrong")
    return replace(
        samples.FOUND,
        found=(*samples.FOUND.found, Found(url, ServerKind.VLLM, "ANTHROPIC_BASE_URL", process)),
        missed=(missed,),
    )


class TestPanel:
    """Each test looks at the screen after every key."""

    @pytest.mark.attack(
        "secrets in settings, shell, YAML, logs and URLs", "no screen, dialog or copy of the panel shows one"
    )
    @pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
    @in_loop
    async def test_no_screen_shows_one(self, panel, size):
        token = planted.Tokens()
        lines = [("/var/log/litellm.log", planted.log(token), samples.NOW, {})]
        app = panel(lines=lines)
        past_tmux = []
        app.to_clipboard = past_tmux.append
        config = parse_proxy_config(planted.yaml(token), "/etc/litellm.yaml")
        async with app.run_test(size=size, notifications=True) as pilot:
            await deliver(
                pilot, snapshot(token), discovered(token), samples.VLLM, samples.PROXY, samples.GPUS, samples.CALM
            )
            await deliver(pilot, config)
            for area in AREAS:
                await show(pilot, area)
                await self._look(pilot, token, area)
            await show(pilot, "logs")
            for key in ("g", "y", "enter", "escape", "G", "y", "f", "escape"):
                await self._press(pilot, token, "logs", key)
            await show(pilot, "checks")
            checks = pilot.app.screen.query_one(CheckList)
            for item in _one_of_each(checks._items()):
                checks.go_to(item)
                await self._press(pilot, token, f"checks, {item}", "y")
            for keys in (("v", "pagedown", "end", "escape"), ("question_mark", "escape"), ("ctrl+p", "escape")):
                for key in keys:
                    await self._press(pilot, token, "checks", key)
            assert token.seen("\n".join([*past_tmux, pilot.app.clipboard])) == []

    @pytest.mark.attack("secrets in every row of the form", "rows, inputs, raw view, diffs and copies show dots")
    @in_loop
    async def test_no_row_of_the_form_shows_one(self, panel):
        token = planted.Tokens()
        app = panel(lines=[])
        past_tmux = []
        app.to_clipboard = past_tmux.append
        async with app.run_test(size=(120, 60), notifications=True) as pilot:
            await deliver(pilot, snapshot(token), samples.VLLM)
            await show(pilot, "settings")
            for scope in ("project", "user"):
                await pilot.app.screen.run_action(f"show_scope('{scope}')")
                await settled(pilot)
                rows = [row for row in pilot.app.screen.query(FieldRow) if row.state.value]
                for row in rows[::2] if scope == "user" else rows[:1]:
                    row.focus()
                    await row.begin_edit()
                    await self._look(pilot, token, f"{scope}: editing {row.field.path}")
                    await self._press(pilot, token, row.field.path, "escape")
                    await self._press(pilot, token, row.field.path, "y")
                await self._press(pilot, token, "raw", "v")
                await self._press(pilot, token, "raw", "end")
                await self._press(pilot, token, "raw", "escape")
            assert token.seen("\n".join([*past_tmux, pilot.app.clipboard])) == []

    @pytest.mark.attack("saving an edit among secrets", "the file gets the real values, and the diff shows dots")
    @in_loop
    async def test_dots_are_never_written(self, panel):
        token = planted.Tokens()
        base = BASE.format(token("base URL"), token("query"))
        text = json.dumps(planted.settings(token, "user", ANTHROPIC_BASE_URL=base), indent=1)
        async with panel().run_test(size=(120, 60)) as pilot:
            await deliver(pilot, samples.settings(text), discovered(token))
            await show(pilot, "settings")
            row = next(one for one in pilot.app.screen.query(FieldRow) if one.field.path == "env.ANTHROPIC_BASE_URL")
            row.focus()
            await pilot.press("enter")
            await until(pilot, lambda: row.input is not None)
            assert isinstance(row.input, Input)
            assert row.input.value == base
            assert not [url for url in row.state.servers if "•" in url]
            await pilot.press("end", "x", "enter")
            await until(pilot, lambda: row.input is None)
            saved = pilot.app.screen.draft.text()
            assert json.loads(saved)["env"]["ANTHROPIC_BASE_URL"] == f"{base}x"
            assert "•" not in saved
            await pilot.press("ctrl+s")
            await until(pilot, lambda: "SAVE" in screen(pilot.app))
            assert token.seen(screen(pilot.app)) == []

    async def _press(self, pilot, token, where, key):
        await pilot.press(key)
        await self._look(pilot, token, f"{where}, {key}")

    async def _look(self, pilot, token, where):
        await pilot.pause()
        shown = screen(pilot.app)
        assert token.seen(shown) == [], f"{where}:\n{shown}"


def _one_of_each(items):
    """Return one finding of each rule for each setting, and all that was found."""
    kept = {(one.code, one.path) if isinstance(one, Finding) else one: one for one in items}
    paths = {}
    for one in kept.values():
        paths.setdefault(one.code if isinstance(one, Finding) else one, []).append(one)
    return [one for same in paths.values() for one in same[:3]]


TOKENS = st.from_regex(r"[A-Za-z][A-Za-z0-9]{6,30}[0-9][A-Z]", fullmatch=True)
SHAPES = [
    *(url for url in planted.URLS.values() if " " not in url),
    *planted.COMMANDS.values(),
    *(f"got {form} there" for form in planted.FORMS),
    *(f"{name}={{}}" for name in planted.NAMES),
    *(f'"{name}": "{{}}"' for name in planted.NAMES),
    "Authorization: Token {}",
    "Cookie: {}; b={}",
    'a "token":[ "{}", {{"x": "{}"}} ] b',
    "password={};Server=x",
    '\\"secret\\": \\"{}\\"',
]


class TestText:
    @pytest.mark.attack("any token in any of 80 shapes, amid other text", "masking a line leaves nothing of it")
    @tried(max_examples=150, deadline=None)
    @given(token=TOKENS, shape=st.sampled_from(SHAPES), before=st.sampled_from(["", "see ", "x=1, ", '{"a": "b"} ']))
    def test_no_token_survives(self, token, shape, before):
        assert token not in mask_text(before + shape.format(token, token))

    @pytest.mark.attack(
        "200 characters that an expression may stumble over, repeated", "masking reads each once or twice"
    )
    @pytest.mark.parametrize(
        "piece",
        [
            "a.",
            "a-",
            "+=",
            ":",
            "token-",
            "token=",
            "token[",
            "a@",
            "a:b@",
            "http://a@",
            "--token ",
            "mysql -p",
            "eyJ.",
            '\\"',
            "{",
            '{"a":',
            "?code=",
            "hooks.slack.com/services/",
            "-----BEGIN A PRIVATE KEY-----",
            "Bearer ",
            "- ",
            "*a: &a ",
        ],
    )
    def test_every_expression_ends_soon(self, piece):
        """Quadratic expressions took minutes for a text of this size; the run's own limit fails the test then."""
        text = piece * (120_000 // len(piece))
        mask_text(text)
        mask_json(text)
        mask_yaml([text, f"key: {text}", f"token: {text}"])
        mask_value("apiKeyHelper", text)
        mask_value("env.ANTHROPIC_CUSTOM_HEADERS", text)
        KnownSecrets([piece * count for count in range(2, 90)])(text)

    @pytest.mark.parametrize(
        "name",
        [
            "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
            "max_tokens",
            "tokenizer",
            "MAX_THINKING_TOKENS",
            "keybindings",
            "monkey",
            "PATH",
            "PWD",
            "author",
            "bypassPermissions",
            "public_key",
        ],
    )
    def test_harmless_names_stay(self, name):
        assert mask_value(f"env.{name}", "some text 1") == "some text 1"
        assert mask_text(f"{name}=4096") == f"{name}=4096"

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("apiKeyHelper", "/usr/local/bin/print-token --vault prod"),
            ("apiKeyHelper", "~/bin/key.sh"),
            ("apiKeyHelper", "cat ~/.config/key"),
            ("env.TOKEN_FILE", "/run/secrets/token"),
            ("env.ANTHROPIC_API_KEY", "${MY_KEY}"),
            ("master_key", "os.environ/LITELLM_MASTER_KEY"),
            ("env.ANTHROPIC_BASE_URL", "http://127.0.0.1:8000"),
            ("model", "Qwen3-Coder-30B-A3B-Instruct-FP8-dynamic-quantized-w8a8"),
            ("env.CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "3600000"),
            ("env.DISABLE_AUTH", "true"),
        ],
    )
    def test_what_is_no_secret_stays(self, path, value):
        assert mask_value(path, value) == value
