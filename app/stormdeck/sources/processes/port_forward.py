"""Read which pod a running ``kubectl port-forward`` leads to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from stormdeck.model.logs.spec import PodLog, parse_log
from stormdeck.sources.processes.command_line import option

_WITH_VALUE = {"-n", "--namespace", "--context", "--address", "--kubeconfig", "--pod-running-timeout", "-s", "--server"}
_WITH_VALUE |= {"--as", "--as-group", "--cluster", "--user", "--token", "--request-timeout", "-v", "--cache-dir"}


def forwarded_pod(argv: Sequence[str]) -> PodLog | None:
    """Return the log of the pod; ``None`` for another command, or where the namespace is not in it.

    >>> str(forwarded_pod(["kubectl", "port-forward", "-n", "prod", "svc/vllm", "8000:8000"]))
    'k8s:prod/service/vllm'
    """
    if not argv or PurePath(argv[0]).name not in {"kubectl", "oc"} or "port-forward" not in argv:
        return None
    namespace, context = option(argv, "-n", "--namespace"), option(argv, "--context") or ""
    words = []
    skips = False
    for word in argv[1:]:
        if skips:
            skips = False
        elif word.startswith("-"):
            skips = word in _WITH_VALUE
        elif word != "port-forward":
            words.append(word)
    if not namespace or not words:
        return None
    try:
        found = parse_log("k8s:" + "/".join(filter(None, (context, namespace, words[0]))))
    except ValueError:
        return None
    return found if isinstance(found, PodLog) else None
