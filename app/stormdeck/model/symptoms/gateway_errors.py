"""List the error texts of what stands before an inference server: LiteLLM, the hosted API, clouds, web servers.

LiteLLM 1.80 to 1.110 measured; the hosted API, clouds, nginx, haproxy and Cloudflare not measured.
"""

from __future__ import annotations

from stormdeck.model.finding import HopKind
from stormdeck.model.symptoms.server_error import ServerError

_CLIENT, _PROXY, _SERVER = HopKind.CLIENT, HopKind.PROXY, HopKind.SERVER
_CLOUD = r"(?:bedrock|vertex_?ai|vertexai|azure(?:openai)?|gemini|openrouter|groq|together)"
GATEWAY_ERRORS: tuple[ServerError, ...] = (
    ServerError(
        r"no deployments available|cooldown",
        ("PROXY808",),
        _PROXY,
        "The proxy is in cooldown and answers without asking vLLM; the error before it is the cause.",
    ),
    ServerError(
        r"exceeded ?budget|budget_?exceeded|budget has been exceeded|\bover budget\b|max[_ ]budget\b",
        (),
        _PROXY,
        "Raise max_budget of the key, user or team in LiteLLM, or wait until its budget_duration is over.",
        title="the proxy's budget for this key, user or team is used up",
    ),
    ServerError(
        r"max parallel request limit|litellm rate limit handler|(?:tpm|rpm|max_parallel_requests)[_ ]limit"
        r"|limit type: "
        r"|deployment over (?:user-)?defined (?:ratelimit|rpm|tpm)",
        (),
        _PROXY,
        "Raise tpm_limit, rpm_limit or max_parallel_requests of the key or of the model in LiteLLM.",
        title="the proxy's own request limit for this key or model is reached",
    ),
    ServerError(
        r"(?:key|team|user|project|organization) not allowed to access model|not allowed to access model due to tags"
        r"|key_model_access_denied|can only access models",
        (),
        _PROXY,
        "Add the model_name to the key's models in LiteLLM, or map a model that the key may use.",
        title="the proxy's key may not use this model",
    ),
    ServerError(
        r"anthropicexception.{0,800}(?:\breq_01[0-9a-z]{6,}|invalid bearer token|invalid x-api-key|credit balance)",
        ("PROXY804", "PROXY806"),
        _PROXY,
        "The proxy sent the request to the hosted API: its entry has no api_base, or anthropic/* matched the id.",
        says="the proxy quotes the hosted API: it sent the request there, not to your server",
    ),
    ServerError(
        rf"{_CLOUD}(?:openai)?(?:exception|error)\b",
        ("PROXY806",),
        _PROXY,
        "The proxy sent the request to a cloud provider: a model_name that matches the id leads there.",
        proof=False,
        says="the proxy quotes a cloud provider: it sent the request there, not to your server",
    ),
    ServerError(
        r"\breq_01[0-9a-z]{6,}|invalid bearer token|invalid x-api-key|oauth token (?:has )?(?:expired|revoked|been)"
        r"|oauth authentication is currently|(?:balance is|credit balance) too low|credit balance is too low"
        r"|exceed (?:your|the) (?:organization|account)"
        r"|console\.anthropic\.com|platform\.claude\.com|\busage credits\b|credential is only authorized"
        r"|before it reached anthropic's api|(?:5-hour|weekly|usage) limit reached|hit your (?:\w+ )?limit"
        r"|organization has been disabled",
        ("URL102", "AUTH209"),
        _CLIENT,
        "These are the hosted API's own words: the request went there. Press 3 and set ANTHROPIC_BASE_URL.",
        says="these are the hosted API's own words: the request reached it, not your server",
    ),
    ServerError(
        r"could not load (?:aws|google cloud|azure|the default) credentials|aws (?:credentials|authentication)"
        r"|google cloud (?:credentials|authentication)|microsoft foundry|security token included in the request"
        r"|unrecognizedclientexception|accessdeniedexception|throttlingexception|validationexception|amazon bedrock"
        r"|bedrock-runtime|aiplatform\.googleapis|vertex ai|publishers/anthropic/models|services\.ai\.azure\.com"
        r"|access denied due to invalid subscription key|deploymentnotfound|`baseurl` or `resource`",
        ("URL109",),
        _CLIENT,
        "The client talks to a cloud, not to your server: remove CLAUDE_CODE_USE_BEDROCK, _VERTEX or _FOUNDRY.",
        ("PROXY806", "URL109"),
        _PROXY,
        "A cloud provider answered: the proxy's entry leads there, or the client's cloud switch is on.",
        proof=False,
        says="these are a cloud provider's own words",
    ),
    ServerError(
        r"no connected db|authentication error, (?!no api key)|litellm_error_type\W{1,4}(?:auth_error|no_db)"
        r"|invalid proxy server token|received api key = |unable to find token in cache|key_?hash\b.{0,40}in db"
        r"|malformed api key passed in",
        ("AUTH204",),
        _CLIENT,
        "The proxy does not know the token. Press 3 and set ANTHROPIC_AUTH_TOKEN to its master key.",
    ),
    ServerError(
        r"no api key passed in",
        ("AUTH201", "AUTH204"),
        _CLIENT,
        "The client sends no token. Press 3 and set ANTHROPIC_AUTH_TOKEN to the proxy's master key.",
    ),
    ServerError(
        r"no healthy deployments|llm provider not provided",
        ("PROXY805",),
        _PROXY,
        "The proxy dropped the model when it started: its provider prefix is missing or unknown.",
    ),
    ServerError(
        r"no module named 'vllm'",
        ("PROXY816", "PROXY805"),
        _PROXY,
        "The provider vllm/ loads vLLM inside the proxy; for a server over HTTP write hosted_vllm/.",
    ),
    ServerError(
        r"invalid model name passed",
        ("PROXY806", "MODEL301", "MODEL303", "MODEL305"),
        _PROXY,
        "No model_name of the proxy matches the id that Claude Code asks for. Press 3 to map one that does.",
    ),
    ServerError(
        r"body\W{1,8}input\b|/v1/responses\b.{0,80}(?:not found|404)|responses api",
        ("PROXY807", "PROXY804"),
        _PROXY,
        "The proxy calls /v1/responses, which expects another body. Use anthropic/ with api_base without /v1, or "
        "hosted_vllm/ with /v1.",
    ),
    ServerError(
        r"does not support parameters|drop_params|unsupportedparamserror",
        ("PROXY802",),
        _PROXY,
        "The proxy refuses what the client sends before it asks vLLM: set litellm_settings.drop_params to true.",
    ),
    ServerError(
        r"request entity too large|413 payload too large|client intended to send too large body|client_max_body_size",
        (),
        _PROXY,
        "Raise the web server's limit, in nginx client_max_body_size (1 MB by default), or send fewer images.",
        title="a web server on the path refuses large requests",
    ),
    ServerError(
        r"401 authorization required|www-authenticate: basic|407 proxy authentication required",
        ("TRAFFIC404",),
        _PROXY,
        "A web server or proxy on the path wants a login of its own.",
        proof=False,
        says="a web server or proxy on the path asks for a login of its own",
    ),
    ServerError(
        r"\bsquid\b|err_(?:access_denied|connect_fail|dns_fail)|zscaler|netskope|forcepoint|blue ?coat|fortiguard"
        r"|blocked by (?:your )?(?:administrator|policy|organization)|err_proxy_tunnel|sign in to network or proxy",
        ("TRAFFIC404",),
        _CLIENT,
        "A company's proxy answered. Set NO_PROXY to the server's address.",
        proof=False,
        says="a company's web proxy answered, not your server",
    ),
    ServerError(
        r"\bcloudflare\b|error code:? 52\d|cf-ray",
        ("SERVER905", "TIME504", "URL112"),
        _PROXY,
        "A Cloudflare tunnel answered: with 521 to 523 it cannot reach your server, with 524 it waited 100 seconds.",
        proof=False,
        says="a Cloudflare proxy or tunnel answered",
    ),
    ServerError(
        r"504 gateway time-?out|gateway time-?out|upstream request timeout|upstream timed out|stream timeout",
        ("SERVER905", "TIME504", "SERVER907"),
        _SERVER,
        "A gateway waited in vain for its server. Raise its limit (nginx: proxy_read_timeout), or look at the server.",
        proof=False,
        says="a gateway on the path waited in vain for the server behind it",
    ),
    ServerError(
        r"502 bad gateway|bad gateway|503 service (?:temporarily )?unavailable|no server is available to handle"
        r"|upstream connect error|no healthy upstream|connect\(\) failed",
        ("URL105", "SERVER905", "PROXY804", "TRAFFIC404"),
        _SERVER,
        "A gateway on the path cannot reach its server. Start it, or correct the gateway's upstream address.",
        proof=False,
        says="a gateway on the path cannot reach the server behind it",
    ),
)
