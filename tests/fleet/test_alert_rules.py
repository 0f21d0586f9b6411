"""The alerting rules in Prometheus's own tool: they load, fire when they should, and stay calm otherwise."""

import shutil
import subprocess

import pytest
import yaml

from stormdeck.commands.export.documents import rules_yaml

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs promtool: apt-get install prometheus, or Prometheus's own archive"
)
ENGINE = 'instance="gpu-box:8000", model_name="qwen"'
OLDEST = 'stormdeck_in_flight_oldest_seconds{instance="ann:9464", source="wire"}'
UP = 'stormdeck_hop_up{instance="ann:9464", hop="server"}'
PROMPTS, ANSWERS = f"vllm:prompt_tokens_total{{{ENGINE}}}", f"vllm:generation_tokens_total{{{ENGINE}}}"
HITS, QUERIES = f"vllm:prefix_cache_hits_total{{{ENGINE}}}", f"vllm:prefix_cache_queries_total{{{ENGINE}}}"
WAITING = f"vllm:num_requests_waiting{{{ENGINE}}}"
FAILED = 'litellm_proxy_failed_requests_metric_total{instance="proxy:4000", exception_status="429"}'
COOLED = 'litellm_deployment_cooled_down_total{instance="proxy:4000"}'
ACTIVE = 'stormdeck_storms_active{instance="ann:9464"}'
GAVE_UP = 'stormdeck_give_ups_total{instance="ann:9464"}'
WARM = f"0+48000x90 {48000 * 90}+0x30"
CASES = [
    ("StormdeckRetryStorm", {ACTIVE: "0x5 2x10"}, "10m", 1),
    ("StormdeckRetryStorm", {ACTIVE: "0x20"}, "10m", 0),
    ("StormdeckGaveUp", {GAVE_UP: "0x5 1x10"}, "10m", 1),
    ("StormdeckGaveUp", {GAVE_UP: "3x20"}, "10m", 0),
    ("StormdeckEngineHung", {OLDEST: "0+60x20", UP: "1x20", PROMPTS: "900x20", ANSWERS: "90x20"}, "10m", 1),
    ("StormdeckEngineHung", {OLDEST: "0+60x20", UP: "1x20", PROMPTS: "900x20", ANSWERS: "0+90x20"}, "10m", 0),
    ("StormdeckEngineHung", {OLDEST: "0+60x20", UP: "0x20", PROMPTS: "900x20", ANSWERS: "90x20"}, "10m", 0),
    ("StormdeckEngineHung", {OLDEST: "30x20", UP: "1x20", PROMPTS: "900x20", ANSWERS: "90x20"}, "10m", 0),
    ("StormdeckCacheCold", {HITS: WARM, QUERIES: "0+60000x120"}, "110m", 1),
    ("StormdeckCacheCold", {HITS: "0+48000x120", QUERIES: "0+60000x120"}, "110m", 0),
    ("StormdeckCacheCold", {HITS: "0x120", QUERIES: "0+60000x120"}, "110m", 0),
    ("StormdeckQueueNotDraining", {WAITING: "2+1x40"}, "30m", 1),
    ("StormdeckQueueNotDraining", {WAITING: "50-1x40"}, "30m", 0),
    ("StormdeckQueueNotDraining", {WAITING: "0x25 9x15"}, "30m", 0),
    ("StormdeckCooldownMasking", {FAILED: "0x5 1+4x10", COOLED: "0x5 1x10"}, "10m", 1),
    ("StormdeckCooldownMasking", {FAILED: "0+4x20", COOLED: "1x20"}, "10m", 0),
]


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def rules(tmp_path):
    file = tmp_path / "rules.yml"
    file.write_text(rules_yaml())
    return file


def test_prometheus_takes_the_rules(rules):
    code, text = promtool("check", "rules", rules)
    assert code == 0, text
    assert "6 rules found" in text


@pytest.mark.parametrize(("alert", "series", "at", "firing"), CASES, ids=[f"{one[0]}-{one[3]}" for one in CASES])
def test_an_alert_fires_when_it_should(rules, alert, series, at, firing):
    # As an expression: the words of the annotations are not repeated here.
    asked = {
        "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)',
        "eval_time": at,
        "exp_samples": [{"labels": "{}", "value": firing}],
    }
    test = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [asked],
            }
        ],
    }
    file = rules.with_name("test.yml")
    file.write_text(yaml.safe_dump(test))
    code, text = promtool("test", "rules", file)
    assert code == 0, text
