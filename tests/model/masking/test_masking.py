"""Secrets are masked by their name, their place and their form, and nothing else is."""

from __future__ import annotations

import json

import pytest

from stormdeck.model.masking import programs
from stormdeck.model.masking.command import mask_command
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.lines import MASK, mask_text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("http://u:p@h:1/v1", f"http://{MASK}@h:1/v1", id="user-and-password"),
        pytest.param("http://h/v1?api_key=abc&x=1", f"http://h/v1?api_key={MASK}&x=1", id="query"),
        pytest.param("http://h/v1?key=abc#f", f"http://h/v1?key={MASK}#f", id="key"),
        pytest.param("http://h:8000/v1?monkey=1", "http://h:8000/v1?monkey=1", id="not-a-key"),
        pytest.param("not a url", "not a url", id="no-url"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert mask_text(url) == shown


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        pytest.param(
            ["vllm", "--api-key", "abc", "def", "--port", "1"],
            ["vllm", "--api-key", MASK, MASK, "--port", "1"],
            id="several-keys",
        ),
        pytest.param(["vllm", "--api-key=abc"], ["vllm", f"--api-key={MASK}"], id="equals"),
        pytest.param(["x", "--hf-token", "abc"], ["x", "--hf-token", MASK], id="token"),
        pytest.param(["x", "--hf_token=abc"], ["x", f"--hf_token={MASK}"], id="underscore"),
        pytest.param(
            ["vllm", "--max-num-batched-tokens", "8192", "--tool-call-parser", "hermes"],
            ["vllm", "--max-num-batched-tokens", "8192", "--tool-call-parser", "hermes"],
            id="token-counts-are-no-secret",
        ),
        pytest.param(
            ["env", "ANTHROPIC_AUTH_TOKEN=abc", "claude"],
            ["env", f"ANTHROPIC_AUTH_TOKEN={MASK}", "claude"],
            id="variable",
        ),
        pytest.param(
            ["curl", "-H", "Authorization: Bearer abcd.ef"],
            ["curl", "-H", f"Authorization: Bearer {MASK}"],
            id="header",
        ),
        pytest.param(["p", "--db", "postgres://u:p@h/d"], ["p", "--db", f"postgres://{MASK}@h/d"], id="url"),
        pytest.param(["vllm", "serve", "Qwen/Qwen3.5-27B"], ["vllm", "serve", "Qwen/Qwen3.5-27B"], id="nothing-secret"),
    ],
)
def test_a_command_line_is_shown_without_its_secrets(argv: list[str], shown: list[str]) -> None:
    assert list(mask_command(argv)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Request Headers: {'x-api-key': 'abcdef', 'host': 'h'}",
        '{"authorization": "Bearer abcdef"}',
        "Received API Key = sk-abcdef, Key Hash = x",
        "master_key: abcdef",
        "http://u:abcdef@h/",
    ],
)
def test_a_quoted_secret_is_masked_wherever_it_stands(text: str) -> None:
    shown = mask_text(text)
    assert "abcdef" not in shown
    assert MASK in shown


def test_text_about_keys_is_not_mangled() -> None:
    text = "Authentication Error, No api key passed in. prompt_tokens: 12, max_tokens=32000"
    assert mask_text(text) == text


IN_COMMANDS = r"""
vault login {}
vault login -method=token token={}
vault kv put secret/x value={}
curl --user=me:{} h
curl -fsSLu me:{} h
echo {} | docker login -u me --password-stdin
printf '%s' {} | sudo -S x
gh auth login --with-token <<< {}
npm config set //npm.example/:_authToken {}
aws configure set aws_secret_access_key {}
setx API_TOKEN {}
machine h login me password {}
kubectl create secret generic x --from-literal=a={}
bw unlock {}
wandb login --relogin {}
twine upload -p {} x
smbclient //h/s -U me%{}
xfreerdp /u:me /p:{} /v:h
lftp -u me,{} h
sqlplus me/{}@h
jdbc:oracle:thin:me/{}@h:1521/x
<add key="ApiKey" value="{}"/>
https://h/x?X-Goog-Signature={}&a=1
https://h/x?pw={}
https://h/x?to=https%3A%2F%2Fme%3A{}%40h
https://h/x?token%3D{}
Authorization: Digest username="me", response="{}"
USER_PIN={}
os.environ["API_KEY"]="{}"
os.getenv('API_KEY', '{}')
process.env.TOKEN || '{}'
password -> {}
let password: String = "{}"
my password is "{}"
SecretStr('{}')
OTEL_EXPORTER_OTLP_HEADERS=x-team={} run
env ANTHROPIC_CUSTOM_HEADERS='X-Team: {}' claude
[ -f x ] && curl -H 'X-Team: {}' h
[Environment]::SetEnvironmentVariable('API_KEY','{}')
"""
NAMED = """
PIN USER_PIN DB_PW ROOTPW WIFI_PSK SAS MNEMONIC SALT SIGNING_SALT
HMAC ACCESS_ID SEED_PHRASE TOTP_SEED RECOVERY_CODES CONNECTION_STRING PASSWORT CONTRASENA LOGIN
"""
HARMLESS = """
stop_token_ids=[151643]
eos_token_id=151645
KeyError: 'choices'
pass: 3, fail: 4
SSH_AUTH_SOCK=/run/user/1000/ssh
GIT_ASKPASS=/usr/bin/ask
CLAUDE_CODE_CLIENT_KEY=/etc/x/k.pem
PIN_MEMORY=1
LOGIN_SHELL=/bin/bash
"login": "octocat"
wandb login required
tar -xzfu a:b
login: 2026-11-30 from h
error: next token -> end
fly -t prod status
using vault login first
echo done | tee login
git config user.name Me
"""


