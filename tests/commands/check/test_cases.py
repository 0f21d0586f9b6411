"""Small inputs after public reports, each for a kind, by the whole command: ``tests/data/cases``."""

import json
import shutil

import pytest

from places import TESTS
from stormdeck.model.rules.known_names import VARIABLES, WRONG_WORDS
from stormdeck.model.rules.spelling import resembling

CASES = TESTS / "data" / "cases"
NEWEST = ("--client-version", "2.1.332")
QUIET = {"TRAFFIC401", "TRAFFIC402", "TRAFFIC403", "TRAFFIC405"}
"""True of nearly every small file with an own server: not what these cases are about."""


def put(home, name, file=None, **state):
    """Write a case as the user's settings, with the state of a client that has been started before."""
    home.write((CASES / name).read_bytes(), file)
    home.write(json.dumps({"hasCompletedOnboarding": True, **state}), home.folder / ".claude.json")


def check(home, *more):
    code, out, _ = home.run("check", "--offline", "--json", *NEWEST, *more)
    found = json.loads(out)["findings"]
    return code, [(one["code"], one["severity"]) for one in found if one["code"] not in QUIET], found


def codes(home, *more):
    return [code for code, _ in check(home, *more)[1]]


@pytest.mark.parametrize("name", ["bedrock", "vertex"])
def test_a_cloud_switch_takes_the_base_url_out_of_use(home, name):
    put(home, f"cloud-switch/settings-{name}.json")
    assert check(home)[:2] == (1, [("URL109", "error")])


@pytest.mark.parametrize("cloud", ["BEDROCK", "VERTEX", "FOUNDRY", "MANTLE", "ANTHROPIC_AWS", "ANTHROPIC_GOOGLE_CLOUD"])
@pytest.mark.parametrize("value", ["1", "true", "TRUE", "yes", "on", " 1 ", 1, True])
def test_each_cloud_switch_counts_in_every_spelling_of_on(home, cloud, value):
    put(home, "cloud-switch/settings-bedrock0.json", env={f"CLAUDE_CODE_USE_{cloud}": value})
    text = home.settings.read_text().replace('"CLAUDE_CODE_USE_BEDROCK": "0"', '"X": "0"')
    home.write(text)
    assert codes(home) == ["URL109"]
    home.write(json.dumps({"env": {f"CLAUDE_CODE_USE_{cloud}": value}}), home.shared)
    assert codes(home) == ["URL109"]


@pytest.mark.parametrize("value", ["0", "false", "", "no", "off", "2", 0, False])
def test_a_cloud_switch_that_is_off_is_harmless(home, value):
    put(home, "cloud-switch/settings-bedrock0.json", env={"CLAUDE_CODE_USE_VERTEX": value})
    assert codes(home) == []


def test_a_gateway_of_the_client_is_no_cloud(home):
    put(home, "cloud-switch/settings-bedrock0.json", env={"CLAUDE_CODE_USE_GATEWAY": "1"})
    assert codes(home) == []


