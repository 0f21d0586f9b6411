"""Standard input from a log shipper, in the forms that Fluent Bit and Vector document for their output.

Neither program is in Debian, on PyPI or on npm: the recipes say so.
"""

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from places import TESTS
from stormdeck.__main__ import main
from stormdeck.model.logs.batch import LogState
from stormdeck.sources.logs.tail import Obstacle, open_log

BEGIN = 1_790_000_000
TIMES = (0.0, 0.6, 1.8)
LINE = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 500 Internal Server Error'
QUOTED = LINE.replace('"', '\\"')


def iso(t, digits):
    return datetime.fromtimestamp(BEGIN + t, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + digits + "Z"


SHIPPERS = {
    "Fluent Bit, format=json_lines": [json.dumps({"date": BEGIN + t, "log": LINE}) for t in TIMES],
    "Fluent Bit, json_date_format=iso8601": [json.dumps({"date": iso(t, ""), "log": LINE}) for t in TIMES],
    "Fluent Bit, stdout as it is": [
        f'[{n}] tail.0: [[{BEGIN + t:.9f}, {{}}], {{"log"=>"{QUOTED}"}}]' for n, t in enumerate(TIMES)
    ],
    "Vector, codec: json": [
        json.dumps(
            {
                "file": "/var/log/vllm.log",
                "host": "gpu-box",
                "message": LINE,
                "source_type": "file",
                "timestamp": iso(t, "789"),
            }
        )
        for t in TIMES
    ],
    "Vector, codec: text": [LINE] * 3,
}


def analyze(data):
    done = subprocess.run(
        [sys.executable, "-m", "stormdeck", "analyze", "-", "--json"], input=data, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", SHIPPERS)
def test_a_storm_comes_through(name):
    said = analyze("\n".join(SHIPPERS[name]).encode())
    assert (said["http_requests"], said["retries"], len(said["storms"])) == (3, 2, 1)
    began = said["storms"][0]["started"]
    if "json" in name or "iso" in name:
        assert began == pytest.approx(BEGIN, abs=1)


def test_packed_lines_come_through():
    assert analyze(gzip.compress("\n".join([LINE] * 3).encode()))["retries"] == 2


def test_the_recipes_say_why_no_test_runs_them():
    text = (TESTS.parent / "docs/recipes.md").read_text(encoding="utf-8")
    assert "fluent-bit -q -i tail" in text
    assert "vector --quiet --config" in text
    assert "Neither is in Debian, on PyPI or on npm, so no test runs them" in text


def test_a_packed_log_is_not_followed(tmp_path, capsys):
    """It does not grow; its bytes would be shown as lines."""
    packed = tmp_path / "vllm.log.2.gz"
    packed.write_bytes(gzip.compress(LINE.encode()))
    assert main(["watch", str(packed)]) == 2
    said = capsys.readouterr().err
    assert "is packed with gzip, and a packed log does not grow; stormdeck analyze reads it" in said
    opened = open_log(packed)
    assert isinstance(opened, Obstacle)
    assert opened.state is LogState.NOT_A_FILE
