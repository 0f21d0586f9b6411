"""What a server's environment says of its log, read from a real process."""

import os
import subprocess
import sys

import pytest

from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.processes.environment import hidden_access_lines

LEVELS = {"ERROR": "LITELLM_LOG=ERROR", "error": "LITELLM_LOG=ERROR", "INFO": "", "": ""}


@pytest.mark.parametrize(("level", "expected"), LEVELS.items())
def test_the_level_of_litellm_s_log(level, expected):
    environ = {**os.environ, "LITELLM_LOG": level}
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            assert hidden_access_lines(process.pid, ServerKind.LITELLM) == expected
            assert hidden_access_lines(process.pid, ServerKind.VLLM) == ""
        finally:
            process.communicate(b"\n")
    assert hidden_access_lines(process.pid, ServerKind.LITELLM) == ""