@pytest.mark.parametrize("text", IN_COMMANDS.strip().split("\n"))
def test_what_programs_are_given_is_masked(text: str) -> None:
    text = text.replace("{}", "q7vRuby042moss")
    hook = json.dumps({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": text}]}]}})
    assert "q7vRuby042moss" not in mask_text(text)
    assert "q7vRuby042moss" not in mask_json(hook)
    json.loads(mask_json(hook))


@pytest.mark.parametrize("name", NAMED.split())
def test_other_names_of_secrets(name: str) -> None:
    assert "hunter2" not in mask_json(json.dumps({"env": {name: "hunter2"}}))
    assert "hunter2" not in mask_text(f"{name}=hunter2")


@pytest.mark.parametrize(
    "form",
    [
        *("ntn_{}", "secret_{}", "lin_oauth_{}", "nfp_{}", "sbp_{}", "phx_{}", "apify_api_{}", "pcsk_{}", "shpss_{}"),
        *("PMAK-{}", "tskey-auth-{}", "dp.pt.{}", "AGE-SECRET-KEY-1{}", "pscale_tkn_{}", "sntrys_{}", "tgp_v1_{}"),
        *("https://api.telegram.org/bot123456:{}/sendMessage", "https://mcp.zapier.com/api/mcp/s/{}/mcp"),
    ],
)
@pytest.mark.parametrize("place", ["NOTE", "command", "url", "statusMessage"])
def test_a_token_of_a_known_form_is_masked_wherever_it_stands(form: str, place: str) -> None:
    text = f"see {form.format('q7vRuby042moss00q7vRuby')}"
    assert "Ruby" not in mask_text(text)
    assert "Ruby" not in mask_json(json.dumps({"any": [{place: text}]}))


@pytest.mark.parametrize("text", ["secret_manager_project", "phx_node_name", "the tskey- prefix", "telegram: bot 7"])
def test_names_that_begin_like_a_token_are_shown(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize("text", HARMLESS.strip().split("\n"))
def test_what_only_resembles_a_secret_is_shown(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "API_KEY", "value": "hunter2"}]',
        '[{"value": "hunter2", "name": "API_KEY"}]',
        '[{"key": "API_KEY", "value": "hunter2"}]',
    ],
)
def test_a_value_beside_the_name_of_its_variable(text: str) -> None:
    assert "hunter2" not in mask_json(text)


@pytest.mark.parametrize("piece", ["vault login ", "printf -a ", "echo 'a", "machine a login ", "A_HEADERS='a\\n"])
def test_masking_looks_at_each_command_once(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(programs, "is_mixed", lambda word: looks.append(word) or False)
    mask_text(piece * 500)
    assert len(looks) <= 1000


def test_a_secret_is_found_wherever_it_stands_among_many_entries():
    entries = [f'"PLAIN_{number}": "x"' for number in range(300)]
    for at in (0, 63, 64, 150, 299):
        for entry in ('"MY_API_KEY": "hunter2"', '"MY_CURL": "-ume:hunter2"', '"A": "Bearer hunter2", "B": ""'):
            text = "{" + ", ".join([*entries[:at], entry, *entries[at:]]) + "}"
            shown = mask_json(text)
            assert "hunter2" not in shown
            assert len(json.loads(shown)) == len(json.loads(text))


@pytest.mark.parametrize("key", ["12", "other", "null"])
def test_a_key_without_quotes_is_not_taken_for_the_one_before(key):
    text = f'{{"name": "MY_API_KEY", "x": "y", {key}: "abc", "value": "hunter2"}}'
    assert "hunter2" not in mask_json(text)
