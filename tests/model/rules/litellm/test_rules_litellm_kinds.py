"""LiteLLM's YAML as people write it: what works gets no error, what fails gets one. Run against LiteLLM 1.110.2."""

import pytest

from places import TESTS
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.litellm import known_names
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.server import ProxySnapshot, ServedModel, ServerKind, ServerState, VllmSnapshot
from stormdeck.sources.litellm_yaml import parse_proxy_config, read_proxy_config

CASES = TESTS / "data" / "cases"
LISTED = known_names.VERSION
CLIENT = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:4000", "ANTHROPIC_AUTH_TOKEN": "sk-case-1"}
TIERS = ("SONNET", "OPUS", "HAIKU")


def asking(model):
    return CLIENT | {f"ANTHROPIC_DEFAULT_{tier}_MODEL": model for tier in TIERS}


def running(version, **more):
    return Live(
        proxy=ProxySnapshot("http://127.0.0.1:4000", ServerKind.LITELLM, ServerState.UP, version=version), **more
    )


def about(config, env=None, live=None, client="2.1.332"):
    facts = Facts.effective(merged((), env or {}), client, proxy_config=config, live=live)
    return [one for one in check(facts) if one.hop is HopKind.PROXY]


def case(name, env=None):
    return about(read_proxy_config(CASES / name), env)


def written(entries, more="", env=None, live=None, client="2.1.332"):
    rows = "".join(f"  - {{{entry}}}\n" for entry in entries)
    text = f"model_list:\n{rows}general_settings: {{master_key: sk-case-1, cancel_on_disconnect: true}}\n{more}"
    return about(parse_proxy_config(text, "x.yaml"), env, live, client)


def entry(model, base="http://127.0.0.1:8000/v1", name="local", more=""):
    return f'model_name: "{name}", litellm_params: {{model: "{model}", api_base: "{base}"{more}}}'


def marks(findings, *codes):
    return {(one.code, one.severity.value) for one in findings if not codes or one.code in codes}


SILENT = {
    "yaml/803-longer-than-the-client.yaml": "PROXY803",
    "yaml/804-endpoint-without-v1.yaml": "PROXY804",
    "yaml/804-hosted-vllm-full-url.yaml": "PROXY804",
    "yaml/805-bare-known-id.yaml": "PROXY805",
    "yaml/805-custom-provider-map.yaml": "PROXY805",
    "yaml/805-env-model.yaml": "PROXY805",
    "yaml/805-json-provider.yaml": "PROXY805",
    "yaml/806-model-alias-map.yaml": "PROXY806",
    "yaml/806-name-from-env.yaml": "PROXY806",
    "yaml/807-not-a-chat-model.yaml": "PROXY807",
    "yaml/810-names-missing-in-list.yaml": "PROXY810",
    "yaml/811-hosted-only.yaml": "PROXY811",
    "litellm-yaml/model-from-environment.yaml": "PROXY805",
    "litellm-yaml/model-alias-map.yaml": "PROXY806",
}


@pytest.mark.parametrize("name", SILENT)
def test_what_works_gets_no_warning(name):
    asked = "q" if name.startswith("litellm-yaml") else "local"
    found = marks(case(name, asking(asked)), SILENT[name])
    assert not {severity for _, severity in found} & {"error", "warning"}
    assert not [one for one in case(name, asking(asked)) if one.severity is Severity.ERROR]