class TestFirstStart:
    """Thirteen places of a token, as measured with 2.1.332."""

    def put(self, home, user=None, project=None, state=None):
        for values, file in ((user, home.settings), (project, home.shared), (state, home.folder / ".claude.json")):
            if values is not None:
                home.write(json.dumps(values), file)

    @pytest.mark.parametrize("state", [None, "{}", '{"hasCompletedOnboarding": false, "numStartups": 3}'])
    def test_a_token_in_the_project_alone_comes_too_late(self, home, state):
        home.write((CASES / "onboarding" / "project-settings-only.json").read_bytes(), home.shared)
        if state is not None:
            home.write(state, home.folder / ".claude.json")
        assert check(home)[:2] == (0, [("AUTH207", "warning")])
        home.write('{"hasCompletedOnboarding": true}', home.folder / ".claude.json")
        assert codes(home) == []

    def test_no_token_at_all(self, home):
        home.write((CASES / "onboarding" / "user-settings-no-token.json").read_bytes())
        assert codes(home) == ["AUTH201", "AUTH207"]
        home.write('{"env": {"ANTHROPIC_AUTH_TOKEN": "any"}}', home.local)
        assert codes(home) == ["AUTH207"]

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("ANTHROPIC_AUTH_TOKEN", "any", []),
            ("ANTHROPIC_AUTH_TOKEN", 5, []),
            ("ANTHROPIC_API_KEY", "k", ["AUTH207", "AUTH202"]),
            ("ANTHROPIC_CUSTOM_HEADERS", "authorization: Bearer x", ["AUTH207"]),
            ("ANTHROPIC_AUTH_TOKEN", "", ["AUTH206", "AUTH207"]),
        ],
    )
    def test_what_helps_in_the_user_settings(self, home, name, value, expected):
        values = json.loads((CASES / "onboarding" / "user-settings-no-token.json").read_text())
        values["env"][name] = value
        home.write(json.dumps(values))
        assert codes(home) == expected

    def test_a_helper_of_the_user_helps_and_one_of_the_project_does_not(self, home):
        home.write((CASES / "onboarding" / "user-settings-no-token.json").read_bytes())
        home.write('{"apiKeyHelper": "echo x"}', home.shared)
        assert codes(home) == ["AUTH207"]
        values = json.loads(home.settings.read_text())
        home.write(json.dumps({**values, "apiKeyHelper": "echo x"}))
        assert codes(home) == []

    def test_a_token_in_the_clients_state_helps(self, home):
        home.write((CASES / "onboarding" / "user-settings-no-token.json").read_bytes())
        home.write('{"env": {"ANTHROPIC_AUTH_TOKEN": "any"}}', home.folder / ".claude.json")
        assert codes(home) == []

    def test_without_a_server_or_with_a_login_nothing_is_said(self, home):
        home.write('{"permissions": {"allow": ["Read"]}}', home.shared)
        assert codes(home) == []
        home.write((CASES / "onboarding" / "user-settings-no-token.json").read_bytes())
        home.write('{"oauthAccount": {"emailAddress": "a@example.org"}}', home.folder / ".claude.json")
        assert codes(home) == ["AUTH209"]

    def test_a_state_that_cannot_be_read_proves_nothing(self, home):
        home.write((CASES / "onboarding" / "project-settings-only.json").read_bytes(), home.shared)
        home.write("{", home.folder / ".claude.json")
        assert codes(home) == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("authorization: Bearer sk-local-abc", []),
        ("X-Team: a\nX-API-Key: k", []),
        ("X-Team: a\r\nAUTHORIZATION:Bearer x", []),
        ("X-Team: a", ["AUTH201"]),
        ("Authorization:", ["AUTH201"]),
        ("Proxy-Authorization: Basic eA==", ["AUTH201"]),
    ],
)
def test_an_auth_header_is_enough_and_another_is_not(home, headers, expected):
    put(home, "custom-headers/settings-ch_lower.json")
    values = json.loads(home.settings.read_text())
    values["env"]["ANTHROPIC_CUSTOM_HEADERS"] = headers
    home.write(json.dumps(values))
    assert codes(home) == expected


def test_the_headers_of_the_cases(home):
    put(home, "custom-headers/settings-ch_lower.json")
    assert codes(home) == []
    put(home, "custom-headers/settings-ch_other.json")
    assert codes(home) == ["AUTH201"]


