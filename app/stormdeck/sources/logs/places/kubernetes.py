"""Follow a pod by ``kubectl logs``; shapes of its messages by kubectl 1.32 and Kubernetes' documentation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import PodLog
from stormdeck.sources.logs.places.command import CommandLog, last_line
from stormdeck.sources.logs.places.frames import RawLines
from stormdeck.sources.logs.places.source import Ended


def kubectl_argv(log: PodLog, since: float, *, follow: bool) -> list[str]:
    """Return the command line that prints a pod's log since a moment, in unix seconds.

    Without ``--pod-running-timeout`` it would wait 20 seconds for a pod of a deployment to run.
    """
    context = [f"--context={log.context}"] if log.context else []
    container = [f"--container={log.container}"] if log.container else []
    wanted = [f"--since-time={utc(since)}"] if since > 0 else []
    more = [*wanted, "--pod-running-timeout=5s", *(["--follow"] if follow else [])]
    return [
        "kubectl",
        *context,
        f"--namespace={log.namespace}",
        "logs",
        "--timestamps",
        *container,
        *more,
        log.workload,
    ]


def utc(t: float) -> str:
    """Return a time as RFC 3339, in whole seconds.

    >>> utc(1.9)
    '1970-01-01T00:00:01Z'
    """
    return f"{datetime.fromtimestamp(int(t), UTC):%Y-%m-%dT%H:%M:%SZ}"


class PodSource(CommandLog):
    """Follow one pod, or one pod of a workload."""

    spec: PodLog
    opened_s = 35.0
    """kubectl gives up after 30 seconds where the cluster does not answer."""

    def argv(self, since: float) -> Sequence[str]:
        """Return the command line."""
        return kubectl_argv(self.spec, since, follow=self.span.follow)

    def reader(self) -> RawLines:
        """Return a reader of lines with time stamps."""
        return RawLines()

    def remark(self, message: str) -> str:
        """Return which of several pods or containers is read."""
        return remark_of_kubectl(message)

    def explain(self, code: int, message: str) -> Ended:
        """Return why kubectl ended."""
        return explain_kubectl(self.name, code, message)


def remark_of_kubectl(message: str) -> str:
    """Return kubectl's note on which of several pods or containers it reads."""
    notes = [line for line in message.splitlines() if line.startswith(("Found ", "Defaulted container "))]
    return " ".join(notes)


def explain_kubectl(name: str, code: int, message: str) -> Ended:
    """Return why kubectl ended."""
    last = last_line(message)
    if code == 0:
        return Ended(LogState.WAITING, f"{name}: the pod's log ended; it is followed once a pod runs again")
    if "(NotFound)" in message or "timed out waiting for" in message or "is waiting to start" in message:
        return Ended(LogState.WAITING, f"{name}: {last}")
    if any(word in message for word in ("Forbidden", "forbidden:", "Unauthorized", "must be logged in")):
        return Ended(LogState.NO_PERMISSION, f"{name}: {last}")
    return Ended(LogState.FAILED, f"{name}: {last}")
