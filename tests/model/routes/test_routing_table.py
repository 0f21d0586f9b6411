"""The groups of a proxy's configuration, and the group of a model id."""

import pytest

from stormdeck.model.routes.litellm import from_model_info, from_yaml, with_reported
from stormdeck.model.routes.other_proxies import from_claude_code_proxy, from_claude_code_router
from stormdeck.model.routes.table import MOST_ENTRIES, RoutingTable, upstream
from stormdeck.sources.litellm_yaml import parse_proxy_config


def table(text, **variables):
    return from_yaml(parse_proxy_config(text, "litellm.yaml"), variables.get)


def urls(group):
    return [one.url for one in group.servers]


WHOLE = """
model_list:
- model_name: big
  litellm_params: {model: hosted_vllm/q, api_base: os.environ/ONE}
- model_name: big
  litellm_params: {model: hosted_vllm/q, api_base: "http://gpu-2:8000/v1/"}
- model_name: claude-*
  litellm_params: {model: anthropic/q, api_base: "http://gpu-3:8000"}
- model_name: claude-haiku-*
  litellm_params: {model: openai/q, base_url: "https://gw.lan/small/v1/chat/completions"}
- model_name: "*"
  litellm_params: {model: anthropic/claude-sonnet-4-6}
router_settings:
  model_group_alias: {coder: big, fast: {model: claude-haiku-x, hidden: true}, gone: nowhere}
  fallbacks: [{big: [claude-haiku-1, coder]}]
litellm_settings:
  model_alias_map: {old: coder}
  default_fallbacks: ["*"]
"""


def test_the_servers_of_each_group():
    known = table(WHOLE, ONE="http://gpu-1:8000/v1")
    assert {one.name: urls(one) for one in known.groups} == {
        "big": ["http://gpu-1:8000", "http://gpu-2:8000"],
        "claude-*": ["http://gpu-3:8000"],
        "claude-haiku-*": ["https://gw.lan:443/small"],
        "*": [""],
    }
    assert known.branches
    assert known.group("*").servers[0].is_hosted


def test_a_variable_that_is_not_known_is_no_address():
    first = table(WHOLE).group("big").servers[0]
    assert (first.url, first.skipped) == ("", "its address is in the variable ONE of the proxy")


@pytest.mark.parametrize(
    ("asked", "group"),
    [
        ("big", "big"),
        ("coder", "big"),
        ("old", "big"),
        ("fast", "claude-haiku-*"),
        ("claude-haiku-4-5", "claude-haiku-*"),
        ("claude-sonnet-4-6", "claude-*"),
        ("Big", "*"),
        ("", None),
    ],
)
def test_the_group_of_an_id(asked, group):
    found = table(WHOLE).group_for(asked)
    assert (found.name if found else None) == group


def test_no_group_takes_an_id_that_nothing_matches():
    known = table("model_list: [{model_name: a, litellm_params: {model: vllm/q}}, {model_name: 'anthropic/*'}]")
    assert known.group_for("b") is None
    assert known.group_for("claude-haiku-4-5") is None


def test_fallbacks_are_groups_by_name_pattern_or_alias():
    known = table(WHOLE)
    assert [one.name for one in known.fallbacks_of("big")] == ["claude-haiku-*"]
    assert [one.name for one in known.fallbacks_of("claude-*")] == ["*"]


def test_only_entries_with_a_weight_get_requests():
    known = table(
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: vllm/q, api_base: 'http://h:1', weight: 2}}\n"
        "- {model_name: a, litellm_params: {model: vllm/q, api_base: 'http://h:2'}}\n"
        "- {model_name: b, litellm_params: {model: vllm/q, api_base: 'http://h:3', weight: 0}}\n"
    )
    assert [[one.is_idle for one in group.servers] for group in known.groups] == [[False, True], [False]]


@pytest.mark.parametrize(
    "text",
    [
        "model_list: 7",
        "model_list: [7, [], {}, {model_name: [1]}, {model_name: a, litellm_params: 3}]",
        "router_settings: {model_group_alias: [a], fallbacks: {a: b}, default_fallbacks: x}",
        "litellm_settings: {fallbacks: [7, [a], {a: 7}, {b: [{}]}], model_alias_map: 7}",
        "a: [",
    ],
)
def test_any_shape_is_read_without_an_error(text):
    known = table(text)
    assert known.group_for("b") is None
    assert known.fallbacks_of("a") == ()


def test_entries_beyond_the_limit_are_counted():
    rows = [{"model_name": f"m{at}", "litellm_params": {"api_base": f"http://h:{at + 1}"}} for at in range(1000)]
    known = from_model_info([*rows, 7, {}, {"model_name": "x"}])
    assert (len(known.groups), known.left_out) == (MOST_ENTRIES, 1000 - MOST_ENTRIES)


@pytest.mark.parametrize(
    ("base", "url", "hosted"),
    [
        ("http://h:8000", "http://h:8000", False),
        ("http://h:8000/v1", "http://h:8000", False),
        ("http://h:8000/v1/", "http://h:8000", False),
        ("http://h:8000/vllm/v1", "http://h:8000/vllm", False),
        ("http://h:8000/v1/chat/completions", "http://h:8000", False),
        ("http://h:8000/v1/messages", "http://h:8000", False),
        ("http://user:secret@h:8000/v1", "http://h:8000", False),
        ("https://api.anthropic.com/v1", "", True),
        ("https://myname.openai.azure.com", "", True),
        ("https://notopenai.com/v1", "https://notopenai.com:443", False),
        ("{{ url }}", "", False),
        ("h:8000", "", False),
        ("http://[::1", "", False),
    ],
)
def test_the_server_at_an_api_base(base, url, hosted):
    found = upstream(base)
    assert (found.url, found.is_hosted) == (url, hosted)
    assert bool(found.skipped) is not bool(found.url)


