"""Bit masks, command lines and foreign text as plain words."""

import pytest

from stormdeck.sources.gpu.messages import clean, slowed_by
from stormdeck.sources.gpu.processes import named


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (0x0, ()),
        (0x1 | 0x2 | 0x100, ()),
        (0x4, ("power cap",)),
        (0x8 | 0x40, ("hardware slowdown", "hot")),
        (0x20 | 0x40, ("hot",)),
        (0x1 | 0x80, ("power brake",)),
        (1 << 40, ()),
    ],
    ids=["nothing", "idle and settings", "power", "hardware and heat", "hot twice", "brake", "a bit of the future"],
)
def test_why_a_gpu_is_slow(mask, words):
    assert slowed_by(mask) == words


@pytest.mark.parametrize(
    ("title", "program", "name", "is_vllm"),
    [
        ("VLLM::EngineCore", "VLLM::EngineCor", "vLLM engine", True),
        ("VLLM::EngineCore_DP1", "VLLM::EngineCor", "vLLM engine", True),
        ("VLLM::Worker_TP0", "VLLM::Worker_TP", "vLLM worker", True),
        ("", "VLLM::Worker_TP", "vLLM worker", True),
        ("ray::RayWorkerWrapper.execute_method", "ray::RayWorker", "vLLM worker", True),
        ("/usr/bin/python3 /usr/local/bin/vllm serve Qwen/Qwen3.5-27B", "vllm", "vLLM server", True),
        ("python3 -m vllm.entrypoints.openai.api_server", "python3", "vLLM server", True),
        ("python3 offline_vllm.py", "python3", "vLLM", True),
        ("python3 train.py", "python3", "python3", False),
        ("", "evil\x1b[2J\u202e", "evil[2J", False),
        ("", "\x07", "pid 4711", False),
        ("", "a" * 80, "a" * 24, False),
    ],
)
def test_whose_process_it_is(title, program, name, is_vllm):
    assert named(4711, title, program) == (name, is_vllm)


def test_foreign_text_is_one_plain_short_line():
    assert clean("a\tb\n c\x00\x1b\u202e\ud800  d") == "a b c d"
    assert len(clean("x" * 1000)) == 120
