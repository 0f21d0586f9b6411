"""List the texts of Claude Code 2.1.332 that are not about one HTTP status, and the rules about their causes.

Read in its released bundle; ``tests/real`` lists those of any version that are missing here. ``#`` replaces a number,
``X`` an id, a host or another program's words.
"""

from __future__ import annotations

from stormdeck.model.symptoms.message import Message

_TOOLS = ("SERVER902", "SERVER901")
_WAITS = ("URL112", "SERVER905", "TIME504", "SERVER907", "TIME502", "PROXY803")
_ENDED = ("PROXY803", "SERVER905", "TIME502", "TRAFFIC404")
_CERTIFICATE = ("URL111",)
_AUTO_MODE = ("TRAFFIC405",)
_REWIND = "Run /rewind, or start a new session: the server refused the order of tool calls and results."
CLIENT_TEXTS: tuple[Message, ...] = (
    Message(
        "the stream ended before the answer was complete",
        (
            (
                "Streaming response ended before any complete data was received. Retrying without streaming. If this "
                "keeps happening, check any proxy or gateway between Claude Code and your model provider."
            ),
            "API Error: Connection closed before the response finished",
            (
                "API Error: The response could not be read (X). Try again. If it keeps happening, check any proxy or "
                "gateway between Claude Code and the API."
            ),
            "API Error: Stream ended without receiving any events",
            "API Error: Stream ended before the response was complete",
            "Content block not found",
            "Content block already closed",
            "Stream event unreadable",
            "Connection closed while thinking",
            "Connection closed mid-response",
        ),
        _ENDED,
    ),
    Message(
        "no answer came in time",
        (
            "API Error: No response from API",
            "No response from the API after #m · retrying, waiting up to #m",
            "No response from the API after #m · retrying once, waiting up to #m",
            (
                "A proxy or gateway that buffers streaming responses can cause this · set "
                "CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS to change the first wait"
            ),
            (
                "If a proxy or gateway on your network holds responses until they complete, raise API_TIMEOUT_MS or "
                "CLAUDE_STREAM_FIRST_BYTE_TIMEOUT_MS to wait longer."
            ),
            "Waiting for API response · will retry in #s · check your network",
            "No data arrived for more than # minutes. set CLAUDE_STREAM_IDLE_TIMEOUT_MS above the limit in force",
            "That is the longest CLAUDE_STREAM_IDLE_TIMEOUT_MS allows, and API_FORCE_IDLE_TIMEOUT=0 removes it.",
            "To wait through longer pauses, set CLAUDE_STREAM_IDLE_TIMEOUT_MS",
            "To wait through longer pauses",
            "No data arrived for more than # minutes.",
            "If a proxy or gateway on your network holds responses until they complete",
            "retrying, waiting up to #m · attempt #/#",
            "retrying once, waiting up to #m",
        ),
        _WAITS,
    ),
    Message(
        "the server cannot be reached",
        (
            "API Error: Can't reach the API server — check your internet or DNS (EAI_AGAIN)",
            "API Error: No internet route — check your connection or VPN (EHOSTUNREACH)",
            "API Error: Connection to the API was lost (X). This is usually temporary — try again.",
            "API Error: Connection lost",
            "Unable to connect to API",
            "Connection lost while your computer was asleep",
        ),
        ("URL105", "SERVER905", "TRAFFIC404"),
    ),
    Message(
        "a company's web proxy refused the connection",
        (
            (
                "API Error: Couldn't connect through your proxy (X) — the proxy refused the tunnel: check its "
                "credentials and that it allows this host"
            ),
            "Unable to connect to API: sign in to network or proxy. The request was redirected (X).",
        ),
        ("TRAFFIC404",),
    ),
    Message(
        "the server's certificate is not trusted",
        (
            "Unable to connect to API: SSL certificate verification failed (X).",
            "Unable to connect to API: Self-signed certificate detected (X).",
            "Unable to connect to API: SSL certificate has expired",
            "Unable to connect to API: SSL certificate hostname mismatch",
            "Unable to connect to API: SSL certificate is not yet valid",
            "Unable to connect to API: SSL certificate has been revoked",
            (
                "The certificate comes from an authority Claude Code doesn't trust, usually a TLS-inspecting corporate "
                "proxy or a gateway signed by a private CA: set NODE_EXTRA_CA_CERTS to that CA bundle"
            ),
        ),
        _CERTIFICATE,
        advice="Set NODE_EXTRA_CA_CERTS to the CA of the server's certificate, or use the name that it is for.",
    ),
    Message(
        "a token or header of your own is malformed",
        (
            "Invalid auth token · Fix external auth token",
            "Invalid API key · Fix external API key",
            "Invalid ANTHROPIC_CUSTOM_HEADERS · Fix the environment variable",
            "Invalid request header from the environment · Fix the environment variable",
        ),
        ("AUTH205", "AUTH202", "AUTH206", "AUTH204"),
    ),
    Message(
        "the script that gives the key fails",
        (
            (
                "Your apiKeyHelper script is failing · This usually means you need to re-authenticate with your "
                "provider · Run /status to see the script's error output"
            ),
        ),
        ("AUTH201",),
        advice="Run the command of apiKeyHelper yourself: it must print the key and end with 0.",
    ),
    Message(
        "the login, not your token, is used",
        (
            "Login expired · Please run /login",
            "Login reached its time limit · Please run /login",
            "Failed to authenticate: OAuth session expired and could not be refreshed",
            "Authentication required · Sign in again to continue",
            "Your account does not have access to Claude. Please login again or contact your administrator.",
            "Your organization does not have access to Claude. Please login again or contact your administrator.",
            "Both ANTHROPIC_AUTH_TOKEN and /login managed key set",
        ),
        ("AUTH209", "AUTH208", "AUTH205", "AUTH201", "URL102"),
    ),
    Message(
        "the first start wants the hosted API",
        (
            "Unable to connect to Anthropic services",
            "Failed to connect to api.anthropic.com: EAI_AGAIN",
            "Please check your internet connection and network settings.",
        ),
        ("AUTH207", "URL102"),
    ),
    Message(
        "the hosted API answered",
        (
            "Credit balance is too low",
            "API Error: Usage credits required for 1M context · run /model to switch to standard context",
            "API Error: Usage credits ran out before the response was finished.",
            "Your ANTHROPIC_API_KEY belongs to a disabled organization · Update or unset the environment variable",
            "Your organization has disabled API key authentication · Unset ANTHROPIC_API_KEY",
            "API Error: Request blocked before it reached Anthropic's API (HTTP 403)",
        ),
        ("URL102", "AUTH209", "PROXY804"),
    ),
    Message(
        "the client connects to a cloud, not to your server (credentials)",
        (
            "AWS credentials expired or invalid",
            "AWS authentication failed",
            "Google Cloud credentials expired or invalid",
            "Google Cloud authentication failed",
            "Microsoft Foundry authentication failed",
            "The model X is not available on your X deployment.",
            "Bedrock streaming response has content-type X; expected application/vnd.amazon.eventstream",
            "The model X is not available on your X deployment. Try switching to X, or ask your admin.",
        ),
        ("URL109",),
    ),
    Message(
        "the server limits requests",
        (
            "Server is temporarily limiting requests (not your usage limit)",
            "this may be a temporary capacity issue.",
            "The API is at capacity — this is usually temporary. Try again in a moment.",
            "The API is temporarily unavailable",
            "Opus is experiencing high load, please use /model to switch to Sonnet",
            "Waiting for capacity · next try in #s · attempt #",
        ),
        ("SERVER907", "PROXY808", "SERVER905"),
    ),
    Message(
        "an agent ended with an error",
        (
            "Agent terminated early due to an API error: X",
            "API error — see detail",
            "(API error: X)",
            "API error (status unknown)",
            "API error: X · model not changed",
        ),
        ("MODEL305", "SERVER905", "PROXY806", "SERVER907", "URL105"),
    ),
    Message(
        "the conversation does not fit the window",
        (
            "Prompt is too long",
            "Prompt is too long · automatic compaction failed: X",
            (
                "Prompt is too long · this conversation is a single exchange and cannot be compacted — the request "
                "size comes mostly from system prompt, tool definitions, or attachments."
            ),
            (
                "Prompt is too long · the request is ~# tokens (limit #) and this conversation's own content is most "
                "of it. A single-exchange conversation cannot be compacted"
            ),
            "API Error: The model has reached its context window limit.",
            "Compaction failed · conversation could not be reduced below the context limit",
            "Compaction failed · attached media exceeds size limits",
            "Error during compaction: X",
            "Conversation too long. Press esc twice to go up a few messages and try again.",
            "conversation too long · /clear to start fresh",
        ),
        ("CTX601", "SERVER904", "CTX602"),
    ),
    Message("there is nothing to compact yet", ("Not enough messages to compact.",), ()),
    Message(
        "the answer reached its limit",
        (
            (
                "API Error: Claude's response exceeded the # output token maximum. To configure this behavior, set the "
                "CLAUDE_CODE_MAX_OUTPUT_TOKENS environment variable."
            ),
            (
                "Claude's response exceeded the # output token maximum for a request sent without streaming. The "
                "CLAUDE_CODE_MAX_OUTPUT_TOKENS environment variable cannot raise this limit."
            ),
        ),
        ("CTX602", "CTX601"),
    ),
    Message(
        "a tool call could not be read",
        ("The model's tool call could not be parsed (retry also failed).",),
        _TOOLS,
    ),
    Message(
        "tool calls and results do not fit together",
        (
            "API Error: 400 due to tool use concurrency issues. Run /rewind to recover the conversation.",
            "API Error: 400 orphaned tool_result in conversation history. Run /rewind to recover the conversation.",
            "API Error: 400 duplicate tool_use ID in conversation history. Run /rewind to recover the conversation.",
        ),
        (),
        advice=_REWIND,
    ),
    Message(
        "the model's name is not known to the client",
        (
            'Model "X" isn\'t recognized · context assumed to be 1m tokens · update Claude Code, or see the docs',
            'Model "X" isn\'t recognized',
            'Model "X" isn\'t recognized · did you mean "X"?',
            'Claude Code doesn\'t recognize the model "X". Did you mean "X"?',
        ),
        ("CTX601", "MODEL303", "MODEL304"),
    ),
    Message(
        "a list of permitted models leaves it out",
        (
            'Model "X" is restricted by your organization\'s settings. Using X instead.',
            "Model 'X' is restricted by your organization's settings. Run /model to choose a different model.",
            "Model 'X' is not available. Your organization restricts model selection.",
        ),
        ("MODEL312",),
        advice="Add the id to availableModels, or remove that list.",
    ),
    Message(
        "auto mode's safety check needs the hosted API",
        (
            "Auto mode can't check actions in this session",
            "Auto mode can't check actions in this session, so this one needs your approval",
            (
                "Auto mode can't check actions in this session, so Claude stopped after its actions were refused many "
                "times in a row."
            ),
            (
                "Auto mode can't check actions in this session, so Claude stopped after a run of responses whose "
                "actions were refused. Use another permission mode to continue."
            ),
            "Auto mode can't check actions in this session and needs your choice",
            "Auto mode couldn't check this action, so it needs your approval",
            (
                "Auto mode's safety check runs on the server. Your requests go through X, and the check isn't getting "
                "through."
            ),
            "Auto mode's safety check runs on the server, and it isn't running for this session.",
            (
                "Auto mode is set to have actions checked through X, the server that connects you to Claude. In this "
                "session those checks aren't working."
            ),
            "Auto mode switched to its built-in safety check for this session",
            "Auto mode is now Claude Code's default permission mode.",
            "Auto mode is unavailable for this model; reverted to default permissions.",
            "Auto mode is unavailable for your plan",
            "Auto mode unavailable — stopped after repeated responses with no safety verdict",
            (
                "Auto mode is unavailable — the server returned no safety verdict for the last # responses, so Claude "
                "stopped. Send a message to try again, or switch out of auto mode."
            ),
            (
                "Auto mode is unavailable: its safety check does not run for this session, so X was not run. Other "
                "actions that need the check will be denied too, and retrying won't help."
            ),
            "Auto mode is unavailable: X, so this agent was stopped before it finished.",
            "Auto mode could not evaluate this action and is blocking it for safety",
            "Auto mode check unavailable",
            "Auto mode lets Claude handle permission prompts automatically",
            (
                "Auto mode fell back to billed classifier requests, which need a person's acknowledgement. Calls that "
                "need the classifier are denied until permissions.denyInsteadOfPrompting is off and the notice is "
                "answered."
            ),
            "Auto mode has a classifier billing notice to acknowledge",
            "Auto mode works for now, and its classifier requests are billed as before.",
            "Auto mode doesn't run on X, and X requires usage credits · /model to pick another model",
            "Auto mode doesn't run on X, and the model policy no longer allows X · /model to pick another model",
            "Auto mode is turned off for the Claude Code process running on this computer. Restarting it checks again.",
            "Auto mode is turned off on this computer for now.",
            "Auto mode is too slow",
            "Auto mode blocks safe work",
            "Auto mode has blocked several actions in this session.",
        ),
        _AUTO_MODE,
        advice='Set permissions.defaultMode to "acceptEdits", or disableAutoMode to "disable" at the root.',
    ),
    Message(
        "auto mode's check does not fit the window",
        (
            (
                "Auto mode classifier transcript exceeded context window — falling back to manual approval (try "
                "/compact to reduce conversation size)"
            ),
            (
                "Auto mode classifier transcript exceeded context window; will try to compact the conversation before "
                "the next request"
            ),
            (
                "Auto mode could not review X because the conversation was too long for its classifier, so that call "
                "did not run."
            ),
        ),
        ("CTX601", "TRAFFIC405"),
    ),
    Message(
        "an attachment is too large or cannot be read",
        (
            "Request too large (max #MB; # of about # is images or documents).",
            "Request too large. Accumulated images and attachments",
            "An image in the conversation exceeds the dimension limit for many-image requests",
            "Run /compact to remove old images from context, or start a new session.",
            "Start a new session with fewer images.",
            "Could not process image",
            "The PDF specified was not valid",
            "PDF too large (X).",
            "PDF is password protected.",
            "Image was too large.",
        ),
        (),
        advice="Run /compact, or start a new session with fewer images.",
    ),
    Message(
        "settings entries were not used",
        (
            (
                "These settings did not load, so nothing in them is in effect, including hooks, permission rules and "
                "sandbox settings, though environment variables they already set can stay:"
            ),
            "Fix each problem listed, then start Claude Code again.",
            "These settings entries were skipped; the rest of each source is in effect:",
        ),
        ("FILE701", "FILE702", "FILE705"),
    ),
    Message(
        "a hook of your own stopped the request",
        ("A mod's http.fetch hook stopped this request: X",),
        (),
        advice="Look at the hooks in your settings and plugins.",
    ),
    Message("you stopped the request", ("API Error: Request was aborted.",), (), advice="Send it again."),
)