class TestClientState:
    def state(self, home, text):
        return home.write(text, home.folder / ".claude.json")

    def test_a_model_there_beats_the_one_beside_it(self, home):
        home.write((CASES / "claude-json" / "settings.json").read_bytes())
        state = self.state(home, (CASES / "claude-json" / "claude.json-model").read_bytes())
        _, _, found = check(home)
        (overrides,) = (one for one in found if one["code"] == "MODEL309")
        assert (overrides["severity"], overrides["file"], overrides["line"]) == ("warning", str(state), None)
        assert overrides["fix"] is not None

    def test_an_address_there_alone_is_enough_to_send(self, home):
        self.state(home, (CASES / "claude-json" / "claude.json-url").read_bytes())
        code, loud, found = check(home)
        assert (code, loud) == (0, [("MODEL301", "info")])
        assert "127.0.0.1" not in json.dumps([one["message"] for one in found if one["code"].startswith("AUTH")])

    def test_it_is_below_the_users_settings(self, home):
        home.write((CASES / "claude-json" / "settings.json").read_bytes())
        self.state(home, '{"hasCompletedOnboarding":true,"env":{"ANTHROPIC_BASE_URL":"http://h/v1"}}')
        assert [code for code in codes(home) if code != "FILE706"] == []
        (lost,) = (one for one in check(home)[2] if one["code"] == "FILE706")
        assert "the value in Claude Code's own state has no effect" in lost["message"]
        assert lost["line"] is None

    @pytest.mark.parametrize(
        ("env", "expected"),
        [
            ({"ANTHROPIC_AUTH_TOKEN": "t"}, ["AUTH208"]),
            ({}, ["AUTH208"]),
            ({"ANTHROPIC_CUSTOM_HEADERS": "authorization: Bearer h"}, ["AUTH208"]),
            ({"ANTHROPIC_API_KEY": "own"}, ["AUTH202"]),
        ],
    )
    def test_a_stored_key_goes_to_the_server(self, home, env, expected):
        values = json.loads((CASES / "onboarding" / "user-settings-no-token.json").read_text())
        values["env"].update(env)
        home.write(json.dumps(values))
        state = self.state(home, '{"hasCompletedOnboarding":true,"primaryApiKey":"sk-ant-secret"}')
        code, loud, found = check(home)
        assert (code, [one for one, _ in loud]) == (0, expected)
        if expected == ["AUTH208"]:
            assert found[0]["file"] == str(state)
            assert "••" not in found[0]["message"]
        assert "sk-ant-secret" not in json.dumps(found)

    def test_a_stored_key_is_said_of_a_hosted_gateway_too(self, home):
        home.write((CASES / "gateway-own-ids" / "settings.json").read_bytes())
        self.state(home, '{"hasCompletedOnboarding":true,"primaryApiKey":"sk-ant-secret"}')
        assert codes(home) == ["AUTH208"]

    def test_it_is_never_written(self, home):
        home.write((CASES / "claude-json" / "settings.json").read_bytes())
        state = self.state(home, (CASES / "claude-json" / "claude.json-model").read_bytes())
        before = state.read_bytes()
        home.run("check", "--offline", "--fix", "--yes", *NEWEST)
        assert home.run("set", "--scope", "client state", "model", "x")[0] != 0
        assert state.read_bytes() == before

    @pytest.mark.parametrize("text", ['{"env": 5}', '{"env": {}}', '{"env": ["A"]}', "[]", "", '{"env": {"A": {}}}'])
    def test_odd_states_are_no_scope_and_no_finding(self, home, text):
        home.write((CASES / "claude-json" / "settings.json").read_bytes())
        self.state(home, text)
        assert codes(home) == []


@pytest.mark.parametrize(
    ("name", "wrong", "known"),
    [
        ("authkey", "ANTHROPIC_AUTH_KEY", "did you mean ANTHROPIC_AUTH_TOKEN?"),
        ("cm", "CLAUDE_MODEL", "did you mean ANTHROPIC_MODEL?"),
        ("betasroot", "disableExperimentalBetas", "did you mean CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS in env?"),
        ("betasroot", "ANTHROPIC_HEADERS", "did you mean ANTHROPIC_CUSTOM_HEADERS?"),
    ],
)
def test_wrong_words_for_a_name(home, name, wrong, known):
    put(home, f"names/settings-{name}.json")
    titles = {one["path"].removeprefix("env."): one["title"] for one in check(home)[2] if one["code"] == "FILE703"}
    assert titles[wrong] == known


