"""What is unusual: a queue that stays, GPUs that are held back, slow answers at the same load. Else nothing."""

from dataclasses import replace
from random import Random

import pytest

from history_samples import MODEL, NOW, SERVER, minutes, sample, steps
from samples import CALM, GPUS, PROXY, VLLM
from stormdeck.model.history.figures import UNKNOWN
from stormdeck.model.history.sampling import sample_of
from stormdeck.model.history.unusual import HeldBack, Queue, Unusual, find_shifts, with_steps
from stormdeck.model.snapshots.gpu import GpuSnapshot, GpuState
from stormdeck.model.snapshots.server import ServerState


def queue_of(samples):
    return with_steps(Unusual(), samples).queue


def held_of(samples):
    return with_steps(Unusual(), samples).held


def test_a_queue_that_is_never_empty_is_found_with_its_beginning():
    samples = (*steps(10, NOW - 300, waiting=0.0), *steps(60, waiting=3.0))
    assert queue_of(samples) == Queue(NOW - 59 * 5, 3, is_whole=True)
    assert queue_of(steps(60, waiting=3.0)).is_whole is False


@pytest.mark.parametrize(
    "samples",
    [
        (),
        steps(60, waiting=0.0),
        steps(60),
        steps(20, waiting=3.0),
        (*steps(40, NOW - 105, waiting=3.0), *steps(1, NOW - 100, waiting=0.0), *steps(20, waiting=3.0)),
        (*steps(40, NOW - 400, waiting=3.0), *steps(20, waiting=3.0)),
        tuple(sample(NOW - 5 * back, waiting=1.0 + back) for back in range(60, -1, -1)),
        (*steps(60, NOW - 5, waiting=3.0), sample(NOW)),
    ],
    ids=["nothing", "empty", "unknown", "short", "was empty", "a gap", "drains", "unknown now"],
)
def test_any_other_queue_is_none(samples):
    assert queue_of(samples) is None


def test_gpus_that_are_held_back_for_a_minute_are_found():
    assert held_of((*steps(6, NOW - 100), *steps(20, held=(1, 3)))) == HeldBack((1, 3), NOW - 95)
    turns = tuple(sample(NOW - 5 * back, held=(back % 2,)) for back in range(40, -1, -1))
    assert held_of(turns) is None
    assert held_of(steps(6, held=(0,))) is None
    assert held_of((*steps(40, NOW - 5, held=(0,)), sample(NOW))) is None


def decode(running, made, **others):
    return [
        sample(NOW - 60 * (len(made) - place), running=busy, generation_tokens_per_s=rate, **others)
        for place, (busy, rate) in enumerate(zip(running, made, strict=True))
    ]


def test_slow_answers_are_compared_with_minutes_of_as_many_requests():
    usual = decode([2.0] * 100 + [2.0] * 6, [76.0] * 100 + [22.0] * 6)
    found = find_shifts(usual, SERVER, MODEL, NOW).decode
    assert (found.now, found.usual, found.since) == (11.0, 38.0, NOW - 360)
    busier = decode([2.0] * 100 + [8.0] * 6, [76.0] * 100 + [88.0] * 6)
    assert find_shifts(busier, SERVER, MODEL, NOW).decode is None
    idle = decode([0.0] * 106, [0.0] * 106)
    assert find_shifts(idle, SERVER, MODEL, NOW).decode is None


@pytest.mark.parametrize("other", [{"server": ":8001"}, {"model": "another"}, {"model": ""}])
def test_another_server_or_model_is_no_measure(other):
    values = [2.3] * 100 + [4.7] * 6
    assert find_shifts(minutes(values), SERVER, MODEL, NOW).ttft is not None
    mixed = (*minutes(values[:100], until=NOW - 360, **other), *minutes(values[100:]))
    assert find_shifts(mixed, SERVER, MODEL, NOW).ttft is None
    assert find_shifts(minutes(values, model=""), SERVER, "", NOW).ttft is None