FOUND = {
    "litellm-yaml/vllm-provider.yaml": ("PROXY816", "error"),
    "litellm-yaml/master-key-in-litellm-settings.yaml": ("PROXY817", "warning"),
    "yaml/miss-entry-is-no-list.yaml": ("PROXY813", "error"),
    "yaml/miss-jinja-unquoted.yaml": ("PROXY813", "error"),
    "yaml/miss-no-model-name-kills-start.yaml": ("PROXY813", "error"),
    "yaml/miss-response-cache.yaml": ("PROXY819", "warning"),
    "yaml/miss-retired-bare-id.yaml": ("PROXY805", "warning"),
    "yaml/miss-tag-on-mapping.yaml": ("PROXY813", "error"),
    "yaml/miss-wildcard-cuts-the-id.yaml": ("PROXY806", "warning"),
    "yaml/wrong-kind-compose.yaml": ("PROXY813", "info"),
    "yaml/wrong-kind-helm-values.yaml": ("PROXY813", "info"),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_fails_is_found(name):
    assert FOUND[name] in marks(case(name))


def test_a_master_key_in_the_wrong_section_with_the_variable_is_a_warning_alone():
    name = "litellm-yaml/master-key-in-litellm-settings.yaml"
    assert marks(case(name), "PROXY801", "PROXY810", "PROXY817") == {("PROXY817", "warning")}
    text = (CASES / name).read_text().replace("os.environ/LITELLM_MASTER_KEY", "sk-literal")
    found = marks(about(parse_proxy_config(text, "x.yaml")), "PROXY801", "PROXY810", "PROXY817")
    assert found == {("PROXY801", "warning"), ("PROXY810", "error")}


def test_an_entry_without_a_name_says_that_litellm_does_not_start():
    (finding,) = [one for one in case("yaml/miss-no-model-name-kills-start.yaml") if one.code == "PROXY813"]
    assert "exits at the start" in finding.message


@pytest.mark.parametrize(("name", "path"), [("compose", "configs.cfg.content"), ("helm-values", "proxy_config")])
def test_in_a_file_of_another_kind_one_finding_says_where_litellm_s_part_stands(name, path):
    found = case(f"yaml/wrong-kind-{name}.yaml")
    (finding,) = [one for one in found if one.code == "PROXY813"]
    assert path in finding.message
    assert not [one for one in found if one.code == "PROXY810"]
    assert any(one.path.startswith(("general_settings", "router_settings")) for one in found)


LATE = asking("q")


def test_late_system_messages_before_a_strict_template_are_found():
    config = read_proxy_config(CASES / "late-system" / "config.yaml")
    (finding,) = [one for one in about(config, LATE) if one.code == "PROXY818"]
    assert finding.severity is Severity.INFO
    assert finding.fix.edits[0].value == "q=-mid_conv_system,-mid_conv_tool_change"
    assert "PROXY818" not in {one.code for one in about(config, LATE, client="2.1.112")}
    solved = LATE | {"CLAUDE_CODE_MODEL_CAPABILITIES": "q*=-mid_conv_system,-mid_conv_tool_change"}
    assert "PROXY818" not in {one.code for one in about(config, solved)}
    not_solved = LATE | {"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1"}
    assert "PROXY818" in {one.code for one in about(config, not_solved)}


@pytest.mark.parametrize(
    ("version", "severities"),
    [
        ("1.80.5", []),
        ("1.90.0", [Severity.WARNING]),
        ("1.109.0", [Severity.WARNING]),
        ("1.109.1", []),
        ("1.110.2", []),
        ("2.0.0", []),
    ],
)
def test_the_running_litellm_decides_about_late_system_messages(version, severities):
    found = about(read_proxy_config(CASES / "late-system" / "config.yaml"), LATE, running(version))
    assert [one.severity for one in found if one.code == "PROXY818"] == severities


TEMPLATES = {
    "Qwen": ("hosted_vllm/Qwen/Qwen3.5-27B", True),
    "a newer Qwen": ("hosted_vllm/qwen3.8-27b", True),
    "trained on answers of another": ("hosted_vllm/DeepSeek-R1-Distill-Qwen-32B", False),
    "a template that accepts them": ("hosted_vllm/google/gemma-4-27b", False),
    "a family that is not known, without settings": ("hosted_vllm/q", False),
    "the Messages API": ("anthropic/Qwen3.5-27B", False),
    "the Responses API": ("openai/Qwen3.5-27B", False),
    "chat completions by prefix": ("openai/chat_completions/Qwen3.5-27B", True),
    "in a variable": ("os.environ/MODEL", False),
}


@pytest.mark.parametrize(("model", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_the_family_of_the_model_decides_about_late_system_messages(model, expected):
    assert ("PROXY818" in {one.code for one in written([entry(model)])}) is expected


def test_the_root_that_vllm_reports_names_the_family():
    vllm = VllmSnapshot("http://127.0.0.1:8000", ServerState.UP, models=(ServedModel("q", 65536, "/models/Llama-3.3"),))
    config = read_proxy_config(CASES / "late-system" / "config.yaml")
    live = running("1.100.0", vllm=vllm)
    assert "PROXY818" not in {one.code for one in about(config, LATE, live)}


PROVIDERS = {
    "bare, own server": (entry("Qwen3.5-27B"), None, "error"),
    "owner, own server": (entry("Qwen/Qwen3"), None, "error"),
    "unknown, no version": (entry("newprovider/x", "https://api.example.com/v1"), None, "warning"),
    "unknown, the listed version runs": (entry("newprovider/x", "https://api.example.com/v1"), LISTED, "error"),
    "unknown, a newer version runs": (entry("newprovider/x", "https://api.example.com/v1"), "1.999.0", "warning"),
    "unknown, an older version runs": (entry("newprovider/x", "https://api.example.com/v1"), "1.80.5", "warning"),
    "new in 1.110.2": (entry("empiriolabs/x", "https://api.example.com/v1"), None, None),
    "prompt manager": ("model_name: a, litellm_params: {model: gitlab/prompt}", None, None),
    "Bedrock id": ("model_name: a, litellm_params: {model: eu.anthropic.claude-opus-9-v1:0}", None, None),
    "a newer Claude id": ("model_name: a, litellm_params: {model: claude-nova-7}", None, None),
    "known endpoint": (entry("mistral-large", "https://api.mistral.ai/v1"), None, None),
    "template": (entry("{{ provider }}/x"), None, None),
    "shell template": (entry("${PROVIDER}/x"), None, None),
    "unknown custom_llm_provider": (entry("x", more=", custom_llm_provider: nothing"), LISTED, "error"),
    "known custom_llm_provider": (entry("x", more=", custom_llm_provider: hosted_vllm"), LISTED, None),
}


@pytest.mark.parametrize(("text", "version", "expected"), PROVIDERS.values(), ids=PROVIDERS)
def test_a_provider_is_judged_by_the_version_that_runs(text, version, expected):
    found = written([text], live=running(version) if version else None)
    assert {severity for _, severity in marks(found, "PROXY805")} == ({expected} if expected else set())


BASES = {
    "ollama_chat/ with /v1": (entry("ollama_chat/x"), "error"),
    "ollama/ with /v1": (entry("ollama/x"), "error"),
    "ollama_chat/": (entry("ollama_chat/x", "http://127.0.0.1:11434"), None),
    "lm_studio/ without /v1": (entry("lm_studio/x", "http://127.0.0.1:1234"), "error"),
    "llamafile/ without /v1": (entry("llamafile/x", "http://127.0.0.1:8080"), "error"),
    "xinference/ without /v1": (entry("xinference/x", "http://127.0.0.1:9997"), "error"),
    "openai/ on a private host": (entry("openai/x", "http://vllm:8000"), "error"),
    "openai/ on a public host": (entry("openai/gpt-4o", "https://api.example.com"), None),
    "openai/ with the endpoint": (entry("openai/x", "http://127.0.0.1:8000/v1/chat/completions"), "error"),
    "hosted_vllm/ with the endpoint": (entry("hosted_vllm/x", "http://127.0.0.1:8000/v1/chat/completions"), None),
    "embedding": (entry("openai/bge-m3", "http://127.0.0.1:8000"), None),
    "rerank by mode": (entry("hosted_vllm/x", "http://127.0.0.1:8000/rerank") + ", model_info: {mode: rerank}", None),
    "{{ }}": (entry("openai/x", "{{ url }}"), None),
    "{{ }} as host": (entry("openai/x", "http://{{ host }}:8000"), None),
    "<url>": (entry("openai/x", "<your-vllm-url>"), None),
    "${URL}": (entry("openai/x", "${VLLM_URL}"), "warning"),
    "a variable": (entry("openai/x", "os.environ/VLLM_URL"), None),
    "no scheme": (entry("openai/x", "YOUR_URL"), None),
}


@pytest.mark.parametrize(("text", "expected"), BASES.values(), ids=BASES)
def test_an_address_is_judged_only_where_it_is_known(text, expected):
    assert {severity for _, severity in marks(written([text]), "PROXY804")} == ({expected} if expected else set())


def test_a_shell_variable_is_written_as_litellm_reads_it():
    text = "model_list:\n  - model_name: a\n    litellm_params:\n      model: hosted_vllm/x\n      api_base: ${URL}\n"
    (finding,) = [one for one in about(parse_proxy_config(text, "x.yaml")) if one.code == "PROXY804"]
    assert finding.paste.text == "      api_base: os.environ/URL"


@pytest.mark.parametrize("model", ["sora-2", "omni-moderation-latest", "responses/gpt-5", "chat_completions/gpt-4o"])
def test_ids_of_hosted_services_need_no_address(model):
    assert marks(written([f"model_name: a, litellm_params: {{model: openai/{model}}}"]), "PROXY804") == set()


TIMEOUTS = {
    'timeout: "30s"': "error",
    'request_timeout: "5m"': "error",
    'stream_timeout: "30s"': "error",
    'timeout: "6000"': None,
    "timeout: 6000": None,
    "timeout: 600": "info",
    "timeout: 60": "warning",
    "timeout: os.environ/T": None,
    'timeout: "{{ t }}"': None,
}


@pytest.mark.parametrize(("text", "expected"), TIMEOUTS.items())
def test_a_timeout_with_a_unit_is_an_error(text, expected):
    found = written([entry("hosted_vllm/x", more=f", {text}")])
    assert {severity for _, severity in marks(found, "PROXY803")} == ({expected} if expected else set())


def test_a_timeout_of_all_models_with_a_unit_is_an_error_and_that_of_the_router_is_not():
    assert ("PROXY803", "error") in marks(
        written([entry("hosted_vllm/x")], 'litellm_settings: {request_timeout: "30s"}')
    )
    assert not marks(written([entry("hosted_vllm/x")], 'router_settings: {timeout: "30s"}'), "PROXY803")


def test_a_timeout_with_a_unit_is_written_in_seconds():
    text = "model_list:\n- model_name: a\n  litellm_params:\n    model: hosted_vllm/x\n    timeout: 10m\n"
    (finding,) = [one for one in about(parse_proxy_config(text, "x.yaml")) if one.code == "PROXY803"]
    assert finding.paste.text == "    timeout: 600"


def star(name, model):
    return entry(model, name=name)


STARS = {
    "cut": (star("claude-*", "hosted_vllm/*"), "claude-opus-4-6", "warning"),
    "with its prefix": (star("claude-*", "hosted_vllm/claude-*"), "claude-opus-4-6", "error"),
    "to one model": (star("claude-*", "hosted_vllm/q"), "claude-opus-4-6", None),
    "own id, cut": (star("own-*", "hosted_vllm/*"), "own-model", "warning"),
}


@pytest.mark.parametrize(("text", "asked", "expected"), STARS.values(), ids=STARS)
def test_a_star_that_cuts_the_id_is_found(text, asked, expected):
    found = written([text], env=asking(asked))
    assert {severity for _, severity in marks(found, "PROXY806")} == ({expected} if expected else set())


def test_the_longest_pattern_counts_though_a_star_alone_would_work():
    (finding, *_) = [
        one for one in case("yaml/miss-wildcard-cuts-the-id.yaml", asking("claude-opus-4-6")) if one.code == "PROXY806"
    ]
    assert "opus-4-6" in finding.message


@pytest.mark.parametrize(
    "asked", ["claude-opus-5-5", "claude-nonsense-9", "claude-sonnet-4-5-20250929", "claude-x-1.5"]
)
def test_a_claude_id_of_the_newer_form_is_taken_by_anthropic_star(asked):
    text = "model_name: anthropic/*, litellm_params: {model: anthropic/*}"
    assert not marks(written([text], env=asking(asked)), "PROXY806")


def test_what_may_stand_in_an_included_file_is_not_missed():
    text = "include: [other.yaml]\nmodel_list:\n- {model_name: a, litellm_params: {model: hosted_vllm/x}}\n"
    found = about(parse_proxy_config(text, "x.yaml"), asking("second"))
    assert not marks(found, "PROXY801", "PROXY802", "PROXY806", "PROXY808", "PROXY809", "PROXY811")


def test_a_number_is_a_name():
    text = "model_list:\n- {model_name: 4.5, litellm_params: {model: hosted_vllm/x}}\n"
    found = about(parse_proxy_config(text, "x.yaml"), asking("4.5"))
    assert not marks(found, "PROXY806", "PROXY813")


SWITCHES = "litellm_settings: {drop_params: os.environ/D, num_retries: os.environ/N}\n"
SWITCHES += "router_settings: {disable_cooldowns: os.environ/C}\n"


def test_a_switch_in_a_variable_is_not_off():
    assert not marks(written([entry("anthropic/x", "http://127.0.0.1:8000")], SWITCHES))


KEYS = {
    "litellm_settings: {dropparams: true}": (None, "error"),
    "litellm_settings: {drop_parms: true}": (None, "warning"),
    "litellm_settings: {drop_parms: true} ": (LISTED, "error"),
    "litellm_settings: {drop_parms: true}  ": ("1.999.0", "warning"),
    "litellm_settings: {brand_new: true}": (None, "warning"),
    "litellm_settings: {brand_new: true} ": ("1.999.0", "info"),
    "litellm_settings: {cooldown_time: 5}": (None, "error"),
    "litellm_settings: {cooldown_time: 5} ": ("1.999.0", "warning"),
    "litellm_settings: {mcp_servers: {}}": (None, "error"),
}


@pytest.mark.parametrize("text", KEYS)
def test_a_key_is_judged_by_the_version_that_runs(text):
    version, expected = KEYS[text]
    found = written([entry("hosted_vllm/x")], text + "\n", live=running(version) if version else None)
    assert {severity for _, severity in marks(found, "PROXY810")} == {expected}


def test_a_key_that_a_newer_litellm_may_know_is_not_known_to_stormdeck():
    live = running("1.999.0")
    found = written([entry("hosted_vllm/x")], "litellm_settings: {brand_new: true}\n", live=live)
    (finding,) = [one for one in found if one.code == "PROXY810"]
    assert "not known to stormdeck" in finding.title


PARAMS = {
    "vector_store_ids: [a]": None,
    "serviceTier: x": None,
    "foo_bar: 1": None,
    "rpm_limit: 5": "did you mean rpm?",
    "apibase: x": "did you mean api_base?",
}


@pytest.mark.parametrize(("text", "title"), PARAMS.items())
def test_parameters_of_the_server_are_not_misspelled(text, title):
    found = written([entry("hosted_vllm/x", more=f", {text}")])
    assert [one.title for one in found if one.code == "PROXY810"] == ([title] if title else [])


def test_a_word_in_the_middle_of_a_name_is_no_misspelling():
    found = written([entry("hosted_vllm/x")], "litellm_settings: {batch_size: 5}\n")
    assert [one.title for one in found if one.code == "PROXY810"] == [f"not known to LiteLLM {LISTED}"]


CACHES = {
    "{cache: true}": True,
    "{cache: false}": False,
    "{cache: true, cache_params: {mode: default_off}}": False,
    "{cache: true, cache_params: {supported_call_types: [acompletion]}}": True,
    "{cache: true, cache_params: {supported_call_types: [aembedding, embedding]}}": False,
    "{cache: true, cache_params: {supported_call_types: [anthropic_messages]}}": True,
}


@pytest.mark.parametrize(("text", "expected"), CACHES.items())
def test_a_cache_before_an_agent_is_found(text, expected):
    found = written([entry("hosted_vllm/x")], f"litellm_settings: {text}\n")
    assert ("PROXY819" in {one.code for one in found}) is expected


def test_capabilities_that_are_set_are_not_overwritten():
    config = read_proxy_config(CASES / "late-system" / "config.yaml")
    mine = LATE | {"CLAUDE_CODE_MODEL_CAPABILITIES": "other*=-mid_conv_system"}
    (finding,) = [one for one in about(config, mine) if one.code == "PROXY818"]
    assert finding.fix is None