def test_loopback_addresses_of_another_machine_are_not_this_one_s():
    known = table(WHOLE, ONE="http://localhost:8001/v1").seen_from(proxy_is_here=False)
    first, second = known.group("big").servers
    assert (first.url, second.url) == ("", "http://gpu-2:8000")
    assert "the proxy's own machine" in first.skipped


ROUTER = {
    "Providers": [
        {"name": "vllm", "api_base_url": "http://gpu-1:8000/v1/chat/completions", "models": ["q"]},
        {"name": "small", "api_base_url": "${SMALL_URL}/v1/chat/completions", "api_key": "$KEY"},
        {"name": "third", "api_base_url": "http://gpu-3:8000/v1/chat/completions"},
        {"name": "broken"},
    ],
    "Router": {"default": "vllm,q", "background": "small,s", "think": "gone,x", "longContextThreshold": 60000},
}


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        ("claude-sonnet-4-6", "http://gpu-1:8000"),
        ("claude-3-5-haiku-20241022", "http://gpu-2:8000"),
        ("small,s", "http://gpu-2:8000"),
        ("vllm,claude-haiku", "http://gpu-1:8000"),
        ("third,x", "http://gpu-3:8000"),
        ("Qwen3.5-27B", "http://gpu-1:8000"),
    ],
)
def test_the_routes_of_claude_code_router(asked, url):
    known = from_claude_code_router(ROUTER, "config.json", {"SMALL_URL": "http://gpu-2:8000"}.get)
    assert [one.name for one in known.groups] == ["default", "background", "third"]
    assert urls(known.group_for(asked)) == [url]
    assert known.branches


@pytest.mark.parametrize(
    "config", [{}, {"Providers": 7, "Router": 7}, {"Providers": [7, {"name": 1}], "Router": {"default": 7}}]
)
def test_a_strange_configuration_of_claude_code_router_has_no_groups(config):
    known = from_claude_code_router(config, "config.json", lambda _: None)
    assert (known.groups, known.group_for("x")) == ((), None)


def test_claude_code_proxy_has_three_groups_on_one_server():
    known = from_claude_code_proxy({"openai_base_url": "http://127.0.0.1:8000/v1", "big_model": "q"})
    names = {"claude-opus-5-5": "BIG_MODEL", "claude-sonnet-4-6": "MIDDLE_MODEL", "claude-haiku-4-5": "SMALL_MODEL"}
    assert {asked: known.group_for(asked).name for asked in names} == names
    assert known.servers == ("http://127.0.0.1:8000",)
    assert not known.branches


@pytest.mark.parametrize("config", [None, [], {}, {"openai_base_url": 7}, {"openai_base_url": "x" * 3000}])
def test_claude_code_proxy_that_reports_nothing_has_no_groups(config):
    assert from_claude_code_proxy(config) == RoutingTable()


def row(name, base=None, model="hosted_vllm/q", **params):
    """Return an entry of ``/model/info``, shaped as by the real one (1.110.2)."""
    return {"model_name": name, "litellm_params": {"model": model, **({"api_base": base} if base else {}), **params}}


ORDERED = """
model_list:
- model_name: big
  litellm_params: {model: hosted_vllm/q, api_base: "http://gpu-1:8000", order: 2}
- model_name: big
  litellm_params: {model: hosted_vllm/q, api_base: "http://gpu-2:8000", order: 1}
"""


def test_a_server_of_a_later_order_waits_for_the_first_to_fail():
    """Measured, 1.110.2: all requests go to order 1, and to order 2 while that refuses."""
    expected = [("http://gpu-1:8000", True), ("http://gpu-2:8000", False)]
    assert [(one.url, one.is_idle) for one in table(ORDERED).group("big").servers] == expected
    rows = [row("big", "http://gpu-1:8000", order=2), row("big", "http://gpu-2:8000", order=1)]
    assert [(one.url, one.is_idle) for one in from_model_info(rows).group("big").servers] == expected


def test_what_the_proxy_lists_joins_its_yaml():
    """Models of its database, and addresses in its variables; the alias that it lists too is no group."""
    reported = from_model_info(
        [
            row("big", "http://gpu-1:8000/v1"),
            row("big", "http://gpu-2:8000/v1"),
            row("claude-*", "http://gpu-3:8000"),
            row("coder", "http://gpu-1:8000/v1"),
            row("added", "http://gpu-9:8000"),
            row("added-*", "http://gpu-9:8000"),
        ]
    )
    known = with_reported(table(WHOLE), reported)
    assert urls(known.group("big")) == ["http://gpu-1:8000", "http://gpu-2:8000"]
    assert known.group("coder") is None
    assert known.group_for("coder").name == "big"
    assert known.group_for("added").name == "added"
    assert known.group_for("added-x").name == "added-*"
    assert known.group_for("claude-haiku-9").name == "claude-haiku-*"
    assert known.group_for("anything").name == "*"
    assert known.fallbacks_of("big") == table(WHOLE).fallbacks_of("big")


def test_an_address_that_the_proxy_does_not_list_stays_as_its_yaml_has_it():
    known = with_reported(table(WHOLE, ONE="http://gpu-1:8000"), from_model_info([row("big")]))
    assert urls(known.group("big")) == ["http://gpu-1:8000", "http://gpu-2:8000"]


def test_a_list_of_no_models_changes_nothing():
    assert with_reported(table(WHOLE), from_model_info([])) == table(WHOLE)
