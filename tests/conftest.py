"""Keep the developer's machine and shell out of the tests, and share a few fixtures."""

import gc
import importlib
import os

STRANGERS = ("STORMDECK_", "ANTHROPIC_", "CLAUDE_", "LITELLM_", "VLLM_", "TEXTUAL_", "XDG_", "OTEL_", "DISABLE_PROMPT_")
NAMES = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "ESCDELAY", "API_TIMEOUT_MS", "MAX_THINKING_TOKENS"}
PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
KEPT = {"TEXTUAL_SNAPSHOT_TEMPDIR", "STORMDECK_REAL_CACHE", "XDG_CACHE_HOME"}
"""How the snapshot plugin finds its own folder again in a worker; where the real programs are kept."""

for name in list(os.environ):
    if (name.startswith(STRANGERS) and name not in KEPT) or name in NAMES or name.lower() in PROXIES:
        del os.environ[name]
os.environ["TEXTUAL_ANIMATIONS"] = "none"

# The snapshot plugin has imported Textual by now, and Textual has read the environment as it was then.
importlib.reload(importlib.import_module("textual.constants"))

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

import idle_pilot  # noqa: E402
import parsed_once  # noqa: E402
from alone import discover_named  # noqa: E402
from command_home import Home  # noqa: E402
from left_threads import LeftThreads  # noqa: E402
from panel import make_app  # noqa: E402
from stormdeck.sources.discovery import log_places, published  # noqa: E402
from waiting import DEADLINE_S  # noqa: E402

parsed_once.share()
idle_pilot.install()
# A slow machine is no fault of a test: what answers at all answers in time.
log_places.PATIENCE_S = published.PATIENCE_S = DEADLINE_S
settings.register_profile("stormdeck", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stormdeck")
# Garbage collection takes a sixth of the time of tests that start a panel each.
gc.set_threshold(100_000, 50, 100)


def pytest_configure(config):
    config.pluginmanager.register(LeftThreads())


def pytest_collection_finish():
    """Keep thousands of collected tests out of each garbage collection; some tests collect often."""
    gc.freeze()


def pytest_unconfigure():
    """Skip the five garbage collections that pytest runs at the end of each worker: two seconds in all."""
    gc.freeze()


@pytest.fixture
def panel():
    """Return a factory of panels with samples, a still clock and no feed."""
    return make_app


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    """Return a scratch home in which commands run."""
    return Home(tmp_path, capsys, monkeypatch)


@pytest.fixture
def only_what_is_named(monkeypatch):
    """Keep the servers of the machine that runs the tests out of commands and panels."""
    monkeypatch.setattr("stormdeck.commands.check.servers.discover", discover_named)
    monkeypatch.setattr("stormdeck.feed.servers.discover", discover_named)