@pytest.mark.parametrize(("wrong", "right"), WRONG_WORDS.items())
def test_each_wrong_word_is_no_name_and_leads_to_one(wrong, right):
    assert wrong not in VARIABLES
    assert right in VARIABLES
    assert list(resembling([wrong], VARIABLES)) == [wrong]


class TestAvailableModels:
    """The lists that were measured with 2.1.332: which id the server received."""

    def test_the_selected_model_is_left_out(self, home):
        put(home, "available-models/settings.json")
        assert check(home)[:2] == (0, [("MODEL312", "warning")])
        (found,) = (one for one in check(home)[2] if one["code"] == "MODEL312")
        assert "restricted by your organization's settings" in found["message"]
        assert found["path"] == "availableModels"
        # With it, ANTHROPIC_MODEL and `model` contradict each other: not without being asked.
        assert found["message"].endswith("By hand: add qwen3.6-plus to it.")
        values = json.loads(home.settings.read_text())
        home.write(json.dumps({**values, "availableModels": [*values["availableModels"], "qwen3.6-plus"]}))
        assert codes(home) == ["MODEL309", "MODEL302"]

    @pytest.mark.parametrize(
        ("model", "listed", "restricted"),
        [
            ("sonnet", ["q"], False),
            ("q", ["sonnet"], True),
            ("q", ["q"], False),
            ("q", ["Q"], False),
            ("q", [], True),
            ("sonnet", [], True),
            ("sonnet", ["opus"], True),
            ("qwen3.6-plus", ["qwen"], True),
            ("qwen3.6-plus", ["qwen3.6"], False),
            ("q", ["sonnet", "q"], False),
            ("opus", ["sonnet"], False),
            ("q[1m]", ["q"], False),
            ("q", "q", False),
            ("q", [5, None], True),
        ],
    )
    def test_which_models_a_list_allows(self, home, model, listed, restricted):
        put(home, "available-models/settings.json")
        values = json.loads(home.settings.read_text())
        del values["env"]["ANTHROPIC_MODEL"]
        values["env"]["ANTHROPIC_DEFAULT_OPUS_MODEL"] = "q-opus"
        home.write(json.dumps({**values, "model": model, "availableModels": listed}))
        assert ("MODEL312" in codes(home)) == restricted

    def test_the_lists_of_all_scopes_count_together(self, home):
        put(home, "available-models/settings.json")
        home.write('{"availableModels": ["qwen3.6-plus"]}', home.shared)
        assert "MODEL312" not in codes(home)
        home.write('{"availableModels": ["haiku"]}', home.shared)
        assert "MODEL312" in codes(home)


