"""Where a server lives decides what restarts it; what answers well is not offered by the verdict."""

from dataclasses import replace
from pathlib import Path

import pytest

from samples import DOWN_VLLM, FOUND, LIVE, PROXY, PROXY_PROCESS, STORMY, VLLM, VLLM_PROCESS
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.logs.spec import JournalLog, PodLog, Runtime, parse_log
from stormdeck.model.restart import Restart, hop_to_restart, restart_of
from stormdeck.model.snapshots.containers import ContainerFacts, ContainersSnapshot, ContainerState
from stormdeck.model.snapshots.discovery import Contained, DiscoverySnapshot, LogPlace
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.statement import Statement

BARE = replace(VLLM_PROCESS, folder="/srv/my models", log=None, log_note="to a terminal")
FACTS = ContainerFacts(Runtime.DOCKER, "8c" * 32, "vllm", "shop", "vllm-server", state=ContainerState.RUNNING)

SERVED = (
    "vllm serve Qwen/Qwen3.5-27B --served-model-name Qwen3.5-27B --port 8000 --enable-auto-tool-choice "
    "--tool-call-parser qwen3_coder"
)
STOP = "kill 4700; while kill -0 4700 2>/dev/null; do sleep 1; done"


def deck_of(process=BARE, places=(), *, vllm=VLLM, **more):
    """Return a deck with LiteLLM and vLLM, of which the latter is this process."""
    found = (FOUND.found[0], replace(FOUND.found[1], process=process, **more))
    return take(Deck(vllm=vllm, proxy=PROXY), replace(FOUND, found=found, places=places))


def place(log, url=VLLM.url, **more):
    return LogPlace(ServerKind.VLLM, log, url, **more)


def in_container(facts=FACTS):
    return deck_of(None, (place(facts.log, container=facts),))


@pytest.mark.parametrize(
    ("deck", "command"),
    [
        (in_container(), "docker restart vllm"),
        (in_container(replace(FACTS, state=ContainerState.EXITED, exit_code=137)), "docker restart vllm"),
        (in_container(replace(FACTS, runtime=Runtime.PODMAN, name="my.vllm")), "podman restart my.vllm"),
        (
            in_container(replace(FACTS, endpoint="unix:///run/user/1000/docker.sock")),
            "docker --host unix:///run/user/1000/docker.sock restart vllm",
        ),
        (
            in_container(replace(FACTS, runtime=Runtime.PODMAN, endpoint="unix:///run/podman/podman.sock")),
            "podman --url unix:///run/podman/podman.sock restart vllm",
        ),
        (deck_of(BARE, (place(JournalLog("vllm")),)), "systemctl restart vllm"),
        (deck_of(BARE, (place(JournalLog("vllm", user=True), is_proposed=True),)), "systemctl --user restart vllm"),
        (deck_of(replace(BARE, unit=JournalLog("vllm@0"))), "systemctl restart vllm@0"),
        (deck_of(replace(BARE, unit=JournalLog(r"v\x2dllm", user=True))), r"systemctl --user restart 'v\x2dllm'"),
        (
            deck_of(None, (place(parse_log("k8s:prod/deploy/vllm/server")),), is_local=False),
            "kubectl --namespace=prod rollout restart deploy/vllm",
        ),
        (
            deck_of(None, (place(PodLog("prod", "statefulset/vllm", "", "gpu")),)),
            "kubectl --context=gpu --namespace=prod rollout restart statefulset/vllm",
        ),
    ],
)
def test_what_restarts_it_can_be_run_and_is_shown_in_full(deck, command):
    restart = restart_of(deck, HopKind.SERVER)
    assert isinstance(restart, Restart)
    assert restart.command == command
    assert restart.argv
    assert restart.notes[0] == "The requests that vLLM answers now are cut off."


