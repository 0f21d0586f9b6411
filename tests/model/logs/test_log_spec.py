"""A log has one name everywhere, and a wrong name says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from stormdeck.model.logs.spec import (
    STDIN,
    ContainerLog,
    JournalLog,
    LogSpec,
    PodLog,
    RemoteLog,
    Runtime,
    parse_log,
    short_name,
    split_logs,
)

DOCKER, PODMAN = Runtime.DOCKER, Runtime.PODMAN
NAMES: list[tuple[str, LogSpec]] = [
    ("-", STDIN),
    ("vllm.log", Path("vllm.log")),
    ("/var/log/a:b.log", Path("/var/log/a:b.log")),
    ("./docker:x", Path("./docker:x")),
    ("2026-11-30T10:00.log", Path("2026-11-30T10:00.log")),
    ("requests:old.log", Path("requests:old.log")),
    ("docker:litellm", ContainerLog(DOCKER, "litellm")),
    ("docker:stack_vllm_1", ContainerLog(DOCKER, "stack_vllm_1")),
    ("docker:stack/vllm", ContainerLog(DOCKER, "stack/vllm")),
    ("docker:8c84f0c3a1b2", ContainerLog(DOCKER, "8c84f0c3a1b2")),
    ("podman:vllm.gpu-0", ContainerLog(PODMAN, "vllm.gpu-0")),
    ("journal:vllm", JournalLog("vllm")),
    ("journal:vllm@a.service", JournalLog("vllm@a.service")),
    ("journal:user:litellm", JournalLog("litellm", user=True)),
    ("journal:user", JournalLog("user")),
    ("journal:odd:name.service", JournalLog("odd:name.service")),
    ("k8s:prod/vllm-0", PodLog("prod", "vllm-0")),
    ("k8s:prod/deploy/vllm", PodLog("prod", "deploy/vllm")),
    ("k8s:prod/deploy/vllm/server", PodLog("prod", "deploy/vllm", "server")),
    ("k8s:prod/vllm-0/server", PodLog("prod", "vllm-0", "server")),
    ("k8s:kind-dev/prod/vllm-0/server", PodLog("prod", "vllm-0", "server", "kind-dev")),
    ("k8s:kind-dev/prod/deploy/vllm", PodLog("prod", "deploy/vllm", "", "kind-dev")),
    ("k8s:admin@eks:eu/prod/deploy/vllm/server", PodLog("prod", "deploy/vllm", "server", "admin@eks:eu")),
    ("k8s:deploy/deploy/vllm", PodLog("deploy", "deploy/vllm")),
    ("k8s:prod/statefulset/vllm", PodLog("prod", "statefulset/vllm")),
    ("ssh:gpu-box:/var/log/vllm.log", RemoteLog("gpu-box", Path("/var/log/vllm.log"))),
    ("ssh:me@10.0.0.7:docker:vllm", RemoteLog("me@10.0.0.7", ContainerLog(DOCKER, "vllm"))),
    ("ssh:[fe80::1]:journal:user:vllm", RemoteLog("[fe80::1]", JournalLog("vllm", user=True))),
    ("ssh:gpu:k8s:prod/deploy/vllm", RemoteLog("gpu", PodLog("prod", "deploy/vllm"))),
    ("ssh:gpu:logs/vllm.log", RemoteLog("gpu", Path("logs/vllm.log"))),
]


@pytest.mark.parametrize(("text", "log"), NAMES, ids=[text for text, _ in NAMES])
def test_a_name_is_parsed_and_written_again(text: str, log: LogSpec) -> None:
    assert parse_log(text) == log
    if not isinstance(log, Path):
        assert str(log) == text
        assert parse_log(str(log)) == log


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("k8s:prod/deployment/vllm", "k8s:prod/deploy/vllm"),
        ("k8s:prod/sts/vllm", "k8s:prod/statefulset/vllm"),
        ("k8s:prod/pod/vllm-0", "k8s:prod/vllm-0"),
        ("DOCKER:vllm", "docker:vllm"),
    ],
)
def test_other_spellings_become_the_usual_one(text: str, meant: str) -> None:
    assert str(parse_log(text)) == meant


WRONG = [
    ("docker:", "names no container"),
    ("docker:-rm", "no name of a container"),
    ("docker:a b", "no name of a container"),
    ("docker:a/b/c", "no name of a container"),
    ("docker:../x", "no name of a container"),
    ("journal:", "names no unit"),
    ("journal:user:", "names no unit"),
    ("journal:--since=x", "no name of a unit"),
    ("journal:a b", "no name of a unit"),
    ("k8s:", "expected k8s:[CONTEXT/]NAMESPACE/POD"),
    ("k8s:vllm", "expected k8s:[CONTEXT/]NAMESPACE/POD"),
    ("k8s:prod/", "expected k8s:[CONTEXT/]NAMESPACE/POD"),
    ("k8s:prod/--all", "no name in Kubernetes"),
    ("k8s:a/b/c/d/e", "expected k8s:[CONTEXT/]NAMESPACE/POD"),
    ("ssh:gpu", "expected ssh:HOST:LOG"),
    ("ssh:gpu:", "expected ssh:HOST:LOG"),
    ("ssh:-oProxyCommand=x:/a", "no name of a host"),
    ("ssh:a b:/a", "no name of a host"),
    ("ssh:one:ssh:two:/a", "cannot be read on another host"),
    ("ssh:one:-", "cannot be read on another host"),
    ("ssh:gpu:docker:", "names no container"),
    ("dokcer:vllm", "did you mean docker:vllm?"),
    ("kubernetes:prod/vllm", "did you mean k8s:prod/vllm?"),
    ("systemd:vllm", "did you mean journal:vllm?"),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[text for text, _ in WRONG])
def test_a_wrong_name_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        parse_log(text)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("/a.log:/b.log", ["/a.log", "/b.log"]),
        ("docker:vllm:docker:litellm", ["docker:vllm", "docker:litellm"]),
        ("journal:user:a:journal:b:/c", ["journal:user:a", "journal:b", "/c"]),
        ("ssh:gpu:/var/log/v.log:-", ["ssh:gpu:/var/log/v.log", "-"]),
        ("::/a::", ["/a"]),
        ("docker", ["docker"]),
        ("ssh:gpu", ["ssh:gpu"]),
    ],
)
def test_a_list_like_path_is_split_between_names(text: str, names: list[str]) -> None:
    assert split_logs(text) == names


@pytest.mark.parametrize(
    ("log", "short"),
    [
        ("vllm.log", "vllm.log"),
        ("/a/b/a:b.log", "a:b.log"),
        ("docker:stack_vllm_1", "stack_vllm_1"),
        ("ssh:gpu:docker:vllm", "vllm"),
        ("ssh:gpu:/var/log/vllm.log", "vllm.log"),
        ("ssh:gpu:vllm.log", "vllm.log"),
        ("standard input", "standard input"),
    ],
)
def test_a_narrow_column_shows_the_last_part(log: str, short: str) -> None:
    assert short_name(log) == short
