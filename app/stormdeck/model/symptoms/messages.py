"""The messages of the client and the proxies in every measured version, and the rules about their causes.

Texts are measured (Claude Code 1.0.128 to 2.1.332; LiteLLM 1.80 to 1.110). ``#`` replaces a number, ``X`` an id.
"""

from __future__ import annotations

from stormdeck.model.symptoms.client_texts import CLIENT_TEXTS
from stormdeck.model.symptoms.message import Message

RETRIES = "the client retries"
_SELECTED = ("URL101", "MODEL303", "MODEL304", "MODEL301", "MODEL306", "MODEL308", "MODEL311")
_BEHIND = ("PROXY804", "PROXY815", "PROXY807", "URL106", "SERVER906")
_BY_STATUS: tuple[Message, ...] = (
    Message(
        "the server answered 404",
        (
            (
                "There's an issue with the selected model (X). It may not exist or you may not have access to it. "
                "Run --model to pick a different model."
            ),
            (
                "There's an issue with the selected model (X). It may not exist or you may not have access to it. "
                "Run /model to pick a different model."
            ),
            "There's an issue with the selected model (X). It may not exist or you may not have access to it.",
            'API Error: 404 {"detail":"Not Found"}',
            "API Error: 404",
        ),
        _SELECTED + _BEHIND,
    ),
    Message("the client rejected the model", ("Model 'X' not found",), ("MODEL303", "MODEL304", "MODEL306", "URL101")),
    Message(
        "the client has no token and sends nothing",
        ("Not logged in · Please run /login", "Invalid API key · Please run /login"),
        ("AUTH201", "FILE701", "FILE702", "MODEL307", "AUTH202", "AUTH206"),
    ),
    Message(
        "the client connects to a cloud, not to your server",
        (
            "Could not load AWS credentials",
            "Could not load Google Cloud credentials",
            "Must provide one of the `baseURL` or `resource` arguments",
            "No workspace ID found. Set `workspaceId` in the constructor",
            "No project was given and it could not be resolved from Google credentials",
        ),
        ("URL109",),
    ),
    Message(
        "the client asks whether to use a key",
        (
            "Detected a custom API key in your environment. Do you want to use this API key?",
            'ANTHROPIC_API_KEY not used here · turn on "Use custom API key" in /config',
        ),
        ("AUTH202",),
    ),
    Message(
        "the client dropped a settings file",
        (
            "Found 1 invalid settings file · /doctor for details",
            "~/.claude/settings.json has an error and didn't load · run claude doctor",
            "These settings files did not load, so nothing in them is in effect, including hooks and permission rules.",
            "settings.json: Invalid or malformed JSON",
        ),
        ("FILE701", "FILE702", "FILE705"),
    ),
    Message(
        "the server refused the request as malformed",
        ("API Error: 400", "API Error: 422"),
        ("PROXY806", "CTX602", "CTX601", "SERVER903", "TRAFFIC403", "PROXY802", "PROXY805"),
        ("AUTH204",),
    ),
    Message(
        "the token was refused",
        (
            "API Error: 401",
            "API Error: 403",
            "Failed to authenticate. API Error: 401",
            "API Error: 401 · Please run /login",
            "Failed to authenticate. API Error: 403",
            "API Error: 403 · Please run /login",
            "Please run /login · API Error: 401",
            "Please run /login · API Error: 403",
        ),
        ("AUTH205", "AUTH209", "AUTH202", "TRAFFIC404"),
        ("AUTH204",),
    ),
    Message(
        "too many requests, or a proxy in cooldown",
        (
            "API Error: Request rejected (429)",
            "API Error: 429",
            (
                "No deployments available for selected model, Try again in # seconds. "
                "All deployments for selected model are in cooldown."
            ),
        ),
        ("PROXY808", "SERVER907"),
    ),
    Message(
        "the server failed",
        (
            (
                "API Error: 500 This is a server-side issue, usually temporary — try again in a moment. "
                "If it persists, check your inference gateway"
            ),
            "API Error: 500",
        ),
        ("SERVER905", "PROXY804", "SERVER907"),
    ),
    Message(
        "a gateway or proxy failed",
        ("API Error: 502", "API Error: 503", "API Error: 504"),
        ("TRAFFIC404", "SERVER905", "PROXY804"),
    ),
    Message(
        "the server is overloaded",
        ("API Error: 529", "Repeated 529 Overloaded errors", "overloaded_error Overloaded"),
        ("SERVER907", "SERVER905"),
    ),
    Message(
        "the request was too large", ("Request too large (max #MB). Try with a smaller file.", "API Error: 413"), ()
    ),
    Message(
        "nothing answered",
        (
            "API Error: Connection error.",
            "API Error: Unable to connect to API. Check your internet connection",
            "API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)",
            "Unable to connect to API (ENOTFOUND)",
        ),
        ("URL105", "URL104", "URL103", "TRAFFIC404"),
    ),
    Message(
        "the connection was cut",
        (
            "API Error: Unable to connect to API (ECONNRESET)",
            "API Error: Connection dropped (ECONNRESET). Check the gateway set in ANTHROPIC_BASE_URL, then try again.",
            "API Error: terminated",
        ),
        ("SERVER905", "URL104", "TIME502", "PROXY803", "TRAFFIC404"),
    ),
    Message(
        "the answer did not come in time",
        (
            "Request timed out",
            (
                "Request timed out. If the API is slow to answer, or a proxy or gateway holds responses, set "
                "API_TIMEOUT_MS above #."
            ),
            "No data arrived within the connection idle limit",
            "Stream idle timeout - partial response received",
            "litellm.Timeout: APITimeoutError - Request timed out. Timeout on reading data from socket",
        ),
        ("TIME501", "TIME504", "SERVER905", "URL112", "TIME502", "SERVER907", "PROXY803"),
    ),
    Message(
        "the server does not use TLS",
        ("SSL error (ERR_SSL_WRONG_VERSION_NUMBER)", "API Error: (EPROTO) wrong version number"),
        ("URL104",),
    ),
    Message(
        "the server's certificate is not accepted",
        (
            "Unable to connect to API: Self-signed certificate detected. Check your proxy or corporate SSL",
            "Unable to connect to API: SSL certificate verification failed",
            "Unable to connect to API: SSL certificate has expired",
            "SSL certificate error (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
            "SSL certificate error (SELF_SIGNED_CERT_IN_CHAIN)",
            "SSL certificate error (DEPTH_ZERO_SELF_SIGNED_CERT)",
            "SSL certificate error (CERT_HAS_EXPIRED)",
            "SSL certificate error (ERR_TLS_CERT_ALTNAME_INVALID)",
        ),
        ("URL111",),
    ),
    Message("the base URL is invalid", ("API Error: Invalid URL",), ("URL103",)),
    Message(
        "the response was not an answer",
        (
            (
                "API Error: API returned an empty or malformed response (HTTP 200) — check for a proxy or gateway "
                "intercepting the request."
            ),
            "API Error: Unexpected end of JSON input",
            "API Error: Cannot read properties of undefined (reading 'content')",
            "Execution error",
        ),
        ("TRAFFIC404", "URL106", "SERVER905"),
    ),
    Message(
        "the prompt is longer than the window",
        (
            "Prompt is too long · the provider said: This model's maximum context length is # tokens",
            "input length and `max_tokens` exceed context limit",
        ),
        ("CTX601", "SERVER904", "CTX602"),
    ),
    Message(
        "the client does not know the model's window",
        (
            'Claude Code doesn\'t recognize the model "X", so it assumes a context window of 1m tokens.',
            '[claude-code:unrecognized_model] {"model":"X"}',
        ),
        ("CTX601",),
    ),
    Message("the timeout is not a number", ("API Error: timeout must be an integer",), ("TIME501",)),
    Message("the client sent nothing", ("API Error",), ("TIME503",)),
    Message(
        RETRIES,
        (
            "Retrying in # seconds… (attempt #/10)",
            "API error · retrying in #s · attempt #/10",
            "Connection dropped (ECONNRESET) · retrying in #s · attempt #/10",
            "Request timed out. · retrying in #s · attempt #/10",
        ),
        ("SERVER905", "PROXY808", "URL105", "AUTH205", "TIME504"),
    ),
    Message(
        "LiteLLM does not start",
        (
            (
                "LiteLLM proxy refused to start: no master key is set, so every request would be accepted without "
                "authentication."
            ),
        ),
        ("PROXY801",),
    ),
    Message("LiteLLM cannot read its YAML", ("config validation failed: 'model'",), ("PROXY813",)),
    Message(
        "LiteLLM cannot count tokens",
        ("No OpenAI API key is set for model X, so tokens can't be counted.",),
        ("PROXY814",),
    ),
)
MESSAGES: tuple[Message, ...] = (*_BY_STATUS, *CLIENT_TEXTS)