@pytest.mark.parametrize(
    ("deck", "lines", "note"),
    [
        (
            deck_of(BARE),
            (
                STOP,
                "cd '/srv/my models'",
                SERVED,
            ),
            "The first line ends pid 4700 and waits until it has ended.",
        ),
        (
            deck_of(replace(BARE, folder="/srv", command=("vllm", "serve", "my model", "--api-key", "••••••••"))),
            (STOP, "cd /srv", "vllm serve 'my model' --api-key '••••••••'"),
            "Put the secret in the place of ••••••••.",
        ),
        (
            deck_of(replace(BARE, folder="", command=("vllm", "serve", "m", "--config", "v.yaml"))),
            (STOP, "vllm serve m --config v.yaml"),
            "Its working folder is not known; type it where its files are.",
        ),
        (
            deck_of(replace(BARE, unit=JournalLog("tmux", user=True), folder="/srv", command=("vllm", "serve", "m"))),
            (STOP, "cd /srv", "vllm serve m"),
            "Its environment variables are not shown: type it in a shell that has them.",
        ),
        (
            deck_of(replace(BARE, folder="/srv", command=("vllm", "serve", "m")), (place(parse_log("docker:gone")),)),
            (STOP, "cd /srv", "vllm serve m"),
            "The first line ends pid 4700 and waits until it has ended.",
        ),
        (
            in_container(replace(FACTS, state=ContainerState.REMOVED, service="")),
            (),
            "The container was removed. It has to be created again.",
        ),
        (
            deck_of(replace(BARE, container="docker 8c84f0c3a1b2")),
            ("docker restart 8c84f0c3a1b2",),
            "docker does not show this user its containers: type it as a user who may.",
        ),
        (
            in_container(replace(FACTS, state=ContainerState.REMOVED)),
            ("docker compose up --detach vllm-server",),
            "The container was removed. Type it in the folder of its compose file.",
        ),
        (
            deck_of(None, (place(PodLog("prod", "vllm-0")),)),
            (
                "kubectl --namespace=prod get pod/vllm-0 --output=yaml",
                "kubectl --namespace=prod get deployments,statefulsets,daemonsets",
                "kubectl --namespace=prod rollout restart deploy/NAME",
            ),
            "Which workload is behind the pod is not known: the first two show it, the third restarts it.",
        ),
        (
            deck_of(None, (place(parse_log("k8s:prod/svc/vllm")),)),
            (
                "kubectl --namespace=prod get service/vllm --output=yaml",
                "kubectl --namespace=prod get deployments,statefulsets,daemonsets",
                "kubectl --namespace=prod rollout restart deploy/NAME",
            ),
            "Which workload is behind the service is not known: the first two show it, the third restarts it.",
        ),
    ],
)
def test_what_cannot_be_run_from_here_is_a_line_to_type(deck, lines, note):
    restart = restart_of(deck, HopKind.SERVER)
    assert isinstance(restart, Restart)
    assert (restart.typed, restart.argv) == (lines, ())
    assert note in restart.notes


def test_a_process_that_has_ended_is_started_by_its_last_command_line():
    before = deck_of(replace(BARE, folder="/srv", command=("vllm", "serve", "m")))
    gone = replace(FOUND.found[1], process=None, met=ServerState.DOWN)
    after = replace(
        take(before, replace(FOUND, found=(FOUND.found[0], gone))), vllm=replace(DOWN_VLLM, state=ServerState.DOWN)
    )
    restart = restart_of(after, HopKind.SERVER)
    assert restart.typed == ("cd /srv", "vllm serve m")
    assert restart.title == "Restart vLLM: a process of its own, which has ended"


def test_a_unit_is_remembered_when_its_process_has_ended_but_not_of_a_server_that_left_the_path():
    before = deck_of(replace(BARE, unit=JournalLog("vllm")))
    gone = replace(FOUND.found[1], process=None, met=ServerState.DOWN)
    after = take(before, replace(FOUND, found=(FOUND.found[0], gone)))
    assert restart_of(after, HopKind.SERVER).argv == ("systemctl", "restart", "vllm")
    left = take(after, replace(FOUND, found=(FOUND.found[0],)))
    assert "http://127.0.0.1:8000" not in left.processes


def test_the_state_of_a_container_is_the_newest_that_is_known():
    deck = replace(in_container(), containers=ContainersSnapshot((replace(FACTS, state=ContainerState.REMOVED),)))
    assert restart_of(deck, HopKind.SERVER).argv == ()


def test_a_container_behind_the_proxy_that_has_no_url_is_that_of_vllm():
    deck = Deck(
        proxy=PROXY, discovery=DiscoverySnapshot((FOUND.found[0],), places=(place(FACTS.log, "", container=FACTS),))
    )
    assert restart_of(deck, HopKind.SERVER).argv == ("docker", "restart", "vllm")


def test_the_proxy_is_restarted_where_the_proxy_lives():
    facts = replace(FACTS, name="litellm")
    lives = LogPlace(ServerKind.LITELLM, facts.log, PROXY.url, facts)
    restart = restart_of(deck_of(BARE, (lives,)), HopKind.PROXY)
    assert (restart.title, restart.command) == ("Restart LiteLLM: container litellm", "docker restart litellm")
    bare = restart_of(deck_of(), HopKind.PROXY)
    assert bare.typed[1:] == ("litellm --config litellm_config.yaml --port 4000 >>/var/log/litellm.log 2>&1",)


@pytest.mark.parametrize(
    ("outputs", "end"),
    [
        ({"log": Path("/srv/a b.log"), "log_note": "both to /srv/a b.log"}, " >>'/srv/a b.log' 2>&1"),
        ({"log": Path("/out.log"), "error_log": Path("/err.log")}, " >>/out.log 2>>/err.log"),
        ({"log": Path("/out.log"), "log_note": "standard output to /out.log, standard error to a terminal"}, ""),
        ({}, ""),
    ],
)
def test_the_output_goes_on_to_the_files_that_it_went_to(outputs, end):
    restart = restart_of(deck_of(replace(BARE, command=("vllm", "serve", "m"), **outputs)), HopKind.SERVER)
    assert restart.typed[-1] == f"vllm serve m{end}"


