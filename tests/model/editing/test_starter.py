"""The generated settings fit the running server and have no findings."""

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.editing.starter import Target, is_blank, target, working_block
from stormdeck.model.finding import Edit, Severity
from stormdeck.model.rules.collect import live_of
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import edited, loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.server import ProxySnapshot, ServedModel, ServerKind, ServerState, VllmSnapshot

VLLM = VllmSnapshot(
    "http://127.0.0.1:8000", ServerState.UP, version="0.32.0", models=(ServedModel("Qwen3.5-27B", 131072),)
)
PROXY = ProxySnapshot("http://127.0.0.1:4000", ServerKind.LITELLM, ServerState.UP, models=("claude-*", "own-model"))


def values(edits):
    return {edit.path: edit.value for edit in edits}


def snapshot(text, tmp_path, **shell):
    return merged((loaded(SettingsFile(Scope.USER, tmp_path / "settings.json", exists=True), text),), shell)


def test_it_is_the_block_of_the_first_article_as_measurements_leave_it():
    block = values(working_block(Target("http://127.0.0.1:8000", "Qwen3.5-27B", 131072)))
    assert block["model"] == "sonnet"
    assert block["env.ANTHROPIC_BASE_URL"] == "http://127.0.0.1:8000"
    assert block["env.ANTHROPIC_AUTH_TOKEN"] == "dummy"
    assert {block[f"env.ANTHROPIC_DEFAULT_{tier}_MODEL"] for tier in ("OPUS", "SONNET", "HAIKU", "FABLE")} == {
        "Qwen3.5-27B"
    }
    assert block["env.CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "131072"
    assert "env.CLAUDE_CODE_MAX_OUTPUT_TOKENS" not in block


def test_an_old_client_gets_no_setting_that_it_does_not_know():
    block = values(working_block(Target("http://127.0.0.1:8000", "m", 131072), "2.0.76"))
    assert not {name for name in block if "FABLE" in name or "STREAM_IDLE" in name or "CONTEXT_TOKENS" in name}
    assert "env.API_TIMEOUT_MS" not in block


@pytest.mark.parametrize("version", ["1.0.128", "2.0.76", "2.1.42", "2.1.112", "2.1.329", None], ids=str)
@pytest.mark.parametrize("window", [32_768, 65_536, 131_072, 262_144, 1_048_576, None], ids=str)
def test_nothing_is_found_in_it(version, window, tmp_path):
    vllm = VllmSnapshot(VLLM.url, ServerState.UP, version="0.32.0", models=(ServedModel("Qwen3.5-27B", window),))
    edits = working_block(target(vllm, None), version)
    settings = snapshot(edited("", edits), tmp_path)
    found = check(Facts.effective(settings, version, live=live_of(Deck(vllm=vllm))))
    # What the older clients cannot be reported: how large the window is.
    left = {"CTX601"} if version not in {None, "2.1.329"} else set()
    assert {one.code for one in found if one.severity is not Severity.INFO} <= left


class TestTarget:
    def test_the_server_itself_where_there_is_no_proxy(self):
        assert target(VLLM, None) == Target("http://127.0.0.1:8000", "Qwen3.5-27B", 131072)

    def test_the_proxy_by_a_name_that_it_serves(self):
        found = target(VLLM, PROXY, "sk-master")
        assert (found.url, found.model, found.window, found.token) == (PROXY.url, "own-model", 131072, "sk-master")

    def test_the_server_where_the_proxy_does_not_give_its_models(self):
        silent = ProxySnapshot(PROXY.url, ServerKind.LITELLM, ServerState.REFUSING)
        assert target(VLLM, silent).url == VLLM.url

    def test_the_other_models_are_listed(self):
        many = VllmSnapshot(VLLM.url, ServerState.UP, models=(ServedModel("a"), ServedModel("b")))
        assert target(many, None).others == ("b",)

    @pytest.mark.parametrize("vllm", [None, VllmSnapshot(VLLM.url, ServerState.DOWN)], ids=["none", "down"])
    def test_nothing_without_a_model(self, vllm):
        assert target(vllm, None) is None


@pytest.mark.parametrize(
    ("text", "shell", "blank"),
    [
        ("", {}, True),
        ('{"hooks": {}, "env": {"API_TIMEOUT_MS": "1000"}}', {}, True),
        ('{"model": "opus"}', {}, False),
        ('{"env": {"ANTHROPIC_API_KEY": "x"}}', {}, False),
        ("", {"ANTHROPIC_BASE_URL": "http://x"}, False),
        ("{oops", {}, False),
    ],
    ids=["empty", "about other things", "a model", "a key", "in the shell", "a broken file"],
)
def test_only_settings_that_name_no_server_count_as_blank(text, shell, blank, tmp_path):
    assert is_blank(snapshot(text, tmp_path, **shell)) is blank


def test_the_rest_of_the_file_stays(tmp_path):
    text = '{\n    "hooks": {"x":1}\n}\n'
    made = edited(text, working_block(target(VLLM, None)))
    assert made.startswith('{\n    "hooks": {"x":1},\n    "model": "sonnet",\n')
    assert Edit("model", "sonnet") in working_block(target(VLLM, None))
