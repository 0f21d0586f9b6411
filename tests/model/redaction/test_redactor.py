"""A bug report contains no key, no person and no place, and stays readable."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stormdeck.model.masking.configured import secrets_of
from stormdeck.model.masking.redaction.identities import identities_of
from stormdeck.model.masking.redaction.redactor import SECRET, Redactor
from stormdeck.model.masking.redaction.snapshots import settings_as_json, texts_for_numbers
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile

HERE = identities_of("/home/anna", "/home/anna/acme/billing", {"USER": "anna"}, "annas-laptop", ["http://gpu-7:8000"])

SHAPES = [
    "sk-proj-9f8e7d6c5b4a39281706",
    "sk-...wxYZ",
    "hf_AbCdEfGhIjKlMnOp",
    "ghp_0123456789abcdef0123456789abcdef0123",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "0123456789abcdef0123456789ABCDEF",
    "dGhpcyBpcyBhIHNlY3JldCB0b2tlbiAxMjM0NTY",
    "AKIAIOSFODNN7EXAMPLE",
]
ECHOES = {
    "header": "x-api-key: {}",
    "bearer": "Authorization: Bearer {}",
    "basic": "Authorization: Basic {}",
    "json": '{{"api_key": "{}"}}',
    "url": "http://anna:{}@gpu-7:8000/v1",
    "query": "GET /v1/models?key={} failed",
    "bare": "got {} and no more",
    "coloured": "got \x1b[31m{}\x1b[0m",
}
VARIANTS = {
    "plain": ('pä"ss/wört', 'it is pä"ss/wört'),
    "json": ('pä"ss/wört', '"pä\\"ss/wört"'),
    "ascii json": ('pä"ss/wört', '"p\\u00e4\\"ss/w\\u00f6rt"'),
    "url": ('pä"ss/wört', "p%C3%A4%22ss%2Fw%C3%B6rt"),
    "base64": ("hunter22", "aHVudGVyMjI="),
    "inside a word": ("abc1", "xxabc1yy"),
    "split by an escape": ("hunter22", "hun\x1b[1mter22"),
    "split by a hidden character": ("hunter22", "hun\u200bter22"),
}


def redacted(text, *secrets, place=HERE):
    return Redactor(secrets, place).text(text, Counter())


def settings_of(text, **shell):
    return merged(
        [loaded(SettingsFile(Scope.USER, Path("/home/anna/.claude/settings.json"), exists=True), text)], shell
    )


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("token", SHAPES, ids=lambda token: token[:6])
def test_a_token_that_nothing_configures_is_known_by_its_look(token, echo):
    assert token not in redacted(echo.format(token))


@pytest.mark.parametrize(("secret", "text"), VARIANTS.values(), ids=VARIANTS)
def test_a_configured_secret_is_found_however_it_is_quoted(secret, text):
    assert "<secret-1>" in redacted(text, secret)


@pytest.mark.parametrize("secret", ["\udcff\udcfeabc1", "\ud800xyz9"], ids=["bytes", "half a character"])
def test_a_secret_that_is_no_text_is_taken_out_all_the_same(secret):
    assert secret[1:] not in redacted(f"it is {secret}", secret)


def test_the_same_secret_has_the_same_number_everywhere():
    redact = Redactor(["first-key", "second"], HERE)
    taken = Counter()
    assert redact.text("second first-key second", taken) == "<secret-2> <secret-1> <secret-2>"
    assert taken == {SECRET: 3}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/anna/acme/billing/x.py", "<project>/<path-1>"),
        ("/home/anna/.claude", "~/.claude"),
        ("/home/bob/.ssh and /Users/carol/x", "<path-1> and <path-2>"),
        ("projects/-home-anna-acme-billing/a.jsonl", "projects/<project>/a.jsonl"),
        ("anna@annas-laptop said, anna.k@acme.example too", "<e-mail> said, <e-mail> too"),
        ("run by anna", "run by <user>"),
        ("on annas-laptop", "on <this-host>"),
        ("http://gpu-7:8000, gpu-7, http://gpu-8/", "http://<host-1>:8000, <host-1>, http://<host-2>/"),
        ("10.1.2.3:8000 and fe80:0:0:0:1:2:3:4", "<host-1>:8000 and <host-2>"),
        ("6f1c2f0e-8a57-4b53-9a1f-0123456789ab twice", "<id-1> twice"),
    ],
    ids=["project", "home", "other homes", "transcripts", "mail", "user", "this host", "hosts", "addresses", "id"],
)
def test_people_and_places_give_way_to_marks(text, shown):
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8000 http://localhost:4000 http://[::1]:8000 http://0.0.0.0",
        "env.ANTHROPIC_AUTH_TOKEN: no token: no request is sent",
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS: 64000",
        "RedHatAI/Qwen3-Coder-480B-A35B-Instruct-FP8-dynamic-quantized-w8a8",
        "18:22:01.123 2026-11-20T18:22:01.123+00:00",
        "vLLM 0.32.0, driver 580.95.05, 131072 tokens",
    ],
    ids=["loopback", "a finding", "a count", "a model", "clocks", "versions"],
)
def test_what_a_maintainer_needs_stays(text):
    assert redacted(text) == text


class TestHarvest:
    def test_every_place_of_a_secret_is_known(self, tmp_path):
        from stormdeck.sources.litellm_yaml import read_proxy_config

        yaml = tmp_path / "config.yaml"
        yaml.write_text(
            "general_settings:\n  master_key: sk-master\n  database_url: postgres://u:dbpass@db/x\n"
            "model_list:\n- model_name: a\n  litellm_params: {model: b, api_key: os.environ/UPSTREAM}\n"
        )
        settings = settings_of(
            '{"env": {"ANTHROPIC_AUTH_TOKEN": "one", "ANTHROPIC_BASE_URL": "http://me:t%40wo@h",'
            ' "ANTHROPIC_CUSTOM_HEADERS": "X-Team: three\\nAuthorization: Bearer four"}}',
            ANTHROPIC_API_KEY="five",
        )
        found = secrets_of(settings, {"HF_TOKEN": "six", "UPSTREAM": "seven", "PATH": "/bin"}, read_proxy_config(yaml))
        assert found >= {"one", "t%40wo", "t@wo", "three", "four", "five", "six", "sk-master", "dbpass"}
        assert not found & {"X-Team:", "Bearer", "Authorization:", "/bin"}

    def test_a_variable_that_the_yaml_points_at_is_a_secret_whatever_its_name(self, tmp_path):
        from stormdeck.sources.litellm_yaml import read_proxy_config

        yaml = tmp_path / "config.yaml"
        yaml.write_text("general_settings: {master_key: os.environ/UPSTREAM}\n")
        assert "seven" in secrets_of(settings_of("{}"), {"UPSTREAM": "seven"}, read_proxy_config(yaml))

    def test_a_file_that_is_no_json_gives_its_secrets_too(self):
        assert "hunter22" in secrets_of(settings_of('{"env": {"ANTHROPIC_AUTH_TOKEN": "hunter22",,}}'), {}, None)


class TestSettings:
    def shown(self, text):
        settings = settings_of(text)
        redact = Redactor(secrets_of(settings, {}, None), HERE)
        document: Any = settings_as_json(settings, redact, Counter())
        [file] = document["files"]
        return file

    def test_keys_stay_secrets_are_numbered_and_the_rest_is_shown_by_its_size(self):
        file = self.shown(
            '{"model": "sonnet", "apiKeyHelper": "pass show x", "hooks": {"Stop": [1, 2]}, "cleanupPeriodDays": 30,'
            ' "env": {"ANTHROPIC_AUTH_TOKEN": "x", "ANTHROPIC_API_KEY": "longer", "DB": "Pwd=zzz",'
            ' "API_TIMEOUT_MS": "600000"}}'
        )
        assert file["path"] == "~/.claude/settings.json"
        assert file["values"] == {
            "model": "sonnet",
            "apiKeyHelper": "<11 characters>",
            "hooks": {"Stop": "<list of 2>"},
            "cleanupPeriodDays": "<number>",
            "env": {
                "ANTHROPIC_AUTH_TOKEN": "<secret>",
                "ANTHROPIC_API_KEY": "<secret-1>",
                "<name-1>": "<7 characters>",
                "API_TIMEOUT_MS": "600000",
            },
        }

    def test_a_broken_file_is_shown_by_its_error_alone(self):
        file = self.shown('{"env": {"ANTHROPIC_AUTH_TOKEN": "hunter22",,}}')
        assert file["values"] == {}
        assert file["error"]["line"] == 1
        assert "hunter22" not in str(file)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/my models/x/y is no model", "<path-1> is no model"),
        ("acme/JohnDoe-Qwen3.5-27B-ft is not served", "<name-1>/<name-2>-Qwen3.5-27B-<name-3> is not served"),
        ("Qwen/Qwen3.5-27B is served", "Qwen/Qwen3.5-27B is served"),
        ("LiteLLM gpubox:4000 is down", "LiteLLM <host-1>:4000 is down"),
        ("gpu.example.org:8000 and settings.json:12", "<host-1>:8000 and settings.json:12"),
        ("http://127.0.0.1:8000/acme/v1/messages?x=1", "http://127.0.0.1:8000/*/v1/messages?x=1"),
        (r"C:\Users\carol\x", "<path-1>"),
        ("~/.claude/settings.json", "~/.claude/settings.json"),
        ("~/acme/models/x", "~/<path-1>"),
        ("fe80::1%eth0 and ::1", "<host-1> and ::1"),
    ],
)
def test_paths_models_and_hosts_give_way_to_marks(text, shown):
    place = identities_of(
        "/home/anna",
        "/home/anna/acme",
        {},
        "here",
        ["http://gpubox:4000"],
        ["/srv/my models/x"],
        ["acme/JohnDoe-Qwen3.5-27B-ft", "Qwen/Qwen3.5-27B"],
    )
    assert redacted(text, place=place) == shown


def test_a_text_in_place_of_a_number_is_quoted_nowhere():
    """A finding quotes the value that it finds wrong, a long one cut."""
    shown = settings_of(
        '{"env": {"API_TIMEOUT_MS": "call Anna at noon, she knows what to do then"}, "spinnerTipsEnabled": true}'
    )
    redact = Redactor((), replace(HERE, texts=tuple(texts_for_numbers(shown))))
    counts = Counter()
    assert redact.text("API_TIMEOUT_MS is call Anna at noon, she …", counts) == "API_TIMEOUT_MS is <value>…"
    assert counts
    made: Any = settings_as_json(shown, redact, counts)
    assert "Anna" not in str(made)
    assert made["files"][0]["values"]["spinnerTipsEnabled"] is True