def test_milliseconds_are_no_matter():
    assert find_shifts(minutes([0.1] * 100 + [0.4] * 6), SERVER, MODEL, NOW).ttft is None


def test_a_cache_that_was_never_warm_does_not_get_cold():
    assert find_shifts(minutes([87.0] * 100 + [12.0] * 6, "prefix_hit_percent"), SERVER, MODEL, NOW).cold.usual == 87.0
    assert find_shifts(minutes([30.0] * 100 + [3.0] * 6, "prefix_hit_percent"), SERVER, MODEL, NOW).cold is None


@pytest.mark.parametrize("seed", range(2))
def test_steady_noise_of_all_figures_is_never_unusual(seed):
    random = Random(seed)  # noqa: S311 - noise

    def noisy(at):
        return sample(
            at,
            running=random.uniform(2, 4),
            waiting=float(random.random() < 0.3),
            ttft_p50_s=random.lognormvariate(0.8, 0.3),
            generation_tokens_per_s=random.lognormvariate(4.5, 0.2),
            prefix_hit_percent=random.uniform(70, 95),
            held=(0,) if random.random() < 0.5 else (),
        )

    whole = [noisy(NOW + 60 * number) for number in range(300)]
    fine = [noisy(NOW + 5 * number) for number in range(600)]
    for count in range(1, 300):
        assert find_shifts(whole[:count], SERVER, MODEL, NOW + 60 * count) == Unusual()
        assert with_steps(Unusual(), fine[: 2 * count]) == Unusual()


class TestSampling:
    def test_every_figure_of_a_whole_stack_is_known(self):
        one = sample_of(NOW, VLLM, GPUS, CALM)
        assert None not in one.values
        assert (one.server, one.model) == (SERVER, MODEL)
        assert [one.of(key) for key in ("running", "ttft_p50_s", "gpu_percent", "gpu_power_w")] == [3, 0.8, 90, 1210]
        assert one.of("requests_per_minute") == 4.0

    @pytest.mark.parametrize(
        ("vllm", "gpu", "traffic"),
        [
            (None, None, None),
            (replace(VLLM, state=ServerState.DOWN), GpuSnapshot(GpuState.LOST), replace(CALM, logs=())),
            (replace(VLLM, engine=None), GpuSnapshot(GpuState.OK), replace(CALM, uncounted="no access lines")),
            (replace(VLLM, state=ServerState.STALE), GpuSnapshot(GpuState.OFF), replace(CALM, unwatched_s=30)),
        ],
        ids=["nothing", "down", "no figures", "old"],
    )
    def test_what_is_not_known_is_no_zero(self, vllm, gpu, traffic):
        assert sample_of(NOW, vllm, gpu, traffic).values == UNKNOWN

    def test_a_gpu_that_is_lost_or_silent_is_left_out(self):
        first, second = GPUS.gpus
        gpus = replace(GPUS, gpus=(replace(first, lost=True), second, replace(second, index=2, power_w=None)))
        one = sample_of(NOW, None, gpus, None)
        assert (one.of("gpu_percent"), one.of("gpu_power_w")) == (89, 598)

    def test_heat_holds_a_gpu_back_and_a_power_cap_only_if_it_costs_much(self):
        first, second = GPUS.gpus
        hot = replace(first, throttle=("hot",))
        mild = replace(second, throttle=("power cap",), clock_mhz=1700, clock_max_mhz=1980)
        hard = replace(mild, clock_mhz=990)
        idle = replace(hot, utilization_percent=0)
        assert [one.held_back for one in (hot, mild, hard, idle)] == [("hot",), (), ("power cap",), ()]
        assert sample_of(NOW, None, replace(GPUS, gpus=(hot, hard)), None).held == (0, 1)
        assert sample_of(NOW, None, replace(GPUS, gpus=(idle, mild)), None).held == ()

    def test_the_url_is_not_kept_with_its_secrets(self):
        one = sample_of(NOW, replace(VLLM, url="http://me:hunter2@gpu.lan:8000/v1?key=hunter2"), None, None)
        assert "hunter2" not in one.server
        assert PROXY.url not in one.server
