"""What is installed is there as a whole, once, or not at all."""

import pytest
from cache import kept
from results import Row, read, table, write

pytestmark = pytest.mark.quick


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STORMDECK_REAL_CACHE", str(tmp_path))
    return tmp_path


def test_a_program_is_installed_once():
    times = []

    def build(folder):
        times.append(folder)
        (folder / "program").touch()

    assert (kept("one-1.0", build) / "program").exists()
    assert kept("one-1.0", build) == kept("one-1.0", build)
    assert len(times) == 1


def test_an_installation_that_fails_leaves_nothing(folder):
    def build(beside):
        (beside / "half").touch()
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        kept("one-1.0", build)
    assert [path.name for path in folder.iterdir()] == ["one-1.0.lock"]


def test_a_run_replaces_its_own_rows_only(folder):
    path = folder / "results.json"
    write(path, [Row("LiteLLM", "1.80.5", passed=1), Row("LiteLLM", "1.109.1", passed=2)])
    write(path, [Row("LiteLLM", "1.80.5").plus("passed", "a | b").plus("failed", "a | b")])
    lines = table(read(path)).splitlines()
    assert lines[2:] == [
        "| LiteLLM | 1.109.1 | 2 passed |  |  |",
        "| LiteLLM | 1.80.5 | 1 passed, 1 failed |  | a \\| b |",
    ]