def test_on_another_host_the_line_for_ssh_is_quoted_for_both_shells():
    deck = deck_of(None, is_local=False)
    of = ("docker:vllm", "/var/log/a.log", r"journal:v\x2dllm", "k8s:prod/vllm-0", "journal:sshd", "podman:shop/vllm")
    logs = [parse_log(f"ssh:gpu:{name}") for name in of]
    restart = restart_of(replace(deck, discovery=replace(deck.discovery, logs=tuple(logs))), HopKind.SERVER)
    assert restart.typed == ("ssh gpu 'docker restart vllm'", """ssh gpu 'systemctl restart '"'"'v\\x2dllm'"'"''""")
    assert restart.argv == ()


@pytest.mark.parametrize(
    ("deck", "why"),
    [
        (Deck(), "It is not known where vLLM runs: no such server was found."),
        (
            deck_of(replace(BARE, command=("VLLM::APIServer_0",))),
            "vLLM (pid 4700) hides its command line, so how to start it again is not known.",
        ),
        (
            in_container(replace(FACTS, name="--all")),
            "vLLM runs in a container of docker without a name that can be given to it.",
        ),
        (
            deck_of(replace(BARE, pid=1)),
            "vLLM is the first process of the container that stormdeck runs in too: restart that from outside.",
        ),
        (
            deck_of(replace(BARE, container="kubectl")),
            "vLLM (pid 4700) runs in a container of kubectl whose name is not known here: restart it by its name.",
        ),
        (
            deck_of(replace(BARE, has_own_network=True)),
            "vLLM (pid 4700) runs in a container whose name is not known here: restart it by its name.",
        ),
        (
            Deck(discovery=DiscoverySnapshot(contained=(Contained(replace(BARE, has_own_network=True), "c", 8000),))),
            "vLLM (pid 4700) runs in a container whose name is not known here: restart it by its name.",
        ),
        (
            deck_of(None, holder=replace(PROXY_PROCESS, name="ssh", pid=37), is_local=False),
            "vLLM is behind ssh (pid 37): restart it where that leads to.",
        ),
        (deck_of(None, is_local=False), "vLLM at http://127.0.0.1:8000 is not on this machine: restart it there."),
        (
            deck_of(None),
            "The process at http://127.0.0.1:8000 is not known: it may belong to another user, or has never been seen.",
        ),
        (
            deck_of(None, kind=ServerKind.OTHER),
            "What answers at http://127.0.0.1:8000 is no known server, so what restarts it is not known.",
        ),
    ],
)
def test_where_the_place_is_not_known_the_reason_is_said(deck, why):
    assert restart_of(deck, HopKind.SERVER) == why


@pytest.mark.parametrize("hop", [HopKind.CLIENT, HopKind.GPU])
def test_only_servers_are_restarted(hop):
    assert (
        restart_of(deck_of(), hop)
        == "Only a proxy and an inference server can be restarted: choose one of their panels."
    )


def blames(hop, health=Health.ERROR, **more):
    return Statement(health, "something is wrong", hop=hop, **more)


@pytest.mark.parametrize("state", [ServerState.DOWN, ServerState.DEGRADED, ServerState.SILENT, ServerState.STALE])
def test_the_verdict_offers_the_server_that_it_blames(state):
    deck = deck_of(vllm=replace(VLLM, state=state))
    assert hop_to_restart(deck, blames(HopKind.SERVER)) is HopKind.SERVER


def test_a_server_that_answers_and_fails_every_request_is_offered():
    deck = replace(deck_of(), traffic=replace(STORMY, storms=(LIVE,)))
    hops = {hop for hop in (HopKind.PROXY, HopKind.SERVER) if hop_to_restart(deck, blames(hop)) is hop}
    assert len(hops) == 1


@pytest.mark.parametrize(
    ("deck", "verdict", "begins"),
    [
        (deck_of(), blames(HopKind.SERVER), "vLLM answers: a restart changes nothing. "),
        (
            replace(deck_of(), findings=(Finding("VLM101", Severity.ERROR, "t", "m", "p", hop=HopKind.SERVER),)),
            blames(HopKind.SERVER, code="VLM101"),
            "vLLM answers: a restart changes nothing. ",
        ),
        (
            deck_of(vllm=replace(VLLM, state=ServerState.STARTING)),
            blames(HopKind.SERVER, Health.WARNING),
            "vLLM is starting: a restart would make it begin anew. ",
        ),
        (deck_of(), blames(HopKind.CLIENT), "The verdict blames no server. "),
        (deck_of(), blames(HopKind.GPU), "The verdict blames no server. "),
        (deck_of(), Statement(Health.OK, "All is well"), "The verdict blames no server. "),
        (deck_of(), blames(HopKind.PROXY, past=True), "The verdict blames no server. "),
    ],
)
def test_what_answers_well_is_not_offered_and_how_to_choose_it_is_said(deck, verdict, begins):
    why = hop_to_restart(deck, verdict)
    assert not isinstance(why, HopKind)
    assert why == f"{begins}To restart a server all the same, choose its panel with tab, then press the key again."


def test_the_command_that_is_copied_is_the_command_that_is_run():
    assert Restart("t", ("docker", "restart", "a b")).command == "docker restart 'a b'"
    assert Restart("t", typed=("kill 1", "vllm")).command == "kill 1\nvllm"