class TestAutoMode:
    def values(self, home, **root):
        put(home, "claude-json/settings.json")
        home.write(json.dumps({**json.loads(home.settings.read_text()), **root}))

    def found(self, home, version="2.1.332"):
        out = home.run("check", "--offline", "--json", "--client-version", version)[1]
        return [one for one in json.loads(out)["findings"] if one["code"] == "TRAFFIC405"]

    @pytest.mark.parametrize(
        "root",
        [
            *(
                {"permissions": {"defaultMode": mode}}
                for mode in ("default", "acceptEdits", "plan", "manual", "dontAsk")
            ),
            {"disableAutoMode": "disable"},
            {"permissions": {"disableAutoMode": "disable"}},
        ],
        ids=str,
    )
    def test_another_mode_is_enough_in_any_scope(self, home, root):
        self.values(home, **root)
        assert self.found(home) == []
        self.values(home)
        home.write(json.dumps(root), home.shared)
        assert self.found(home) == []

    @pytest.mark.parametrize(
        "root", [{}, {"permissions": {"defaultMode": "auto"}}, {"permissions": {"allow": ["Bash"]}}], ids=str
    )
    def test_auto_mode_is_a_warning(self, home, root):
        self.values(home, **root)
        (found,) = self.found(home)
        assert found["severity"] == "warning"
        (edit,) = found["fix"]["edits"]
        assert (edit["path"], edit["value"], found["fix"]["safe"]) == ("permissions.defaultMode", "acceptEdits", False)

    @pytest.mark.parametrize("version", ["2.1.112", "2.1.328", "2.0.76"])
    def test_of_other_versions_nothing_is_said(self, home, version):
        self.values(home)
        assert self.found(home, version) == []

    def test_without_a_base_url_and_for_a_hosted_gateway(self, home):
        home.write('{"model": "opus"}')
        assert self.found(home) == []
        put(home, "gateway-own-ids/settings.json")
        assert {one["severity"] for one in self.found(home)} == {"info"}

    @pytest.mark.parametrize(
        "text",
        [
            '{"permissions": {"defaultMode": 5}}',
            '{"disableAutoMode": true}',
            '{"spinnerTipsEnabled": "false"}',
            '{"cleanupPeriodDays": "30"}',
            '{"fallbackModel": "sonnet"}',
            '{"model": null}',
            '{"permissions": null}',
        ],
    )
    def test_a_value_of_another_type_drops_the_file(self, home, text):
        home.write(text)
        assert codes(home) == ["FILE702"]


def test_what_belongs_to_the_client_is_not_judged(home):
    put(home, "survey-state/settings.json")
    assert not {"FILE703", "FILE702"} & set(codes(home))


@pytest.mark.parametrize("name", ["azure-key/settings.json", "gateway-own-ids/settings.json"])
def test_a_hosted_gateway_gets_notes_at_most_and_no_change(home, name):
    put(home, name)
    before = home.settings.read_bytes()
    code, loud, _ = check(home)
    assert (code, [one for one in loud if one[1] != "info"]) == (0, [])
    home.run("check", "--offline", "--fix", "--yes", *NEWEST)
    assert home.settings.read_bytes() == before


def test_an_unknown_server_of_one_s_own_is_not_condemned(home):
    put(home, "gateway-own-ids/local.json")
    code, loud, found = check(home)
    assert (code, {severity for _, severity in loud}) == (0, {"info"})
    (tier,) = (one for one in found if one["code"] == "MODEL301")
    assert "and answers 404 unless it serves or maps that id" in tier["message"]


@pytest.mark.parametrize("name", ["logged-in", "nothing-of-ours"])
def test_where_nothing_is_ours_nothing_is_said_or_changed(home, name):
    shutil.copytree(CASES / name / "project", home.project, dirs_exist_ok=True)
    if (CASES / name / "home").exists():
        shutil.copytree(CASES / name / "home", home.folder, dirs_exist_ok=True)
    before = {file: file.read_bytes() for file in home.folder.rglob("*.json")}
    assert check(home)[:2] == (0, [])
    assert home.run("check", "--offline", "--fix", "--yes", *NEWEST)[0] == 0
    assert {file: file.read_bytes() for file in home.folder.rglob("*.json")} == before


def test_a_fix_keeps_the_types(home):
    put(home, "fix-retypes/settings.json")
    home.run("check", "--offline", "--fix", "--yes", "--only", "FILE703", *NEWEST)
    values = json.loads(home.settings.read_text())
    assert (values["alwaysThinkingEnabled"], values["cleanupPeriodDays"]) == (True, 30)
    assert "FILE702" not in codes(home)


def test_a_fix_does_not_turn_a_real_key_into_its_opposite(home):
    put(home, "fix-opposite/settings.json")
    before = home.settings.read_bytes()
    home.run("check", "--offline", "--fix", "--yes", "--only", "FILE703", *NEWEST)
    assert home.settings.read_bytes() == before
    assert "FILE703" not in codes(home)
