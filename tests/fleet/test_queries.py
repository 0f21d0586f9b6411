"""The queries themselves in Prometheus's own promtool, on series whose answer is known."""

import shutil
import subprocess

import pytest
import yaml

from stormdeck.model.fleet.queries import Name, Queries, narrowed

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs promtool: apt-get install prometheus, or Prometheus's own archive"
)
ENGINE = 'job="vllm", instance="gpu-1:8000", model_name="qwen", engine="{}"'
OF = '{instance="gpu-1:8000", job="vllm", model_name="qwen"}'
PROXY = 'job="litellm", instance="proxy:4000"'
COOLED = f'litellm_deployment_cooled_down_total{{{PROXY}, litellm_model_name="qwen", api_base="a", model_id="1"}}'
OF_COOLED = '{api_base="a", instance="proxy:4000", job="litellm", litellm_model_name="qwen"}'
ASK = Queries(interval_s=15.0)


def metric(name, engine=0):
    return f"{name}{{{ENGINE.format(engine)}}}"


WAITING = "vllm:num_requests_waiting"
CASES: dict[str, tuple[str, dict, list]] = {
    "engines of one instance are summed": (
        ASK.fast()[Name.WAITING],
        {metric(WAITING, 0): "2x20", metric(WAITING, 1): "3x20"},
        [(OF, 5)],
    ),
    "the cache's older name is read": (
        ASK.fast()[Name.KV],
        {metric("vllm:gpu_cache_usage_perc"): "0.4x20"},
        [(OF, 0.4)],
    ),
    "both names count once": (
        ASK.fast()[Name.KV],
        {metric("vllm:gpu_cache_usage_perc"): "0.4x20", metric("vllm:kv_cache_usage_perc"): "0.5x20"},
        [(OF, 0.5)],
    ),
    "tokens per second": (ASK.fast()[Name.TOKENS], {metric("vllm:generation_tokens_total"): "0+1500x20"}, [(OF, 100)]),
    "failing targets of the jobs": (
        ASK.down(["vllm", "a.b"])[Name.DOWN],
        {
            'up{job="vllm", instance="x"}': "0x20",
            'up{job="aXb", instance="y"}': "0x20",
            'up{job="a.b", instance="z"}': "1x20",
        },
        [('up{job="vllm", instance="x"}', 0)],
    ),
    "a queue that was never empty": (ASK.rare()[Name.QUEUED], {metric(WAITING): "3x80"}, [(OF, 3)]),
    "a queue that was empty once": (ASK.rare()[Name.QUEUED], {metric(WAITING): "3x60 0 3x19"}, []),
    "hits of the hour before": (
        ASK.rare()[Name.HITS_BEFORE],
        {metric("vllm:prefix_cache_hits_total"): f"0+1500x320 {1500 * 320}x80"},
        [(OF, 100)],
    ),
    "a cooldown of a counter that is born": (
        ASK.proxies()[Name.PROXY_COOLDOWNS],
        {COOLED: "_x70 1x10", f"up{{{PROXY}}}": "1x80"},
        [(OF_COOLED, 1)],
    ),
    "a counter from before the first scrape": (
        ASK.proxies()[Name.PROXY_COOLDOWNS],
        {COOLED: "_x70 1x10", f"up{{{PROXY}}}": "_x70 1x10"},
        [],
    ),
    "a cooldown of long ago": (
        ASK.proxies()[Name.PROXY_COOLDOWNS],
        {COOLED: "1x160", f"up{{{PROXY}}}": "1x160"},
        [],
    ),
    "only what has the label": (
        Queries([("cluster", 'a"b')]).fast()[Name.RUNNING],
        {
            'vllm:num_requests_running{instance="x", cluster="a\\"b"}': "1x20",
            'vllm:num_requests_running{instance="y", cluster="c"}': "1x20",
        },
        [('{cluster="a\\"b", instance="x"}', 1)],
    ),
    "the instances with the longest queues": (
        narrowed(ASK.fast()[Name.RUNNING], 1),
        {
            'vllm:num_requests_running{instance="x"}': "1x20",
            'vllm:num_requests_running{instance="y"}': "2x20",
            'vllm:num_requests_waiting{instance="x"}': "5x20",
            'vllm:num_requests_waiting{instance="y"}': "0x20",
        },
        [('{instance="x"}', 1)],
    ),
}
LONG = {"a queue": "20m", "a cooldown of long": "40m", "a co": "20m", "hits": "100m"}
"""When a case is asked, by the beginning of its name; the others after five minutes."""


@pytest.mark.parametrize("name", CASES)
def test_a_query_gives_the_known_answer(tmp_path, name):
    query, series, expected = CASES[name]
    at = next((time for begin, time in LONG.items() if name.startswith(begin)), "5m")
    asked = {
        "expr": f"round({query}, 0.1)" if expected and not expected[0][0].startswith("up") else query,
        "eval_time": at,
        "exp_samples": [{"labels": labels, "value": number} for labels, number in expected],
    }
    test = {
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": one, "values": values} for one, values in series.items()],
                "promql_expr_test": [asked],
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(test))
    done = subprocess.run(["promtool", "test", "rules", str(file)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [one for one in Name if one is not Name.COUNT])
def test_every_query_is_promql(tmp_path, name):
    every = {**ASK.fast(), **ASK.slow(), **ASK.rare(), **ASK.down(["vllm"]), **ASK.proxies(), **ASK.proxies_known()}
    every |= {**ASK.gpus(), **ASK.images()}
    rule = {"groups": [{"name": "g", "rules": [{"record": "x", "expr": every[name]}]}]}
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(rule))
    done = subprocess.run(["promtool", "check", "rules", str(file)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
