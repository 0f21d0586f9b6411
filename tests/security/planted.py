"""A stack with a token of its own in each place where people keep secrets."""

import json

LETTERS = "kmqvwxz"


class Tokens:
    """Makes tokens that no two places share, and looks for them in a text."""

    def __init__(self):
        self.made = {}

    def __call__(self, place):
        number = len(self.made)
        token = f"{LETTERS[number % 7]}{LETTERS[number // 7 % 7]}Ruby{number:03}moss"
        self.made[token] = place
        return token

    def seen(self, text):
        """Return the places whose token stands in a text."""
        return sorted({place for token, place in self.made.items() if token in text})


NAMES = [
    "ANTHROPIC_AUTH_TOKEN",
    "MY_PASSPHRASE",
    "GITHUB_PAT",
    "COOKIE",
    "CORP_CREDS",
    "SECRETS",
    "TOKEN_VALUE",
    "OPENAI_API_KEY_2",
    "SLACK_WEBHOOK",
    "SLACK_WEBHOOK_URL",
    "DB_PASS",
    "MYSQL_PWD",
    "PGPASSWORD",
    "HFTOKEN",
    "authToken",
    "api-key",
    "CLIENT_SECRETS_1",
    "AUTH",
    "KEYS",
    "SESSION_COOKIES",
]
URLS = {
    "password": "http://user:{}@127.0.0.1:9",
    "odd password": "postgres://user:p/#{}@db/name",
    "blank in a password": "postgres://user:a b {}@db/name",
    "redis": "redis://:{}@cache:6379/0",
    "amqp": "amqp://u:{}@mq",
    "token as user": "https://{}@host/x",
    "query": "http://127.0.0.1:9/?key={}",
    "signed": "https://host/file?sig={}&x=1",
    "telegram": "https://api.telegram.org/bot12345:{}/sendMessage",
    "zapier": "https://mcp.zapier.com/api/mcp/s/{}/mcp",
    "git": "git+https://oauth2:{}@git.example.com/a/b.git",
    "slack": "https://hooks.slack.com/services/T0/B0/{}",
}
COMMANDS = {
    "bearer": 'curl -H "Authorization: Bearer {}" http://h',
    "own header": "curl -H 'X-Team: {}' http://h",
    "google header": "curl -H x-goog-api-key:{} http://h",
    "extra header of git": 'git -c http.extraHeader="Authorization: Basic {}" fetch',
    "form": "curl -F token={} http://h",
    "login": "curl -u me:{} http://h",
    "option": "deploy --api-key {} now",
    "option with equals": "deploy --password={}",
    "export": "export NPM_TOKEN={} && npm publish",
    "quoted export": "export A_SECRET='{} x'",
    "mysql": "mysql -p{} -h db",
    "sshpass": "sshpass -p {} ssh h",
    "list": """run.py '["--token", "{}"]'""",
    "json": """post '{{"token": ["{}"]}}'""",
    "spoken": "notify Bearer {}",
}
FORMS = (
    *("sk-ant-{}", "ghp_{}", "github_pat_{}", "glpat-{}", "AKIA{}", "xoxb-{}", "hf_{}", "eyJ{}.abc.def", "AIza{}"),
    *("ntn_{}", "PMAK-{}", "dp.pt.{}"),
)


def variables(token, where):
    """Return variables that hold a secret each."""
    env = {name: token(f"{where}: {name}") for name in NAMES}
    env |= {
        f"A_{name.upper().replace(' ', '_')}_ADDRESS": url.format(token(f"{where}: {name} URL"))
        for name, url in URLS.items()
    }
    env |= {f"NOTE_{number}": f"see {form.format(token(f'{where}: {form}'))}" for number, form in enumerate(FORMS)}
    env["NOTE_PEM"] = f"-----BEGIN RSA PRIVATE KEY-----\n{token(f'{where}: PEM')}\n-----END RSA PRIVATE KEY-----"
    env["NOTE_JSON"] = json.dumps({"a": {"token": [token(f"{where}: JSON in a variable")]}})
    env["ANTHROPIC_CUSTOM_HEADERS"] = "\n".join(
        [
            f"Authorization: Bearer {token(f'{where}: header')}",
            f"x-api-key: {token(f'{where}: key header')}",
            f"X-Anything: {token(f'{where}: other header')}",
            f"Cookie: a={token(f'{where}: cookie')}; b={token(f'{where}: second cookie')}",
        ]
    )
    env["OTEL_EXPORTER_OTLP_HEADERS"] = f"authorization=Bearer {token(f'{where}: OTLP')},x={token(f'{where}: OTLP 2')}"
    return env


