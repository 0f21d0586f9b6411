"""Play the metrics of many servers: ``fleet.py`` prints its port, and plays the target that a scrape names.

A Prometheus scrapes each target here through relabelling, so one process stands for a thousand instances of vLLM, a
hundred LiteLLMs and the GPUs of their hosts. Counters grow with the clock: rates are steady, and differ by instance.
The names are those of vLLM 0.33, LiteLLM 1.110.2 and dcgm-exporter; the bounds of the first token those of vLLM.
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import parse_qs, urlsplit

BOUNDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10, 20, 40, 80, 160)
MODELS = ("qwen3-coder-480b", "glm-4.6", "gpt-oss-120b", "devstral-small-2507", "qwen3-32b")
A_DAY_S = 86_400.0
"""How old every counter is at the start."""
DOWN, SLOW, CROWDED = 7, 13, 19
"""Every hundredth instance from this one on goes down, answers late, or has a queue and a full cache."""
UP_S = 15.0
"""When those go down that do: a Prometheus must have seen them to miss them."""


def vllm(number: int, age: float) -> str:
    """Return the metrics of an instance."""
    label = f'{{model_name="{MODELS[number % len(MODELS)]}",engine="0"}}'
    place = number % 100
    running, waiting = (60, 25) if place == CROWDED else (4 + number % 13, number % 2)
    usual = 0.9 if place != SLOW else 6.0
    rate = 0.5 + number % 7 / 10
    finished = rate * age
    lines = [
        f"vllm:num_requests_running{label} {running}",
        f"vllm:num_requests_waiting{label} {waiting}",
        f"vllm:kv_cache_usage_perc{label} {0.98 if place == CROWDED else 0.2 + number % 60 / 100}",
        f"vllm:generation_tokens_total{label} {round(420 * rate * age)}",
        f"vllm:prompt_tokens_total{label} {round(21_000 * rate * age)}",
        f"vllm:prefix_cache_queries_total{label} {round(21_000 * rate * age)}",
        f"vllm:prefix_cache_hits_total{label} {round(21_000 * (0.8 + number % 15 / 100) * rate * age)}",
        f"vllm:num_preemptions_total{label} {round(0.1 * age) if place == CROWDED else 3}",
        f'vllm:request_success_total{label[:-1]},finished_reason="stop"}} {round(0.9 * finished)}',
        f'vllm:request_success_total{label[:-1]},finished_reason="length"}} {round(0.1 * finished)}',
    ]
    # Half of the first tokens below the usual time, and one in fifty above four times of it.
    for bound in BOUNDS:
        share = min(1.0, bound / usual / 2 if bound < usual else 0.5 + (bound - usual) / usual / 6)
        lines.append(f'vllm:time_to_first_token_seconds_bucket{label[:-1]},le="{bound}"}} {round(share * finished)}')
    lines.append(f'vllm:time_to_first_token_seconds_bucket{label[:-1]},le="+Inf"}} {round(finished)}')
    lines.append(f"vllm:time_to_first_token_seconds_sum{label} {round(usual * finished)}")
    lines.append(f"vllm:time_to_first_token_seconds_count{label} {round(finished)}")
    return "\n".join(lines)


def litellm(number: int, age: float) -> str:
    """Return the metrics of a proxy: by model and user agent."""
    lines = []
    for place, model in enumerate(MODELS):
        named = f'requested_model="{model}",team="team-{number % 9}",end_user="None",hashed_api_key="None"'
        for agent, rate in (("claude-cli/2.1.332", 2.0), ("python-httpx/0.28", 0.2)):
            labels = f'{{{named},user_agent="{agent}",status_code="200",route="/v1/messages"}}'
            lines.append(f"litellm_proxy_total_requests_metric_total{labels} {round((rate + place / 10) * age)}")
        failed = f'{{{named},exception_class="RateLimitError",exception_status="429"}}'
        rate = 0.3 if number % 25 == 3 else 0.001
        lines.append(f"litellm_proxy_failed_requests_metric_total{failed} {round(rate * age)}")
        deployment = f'litellm_model_name="hosted_vllm/{model}",model_id="{place}",api_base="http://gpu-1:8000/v1"'
        lines.append(f'litellm_deployment_state{{{deployment},api_provider="hosted_vllm"}} 0')
    return "\n".join(lines)


def dcgm(number: int, age: float) -> str:
    """Return the metrics of a host's eight GPUs."""
    lines = []
    for gpu in range(8):
        labels = f'{{gpu="{gpu}",UUID="GPU-{number}-{gpu}",modelName="NVIDIA H200",Hostname="gpu-{number:03}"}}'
        lines += [
            f"DCGM_FI_DEV_GPU_UTIL{labels} {60 + (number * 7 + gpu + int(age / 5)) % 40}",
            f"DCGM_FI_DEV_FB_USED{labels} 128000",
            f"DCGM_FI_DEV_FB_FREE{labels} 15771",
            f"DCGM_FI_DEV_POWER_USAGE{labels} {520 + gpu}",
        ]
    return "\n".join(lines)


def answer(path: str, begun: float) -> bytes:
    """Return the response to a scrape of ``/KIND?number=N``; a target that is down answers 503."""
    asked = urlsplit(path)
    number = int(parse_qs(asked.query)["number"][0])
    lasted = time.time() - begun
    age = A_DAY_S + lasted
    kind = asked.path.strip("/")
    if kind == "vllm" and number % 100 == DOWN and lasted > UP_S:
        return b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    body = ({"vllm": vllm, "litellm": litellm, "dcgm": dcgm}[kind](number, age) + "\n").encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: float) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(head.split(maxsplit=2)[1].decode(), begun))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Serve until the process is ended."""
    begun = time.time()
    server = await asyncio.start_server(lambda r, w: _serve(r, w, begun), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - for the one that starts it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
