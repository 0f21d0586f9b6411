"""``stormdeck bundle``: no secret in it, listed before it is written, its owner's alone."""

import json
import os
import stat
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from command_home import Home
from samples import STORMY, VLLM
from stormdeck.commands.bundle import run
from stormdeck.commands.check.knowledge import learn
from stormdeck.commands.status.once import StackSnapshot
from stormdeck.model.deck import Deck
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Missed
from stormdeck.model.snapshots.traffic import Failure
from stormdeck.options import Options
from stormdeck.sources.io.files import write_folder
from stormdeck.sources.recordings.entry import Recorded, write_recorded
from stormdeck.sources.recordings.tape import Tape

ACCESS = 'INFO:     127.0.0.1:51234 - "POST /v1/messages?beta=true HTTP/1.1" {}'
NAMES = ["summary.txt", "versions.txt", "status.json", "findings.json", "deck.json", "settings.json", "options.txt"]


@pytest.fixture(autouse=True)
def in_scratch_folder(only_what_is_named, monkeypatch, tmp_path):
    """Run in a folder of its own, without the servers of the machine that runs the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    return Home(tmp_path, capsys, monkeypatch)


def made(home, *more):
    """Run the command without a question; return the folder."""
    out = home.folder / "out"
    code, output, err = home.run("bundle", "--no-gpu", "--yes", "--out", str(out), *more)
    assert (code, err) == (0, "Written. Read it before you send it.\n"), output
    return out


def everything(folder):
    return "\n".join([path.name + "\n" + path.read_text() for path in sorted(folder.iterdir())])


class TestWriting:
    def test_a_folder_that_its_owner_alone_can_read(self, home):
        old = os.umask(0o777)
        try:
            out = made(home)
        finally:
            os.umask(old)
        assert stat.S_IMODE(out.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
        assert {path.name for path in out.iterdir()} == {"README.txt", "retries.json", *NAMES}

    def test_the_list_names_every_file_with_its_size_and_what_was_taken_out(self, home):
        home.write('{"env": {"ANTHROPIC_AUTH_TOKEN": "hunter22"}}')
        _, out, _ = home.run("bundle", "--no-gpu", "--yes", "--out", "x")
        rows = out.splitlines()
        assert rows[0] == "x/"
        assert all(any(row.split()[0] == path.name for row in rows[1:]) for path in (home.folder / "x").iterdir())
        at = next(index for index, row in enumerate(rows) if "settings.json" in row)
        assert "1 secret" in rows[at + 1]
        assert max(map(len, rows)) <= 80

    def test_the_readme_gives_of_every_other_file(self, home):
        out = made(home)
        readme = (out / "README.txt").read_text()
        assert all(f"{path.name}: " in readme for path in out.iterdir() if path.name != "README.txt")

    @pytest.mark.parametrize("what", ["folder", "file", "link", "dangling link"])
    def test_what_is_there_already_is_left_as_it_is(self, home, what):
        out, other = home.folder / "out", home.folder / "other"
        if what == "folder":
            out.mkdir()
        elif what == "file":
            out.write_text("mine")
        else:
            if what == "link":
                other.mkdir()
            out.symlink_to(other)
        code, output, err = home.run("bundle", "--no-gpu", "--yes", "--out", str(out))
        assert (code, output) == (2, "")
        assert "already exists and is not changed" in err
        assert not other.exists() or not list(other.iterdir())

    def test_a_name_that_is_taken_while_it_is_asked_is_left_alone_too(self, tmp_path):
        (tmp_path / "out").symlink_to(tmp_path / "other")
        assert "is there already" in write_folder(tmp_path / "out", {"a": "b"})
        assert not (tmp_path / "other").exists()

    def test_nothing_is_left_of_one_that_cannot_be_written(self, tmp_path):
        assert "cannot be written" in write_folder(tmp_path / "out", {"a": "b", "no/such": "c"})
        assert not (tmp_path / "out").exists()

    def test_a_folder_that_is_missing_is_named(self, home):
        code, _, err = home.run("bundle", "--no-gpu", "--yes", "--out", "no/such/out")
        assert code == 2
        assert "there is no folder no/such" in err


class TestAsking:
    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)], ids=["yes", "no", "nothing"])
    def test_it_asks_before_it_writes(self, home, answer, code):
        output = home.at_terminal(answer, "bundle", "--no-gpu", "--out", "x")
        assert output[0] == code
        assert "README.txt" in output[1]
        assert "Write x?" in output[2]
        assert (home.folder / "x").exists() is (code == 0)

    def test_without_a_terminal_it_writes_nothing_unless_it_is_agreed_to(self, home):
        code, out, err = home.run("bundle", "--no-gpu", "--out", "x")
        assert code == 2
        assert "README.txt" in out
        assert "--yes writes without asking" in err
        assert not (home.folder / "x").exists()

    def test_the_list_as_json(self, home):
        _, out, _ = home.run("bundle", "--no-gpu", "--yes", "--json", "--out", "x")
        output = json.loads(out)
        assert (output["version"], output["folder"], output["written"]) == (1, "x", True)
        sizes = {one["name"]: one["bytes"] for one in output["files"]}
        assert sizes == {path.name: path.stat().st_size for path in (home.folder / "x").iterdir()}


class TestContent:
    def test_logs_and_recordings_give_their_requests_and_nothing_that_was_said(self, home):
        log = home.folder / "vllm.log"
        log.write_text(f"{ACCESS.format(500)}\nprompt: pay Anna 4711 Euro\n")
        recording = home.folder / "today.jsonl"
        lines = [Recorded(1000.0 + at, ACCESS.format(503), "") for at in (0, 0.6, 1.7, 4)]
        recording.write_text("\n".join(map(write_recorded, [*lines, Recorded(1001, "pay Anna 4711 Euro")])) + "\n")
        out = made(home, "--log", str(log), "--recording", str(recording))
        assert (out / "log-1.txt").read_text() == f"{ACCESS.format(500)}\n"
        output = json.loads((out / "retries.json").read_text())
        assert output["log-1.txt"]["main_requests"] == 1
        assert output["recording.jsonl"]["storms"][0]["attempts"] == 4
        assert "Anna" not in everything(out)
        assert (
            home.run("analyze", "--json", str(out / "recording.jsonl"))[1]
            == json.dumps(output["recording.jsonl"], indent=2) + "\n"
        )

    def test_a_recording_that_cannot_be_read_stops_it_before_anything_is_written(self, home):
        (home.folder / "plain.log").write_text("hello\n")
        code, _, err = home.run("bundle", "--no-gpu", "--yes", "--out", "x", "--recording", "plain.log")
        assert code == 2
        assert "line 1 is no" in err
        assert not (home.folder / "x").exists()

    def test_every_json_file_is_json(self, home):
        home.write('{"env": {"ANTHROPIC_AUTH_TOKEN": "hunter22"}}')
        out = made(home)
        for path in out.glob("*.json"):
            json.loads(path.read_text())


TOKENS = st.one_of(
    st.from_regex(r"sk-[A-Za-z0-9_-]{8,40}", fullmatch=True),
    st.from_regex(r"[0-9a-f]{32,64}", fullmatch=True),
    st.from_regex(r"eyJ[A-Za-z0-9_-]{10,30}\.eyJ[A-Za-z0-9_-]{10,30}\.[A-Za-z0-9_-]{10,30}", fullmatch=True),
    st.from_regex(r"(hf_|ghp_|gsk_|nvapi-)[A-Za-z0-9]{12,36}", fullmatch=True),
    st.from_regex(r"[A-Z][a-z]{2,5}[0-9]{2,4}[!#$%&*?]", fullmatch=True),
    st.from_regex(r"[qxz][bcdfghjk]{3}[0-9]", fullmatch=True),
    st.from_regex(r"[qxzQXZ\"\\\\/+=ß€ ]{5,12}[0-9]{2}", fullmatch=True).filter(lambda text: text == text.strip()),
)


def planted(token):
    """Return log lines that quote a token in every way a server does."""
    return (
        f'INFO:     10.0.0.9:1 - "POST /v1/messages?api_key={token} HTTP/1.1" 401',
        f'INFO:     127.0.0.1:1 - "GET /key/{token}/info HTTP/1.1" 404',
        f"18:22:01 - LiteLLM Proxy:ERROR: auth.py:1 - Authentication Error, x-api-key: {token} is wrong",
        f"ERROR:    headers={{'Authorization': 'Bearer {token}'}}",
        json.dumps({"level": "ERROR", "message": f"Bearer {token}", "name": token}),
        f"args: --api-key {token}",
    )


class TestSecrets:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(token=TOKENS, configured=st.booleans())
    def test_a_planted_token_is_nowhere(self, home, token, configured):
        """Configured: in the settings, the environment, a URL, the YAML; either way quoted by servers and logs.

        What no file configures is known by its look alone, and in logs not even by that.
        """
        known = token if configured else "something-else-9"
        where = json.dumps({"env": {"ANTHROPIC_AUTH_TOKEN": known, "ANTHROPIC_BASE_URL": f"http://u:{known}@gpu-7:80"}})
        home.write(where)
        yaml = home.write(f"general_settings: {{master_key: {json.dumps(known)}}}\n", home.folder / "c.yaml")
        options = Options(home=home.folder, project=home.project, litellm_config=yaml, gpu=False)
        environ = {"LITELLM_MASTER_KEY": known, "HTTP_PROXY": f"http://x:{known}@proxy:3128"}
        seen = _seen(learn(options, environ, offline=True), token, quoted=configured)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "take_snapshot", lambda *_: seen)
            texts = {one.name: one.text for one in run._collect(options, environ, _tape(known), 0.0)}
        forms = {token, json.dumps(token)[1:-1], json.dumps(token, ensure_ascii=False)[1:-1]}
        found = [(name, form) for name, text in texts.items() for form in forms if form in text]
        assert found == []


def _tape(token):
    """Return a recording that has a token in its name, in a log's name and in its lines."""
    lines = tuple(planted(token))
    return Tape(f"{token}.jsonl", (LogBatch(f"{token}.log", lines, 0.0, history=False),))


def _seen(known, token, *, quoted):
    """Return a look at servers that echo the token."""
    echo = f"401: x-api-key: {token} is wrong" if quoted else "401"
    traffic = replace(
        STORMY,
        failure=Failure(401, 0.0, f"Authentication Error {token}", "litellm.log", passed=False),
        storms=tuple(replace(storm, reason=f"Bearer {token}") for storm in STORMY.storms),
    )
    deck = Deck(
        discovery=DiscoverySnapshot(missed=(Missed("http://gpu-7:80", echo),), done=True),
        settings=known.settings,
        findings=known.report(),
        vllm=replace(VLLM, detail=echo),
        traffic=traffic,
    )
    return StackSnapshot(deck, known, {f"/var/log/{token}.log" if quoted else "/var/log/litellm.log": planted(token)})


def test_nothing_of_a_prometheus_is_in_it_and_it_is_not_asked(home):
    where = "http://prom.secret-host.example:9090,user=ann-the-admin,password=env:PW,tenant=hidden-tenant"
    text = everything(made(home, "--prometheus", where))
    assert "prometheus: 1 given" in text
    assert not [word for word in ("secret-host", "ann-the-admin", "hidden-tenant") if word in text]