def settings(token, where, **more):
    """Return settings with a secret in each place."""
    hooks = [
        {"type": "command", "command": text.format(token(f"{where}: {name} hook"))} for name, text in COMMANDS.items()
    ]
    server = {
        "command": "npx",
        "url": f"https://u:{token(f'{where}: mcp url')}@host/mcp",
        "args": [
            "--api-key",
            token(f"{where}: argument"),
            "-u",
            f"me:{token(f'{where}: login argument')}",
            "-H",
            f"X-Any: {token(f'{where}: header argument')}",
            f"--password={token(f'{where}: argument with equals')}",
        ],
        "env": {"SERVICE_KEY": token(f"{where}: mcp env")},
        "headers": {
            "Authorization": f"Bearer {token(f'{where}: mcp header')}",
            "X-Other": token(f"{where}: mcp other"),
        },
        "oauth": {"clientId": "x", "clientSecret": token(f"{where}: client secret")},
        "headersHelper": f"printf 'X-Any: {token(f'{where}: headers helper')}'",
        "auth": {"a": token(f"{where}: below auth"), "b": [token(f"{where}: list below auth")]},
        "token": [token(f"{where}: list of tokens")],
    }
    return {
        "env": {**variables(token, where), **more},
        "apiKeyHelper": f"printf {token(f'{where}: helper')}",
        "statusLine": {"type": "command", "command": f"show --token {token(f'{where}: status line')}"},
        "hooks": {"Stop": [{"hooks": hooks}]},
        "mcpServers": {"one": server},
    }


def yaml(token):
    """Return a LiteLLM YAML with a secret in each place."""
    return f"""general_settings:
  master_key: {token("yaml: master key")}
  database_url: "postgresql://u:{token("yaml: database")}@db/x"
litellm_settings:
  callback_settings: {{otel: {{headers: "authorization={token("yaml: otel")}"}}}}
model_list:
- model_name: a
  litellm_params:
    model: hosted_vllm/b
    api_base: http://u:{token("yaml: api_base")}@127.0.0.1:9/v1
    api_key: {token("yaml: api key")}
    extra_headers:
      X-Team: {token("yaml: header")}
    credentials:
    - {token("yaml: list")}
    secret: |
      {token("yaml: block")}
  shared: &k {token("yaml: anchor")}
- model_name: c
  litellm_params: {{model: b, api_key: {token("yaml: flow")}, auth: {{a: {token("yaml: below auth")}}}}}
- model_name: d
  litellm_params:
    model: b
    api_key: *k
"""


def log(token):
    """Return log lines that quote secrets as servers do."""
    error = "18:22:01 - LiteLLM Proxy:ERROR: auth.py:1 - "
    return [
        f'INFO:     127.0.0.1:1 - "POST /v1/messages?api_key={token("log: query")} HTTP/1.1" 401 Unauthorized',
        f"{error}Authentication Error, x-api-key: {token('log: header')} is wrong",
        f"ERROR:    headers={{'Authorization': 'Bearer {token('log: dict')}', 'cookie': 'a={token('log: cookie')}'}}",
        f"ERROR:    scope [(b'authorization', b'Bearer {token('log: bytes')}')]",
        f"ERROR:    scope [(b'x-api-key', b'{token('log: key in bytes')}')]",
        f'{{"level": "ERROR", "message": "bad", "token": ["{token("log: JSON list")}"]}}',
        f"ERROR:    args: --api-key {token('log: option')} {token('log: second option')} --port 1",
        f"ERROR:    cannot reach postgres://u:p/{token('log: URL')}@db/x",
        *(f"ERROR:    got {form.format(token(f'log: {form}'))} there" for form in FORMS),
        f"ERROR:    Invalid token {token('log: spoken')} given",
        f"ERROR:    {json.dumps(json.dumps({'api_key': token('log: JSON in JSON')}))}",
    ]
