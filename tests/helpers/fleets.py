"""Fleets as a Prometheus describes them: small ones by hand, large ones by rule."""

from dataclasses import replace

from feeds import QuietFeed
from samples import NOW
from stormdeck.model.fleet.past import FleetHistory
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState, FleetStatement, GpuShare, ProxyRow, Replica
from stormdeck.model.history.figures import FIGURES, Sample

SOURCE = "prometheus.lab:9090"
MODELS = ("qwen3-coder-480b", "glm-4.6", "gpt-oss-120b", "devstral-small-2507")


def replica(number, model=MODELS[0], **changes):
    """Return a healthy instance; its figures depend on its number."""
    made = Replica(
        key=f"{SOURCE}/vllm/gpu-{number}:8000",
        name=f"gpu-{number}:8000",
        model=model,
        up=True,
        running=float(4 + number % 7),
        waiting=float(number % 3),
        kv_cache=0.3 + number % 5 / 10,
        prefix_hits=0.8 + number % 4 / 100,
        first_token_p95_s=0.9 + number % 3 / 10,
        tokens_per_s=400.0 + number % 11 * 10,
        requests_per_s=0.6,
        preemptions_per_s=0.0,
        version="0.11.2",
        host=f"gpu-{number}",
        gpu=GpuShare(8, 0.87, 0.91, 5200.0),
        scraped_at=NOW - 3,
    )
    return replace(made, **changes)


def proxy(number, **changes):
    """Return a LiteLLM without failures."""
    made = ProxyRow(
        key=f"{SOURCE}/litellm/proxy-{number}:4000",
        name=f"proxy-{number}:4000",
        up=True,
        requests_per_s=3.2,
        user_agents={"claude-cli": 2.9, "python-httpx": 0.3},
        version="1.77.4",
    )
    return replace(made, **changes)


_DOWN = replica(7, up=False, running=None, waiting=None, kv_cache=None, prefix_hits=None, first_token_p95_s=None)
_DOWN = replace(_DOWN, tokens_per_s=None, requests_per_s=None, preemptions_per_s=None, version="", gpu=None)
_SLOW = replica(3, first_token_p95_s=4.1, waiting=31.0, kv_cache=0.99, preemptions_per_s=0.4)
_FAILING = proxy(
    2,
    failures_per_s={"RateLimitError": 0.42, "Timeout": 0.1},
    cooldowns=("gpu-7:8000", "gpu-9:8000"),
)
FLEET = FleetSnapshot(
    FleetState.OK,
    sources=(SOURCE,),
    replicas=(
        _DOWN,
        _SLOW,
        *(replica(number) for number in (1, 2, 4, 5, 6)),
        *(replica(number, MODELS[1], version="0.11.0") for number in (10, 11, 12)),
        replica(20, MODELS[2], gpu=None, version=""),
        replica(30, "", up=None, first_token_p95_s=None, tokens_per_s=None, gpu=None),
    ),
    proxies=(_FAILING, proxy(1)),
    statements=(
        FleetStatement(f"{_DOWN.name} of {MODELS[0]} is down: its scrapes fail since 13:58.", True, (_DOWN.key,)),
        FleetStatement(
            f"{_SLOW.name} of {MODELS[0]}: first token 4.1 s, 4 times its siblings' 1.0 s.", False, (_SLOW.key,)
        ),
        FleetStatement(f"{_FAILING.name} fails 0.5 requests a second, most by RateLimitError.", False, (_FAILING.key,)),
    ),
    taken_at=NOW - 2,
)
"""Two models with several instances, one down and one slow; a proxy that fails."""
CALM_FLEET = replace(
    FLEET,
    replicas=tuple(one for one in FLEET.replicas if one.up and one is not _SLOW),
    proxies=(proxy(1),),
    statements=(),
)


def large_fleet(instances=1000, proxies=100, models=12, seed=0):
    """Return a fleet of many; another ``seed`` changes every figure."""
    replicas = tuple(
        replica(number, f"model-{number % models}", running=float(number % 40), tokens_per_s=float(seed + number))
        for number in range(instances)
    )
    return FleetSnapshot(
        FleetState.OK,
        sources=(SOURCE,),
        replicas=replicas,
        proxies=tuple(proxy(number) for number in range(proxies)),
        statements=(FleetStatement("gpu-17:8000 is slow.", False, (replicas[17 % instances].key,)),),
        taken_at=NOW + seed,
    )


EMPTY_STATES = {
    state: FleetSnapshot(state, sources=(SOURCE,))
    for state in FleetState
    if state not in {FleetState.OFF, FleetState.OK, FleetState.PARTLY, FleetState.TOO_MANY}
}
"""The states in which there is nothing to list."""


def fleet_history(count=60, step=60, end=NOW, name="gpu-3:8000", model=MODELS[0]):
    """Return an answer for the history of an instance, with a gap in it."""
    first = int(end // step) * step - (count - 1) * step
    samples = tuple(
        Sample(
            first + place * step,
            tuple(float(10 + (place * 7 + at) % 40) for at in range(len(FIGURES))),
            server=name,
            model=model,
        )
        for place in range(count)
        if not 20 <= place < 24
    )
    return FleetHistory(samples)


class FleetFeed(QuietFeed):
    """Answers for the history of an instance, and keeps what it was asked."""

    def __init__(self, answer=None):
        super().__init__()
        self.answer = answer
        self.asked = []

    async def fleet_history(self, key, figure, since, step):
        self.asked.append((key, figure, since, step))
        return self.answer or fleet_history(int((NOW - since) // step), step)
