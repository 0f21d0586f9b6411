"""Prefixes that collectors, supervisors and formatters put before a server's lines.

Recorded: docker, compose, swarm, the journal, rsyslog, ts, podman's k8s-file, CRI. The others as their programs
document them.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

EXACT, SECONDS, NONE = 0.001, 1.0, None


class Dress(NamedTuple):
    """A way to write a line that a server wrote at a time."""

    write: Callable[[float, str], str]
    clock: float | None
    """How fine its clock is, in seconds; ``None``: it has none with a date."""


def _at(t, form):
    return datetime.fromtimestamp(t, UTC).strftime(form)


def _iso(t):
    return _at(t, "%Y-%m-%dT%H:%M:%S.%f")


def _json(t, line, **fields):
    return json.dumps(fields | {"time": _iso(t) + "Z", "log": line + "\n"})


def _journal_json(t, line):
    fields = {"__REALTIME_TIMESTAMP": str(round(t * 1e6)), "_SYSTEMD_UNIT": "vllm.service", "MESSAGE": line}
    return json.dumps(fields)


def _escaped(line):
    return line.replace("\\", "\\\\").replace('"', '\\"')


POD = "vllm-7c9d8f6b5-abcde"
DRESSES = {
    "docker -t": Dress(lambda t, line: f"{_iso(t)}000Z {line}", EXACT),
    "docker json-file": Dress(lambda t, line: _json(t, line, stream="stdout"), EXACT),
    "compose": Dress(lambda t, line: f"vllm-1  | {line}", NONE),
    "compose -t": Dress(lambda t, line: f"vllm-1  | {_iso(t)}000Z {line}", EXACT),
    "compose v1, coloured": Dress(lambda t, line: f"\x1b[36mvllm_1  |\x1b[0m {line}", NONE),
    "swarm": Dress(lambda t, line: f"vllm_vllm.1.k3jd9xw0@node1    | {line}", NONE),
    "CRI": Dress(lambda t, line: f"{_iso(t)}000+00:00 stderr F {line}", EXACT),
    "kubectl --prefix": Dress(lambda t, line: f"[pod/{POD}/vllm] {line}", NONE),
    "kubectl --prefix --timestamps": Dress(lambda t, line: f"[pod/{POD}/vllm] {_iso(t)}000Z {line}", EXACT),
    "stern": Dress(lambda t, line: f"{POD} vllm {line}", NONE),
    "stern with times": Dress(lambda t, line: f"{POD} vllm {_iso(t)}000Z {line}", EXACT),
    "kubetail": Dress(lambda t, line: f"[{POD} vllm] {line}", NONE),
    "journal short": Dress(lambda t, line: f"{_at(t, '%b %d %H:%M:%S')} gpubox vllm[4711]: {line}", SECONDS),
    "journal short-precise": Dress(lambda t, line: f"{_at(t, '%b %d %H:%M:%S.%f')} gpubox vllm[4711]: {line}", EXACT),
    "journal short-iso": Dress(
        lambda t, line: f"{_at(t, '%Y-%m-%dT%H:%M:%S+0000')} gpubox vllm[4711]: {line}", SECONDS
    ),
    "journal short-iso-precise": Dress(lambda t, line: f"{_iso(t)}+00:00 gpubox vllm[4711]: {line}", EXACT),
    "journal short-full": Dress(
        lambda t, line: f"{_at(t, '%a %Y-%m-%d %H:%M:%S')} UTC gpubox vllm@a[4711]: {line}", SECONDS
    ),
    "journal with-unit": Dress(
        lambda t, line: f"{_at(t, '%a %Y-%m-%d %H:%M:%S')} UTC gpubox vllm.service[4711]: {line}", SECONDS
    ),
    "journal short-unix": Dress(lambda t, line: f"{t:.6f} gpubox vllm[4711]: {line}", EXACT),
    "journal short-monotonic": Dress(lambda t, line: f"[{t % 100000:12.6f}] gpubox vllm[4711]: {line}", NONE),
    "journal json": Dress(_journal_json, EXACT),
    "rsyslog RFC 3164": Dress(lambda t, line: f"<30>{_at(t, '%b %d %H:%M:%S')} gpubox vllm[4711]: {line}", SECONDS),
    "RFC 5424": Dress(lambda t, line: f"<30>1 {_iso(t)}Z gpubox vllm 4711 - - {line}", EXACT),
    "ts": Dress(lambda t, line: f"{_at(t, '%b %d %H:%M:%S')} {line}", SECONDS),
    "pm2": Dress(lambda t, line: f"0|vllm     | {line}", NONE),
    "pm2 with times": Dress(lambda t, line: f"0|vllm     | {_at(t, '%Y-%m-%dT%H:%M:%S')}: {line}", SECONDS),
    "foreman": Dress(lambda t, line: f"{_at(t, '%H:%M:%S')} vllm.1   | {line}", NONE),
    "Ray": Dress(lambda t, line: f"\x1b[36m(VLLMServer pid=2211, ip=10.0.0.4)\x1b[0m {line}", NONE),
    "srun --label": Dress(lambda t, line: f"0: {line}", NONE),
    "tabs": Dress(lambda t, line: f"vllm/vllm/0a1b2c3d4e\t{_iso(t)}Z\t{line}", EXACT),
    "logcli": Dress(lambda t, line: f'{_at(t, "%Y-%m-%dT%H:%M:%SZ")} {{app="vllm", pod="{POD}"}} {line}', SECONDS),
    "Loki JSON": Dress(
        lambda t, line: json.dumps({"labels": {"app": "vllm"}, "line": line, "timestamp": _iso(t) + "Z"}), EXACT
    ),
    "fluent-bit": Dress(
        lambda t, line: f'[0] docker.vllm: [[{t:.9f}, {{}}], {{"log"=>"{_escaped(line)}", "stream"=>"stdout"}}]', EXACT
    ),
    "fluent-bit JSON": Dress(lambda t, line: json.dumps({"date": t, "log": line, "stream": "stdout"}), EXACT),
    "a sidecar": Dress(lambda t, line: f"[VllmSidecar abc123]: {_iso(t)[:-3]}Z 1 stdout: {line}", EXACT),
    "a dash": Dress(lambda t, line: f"- {_iso(t)[:-3]}+00:00 {line}", EXACT),
    "nested": Dress(lambda t, line: f"{_iso(t)}000Z stdout F vllm-1  | {_json(t, line, stream='stdout')}", EXACT),
}
FORMATTERS = {
    "loguru": Dress(
        lambda t, line: (
            f"{_iso(t)[:-3].replace('T', ' ')} | INFO     | uvicorn.protocols.http.h11_impl:send:476 - {line}"
        ),
        EXACT,
    ),
    "stdlib with dashes": Dress(
        lambda t, line: f"{_at(t, '%Y-%m-%d %H:%M:%S,%f')[:-3]} - uvicorn.access - INFO - {line}", EXACT
    ),
    "stdlib with brackets": Dress(
        lambda t, line: f"{_at(t, '%Y-%m-%d %H:%M:%S,%f')[:-3]} [INFO] uvicorn.access: {line}", EXACT
    ),
    "stdlib basic": Dress(lambda t, line: f"INFO:uvicorn.access:{line}", NONE),
    "vLLM's own": Dress(lambda t, line: f"INFO {_at(t, '%m-%d %H:%M:%S')} [httptools_impl.py:484] {line}", NONE),
    "SGLang": Dress(lambda t, line: f"[{_at(t, '%Y-%m-%d %H:%M:%S')}] INFO:     {line}", SECONDS),
}
"""What a logging formatter puts before an access line instead of uvicorn's ``INFO:     ``."""
