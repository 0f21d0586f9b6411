"""What the real programs wrote, one of each shape: what the mutations begin with."""

import json
import re
from functools import cache

from places import DATA, TESTS

MOST = 150
"""Seeds of a kind."""
_VARYING = re.compile(r"[0-9a-f]{8,}|\d+")


def shapes(lines, longest=2000):
    """Return one line of each shape, the same but for numbers and ids; lines that are longer are left out."""
    first = {}
    for line in lines:
        if line.strip() and len(line) <= longest:
            first.setdefault(_VARYING.sub("#", line)[:80], line)
    return list(first.values())[:MOST]


@cache
def log(*names):
    """Return lines of recorded logs."""
    return [line for name in names for line in (DATA / "logs" / name).read_bytes().decode().splitlines()]


@cache
def log_lines():
    """Return lines of all servers and proxies, in every form that they log in."""
    names = sorted(path.name for path in (DATA / "logs").glob("*.log"))
    return [line for name in names for line in shapes(log(name))[:40]]


@cache
def json_lines():
    """Return lines that are JSON objects: LiteLLM's, vLLM's, claude-code-router's."""
    return [line for line in log_lines() if line.startswith("{") and line.endswith("}") and _is_json(line)]


@cache
def access_lines():
    """Return lines that tell of a request."""
    carried = ["litellm-1  | ", "Nov 20 18:48:56 box vllm[123]: ", "2026-11-20T18:48:56.326123456Z "]
    lines = [line for line in log_lines() if " HTTP/" in line or '"reqId"' in line]
    return lines + [before + line for before in carried for line in lines[:5]]


@cache
def transcript_lines():
    """Return lines of the clients' transcripts."""
    folders = sorted((TESTS / "recordings").glob("*/transcripts"))
    files = [min(folder.rglob("*.jsonl")) for folder in folders if any(folder.rglob("*.jsonl"))]
    return shapes((line for file in files for line in file.read_text().splitlines()), longest=10_000)


@cache
def recordings():
    """Return the first lines of some recordings, each as one text."""
    names = ("500x5_mid_2.1.329", "L_500_amp2_2.1.42", "outage_4sessions", "two_storms_at_once")
    files = [TESTS / "recordings" / name / "access.lines.jsonl" for name in names]
    return ["\n".join(file.read_text().splitlines()[:60]) + "\n" for file in files]


@cache
def settings_texts():
    """Return settings files, sound ones and broken ones."""
    files = sorted((DATA / "settings").rglob("*.*"))
    own = [
        "",
        "{}",
        "\ufeff{}\r\n",
        '{"env":{}}',
        '{\r\n\t"env": {\r\n\t\t"A": "1"\r\n\t},\r\n\t"model": null\r\n}\r\n',
    ]
    return [*(file.read_text(encoding="utf-8", errors="replace") for file in files), *own]


@cache
def yaml_texts():
    """Return LiteLLM configurations."""
    anchors = "a: &a {model: openai/q, api_base: http://h:1/v1}\nmodel_list:\n- model_name: '*'\n  litellm_params: *a\n"
    merged = "base: &b {timeout: 5}\nlitellm_settings:\n  <<: *b\n  drop_params: true  # so it runs\n"
    return [anchors, merged, *(file.read_text() for file in sorted((DATA / "litellm").glob("*.yaml")))]


@cache
def metrics_pages():
    """Return the families of vLLM's pages that are read, of three versions, without the many that are not."""
    return [_read_families(file.read_text()) for file in sorted((DATA / "metrics").glob("*.txt"))]


@cache
def streams():
    """Return the bodies of recorded answers, streams among them."""
    return _bodies("canary", "msg_*.txt")


@cache
def answers():
    """Return JSON bodies of servers."""
    return [body for body in (*_bodies("http", "*.txt"), *_bodies("canary", "*.txt")) if _is_json(body)]


def _bodies(folder, names):
    """Return the bodies of recorded answers, which stand behind their heads."""
    texts = [file.read_text().rpartition("<<< RESPONSE")[2] for file in sorted((DATA / folder).glob(names))]
    return [body for text in texts if (body := text.partition("\n\n")[2])]


def _read_families(page):
    wanted = re.compile(r"num_requests|cache|_tokens_total|prompt_tokens_sum|first_token_seconds_b|preempt|start_time")
    return "\n".join(line for line in page.splitlines() if wanted.search(line)) + "\n"


def _is_json(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
