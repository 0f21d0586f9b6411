"""Real TLS listeners with certificates of a test's own authority, by whole commands."""

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from certificates import self_signed, signed
from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, free_port, vllm
from stormdeck.__main__ import main
from waiting import DEADLINE_S

pytestmark = [
    pytest.mark.usefixtures("only_what_is_named"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]
SECRET = "sk-q7Wm2Zr9Tc4Lb8Xd1"


def behind(certificates, **more):
    server = vllm(**WITH_MESSAGES, **more)
    server.context = certificates.context()
    return server


def findings(home, *more):
    code, out, _ = home.run("check", "--json", *more)
    said = json.loads(out)
    return code, [(one["code"], one["severity"], one["path"], one["fix"]) for one in said["findings"]], said


def status(home):
    code, out, _ = home.run("status", "--no-gpu", "--json")
    return code, json.loads(out)


UNTRUSTED = [("URL111", "error", "env.ANTHROPIC_BASE_URL", None)]


@pytest.mark.parametrize("make", [signed, self_signed], ids=["own authority", "self-signed"])
def test_a_certificate_that_is_not_trusted(home, tmp_path, make):
    server = behind(make(tmp_path / "tls"))
    with served(server) as (url,):
        home.write(client_settings(url, ANTHROPIC_AUTH_TOKEN=SECRET))
        code, found, said = findings(home)
        state, document = status(home)
    assert (code, found) == (1, UNTRUSTED)
    (one,) = said["findings"]
    assert home.settings.read_text().splitlines()[one["line"] - 1].strip().startswith('"ANTHROPIC_BASE_URL"')
    assert "NODE_EXTRA_CA_CERTS" in one["message"]
    assert (state, document["headline"]["code"], document["state"]) == (2, "URL111", "down")
    assert "does not run" not in json.dumps(document)
    assert server.paths == []


@pytest.mark.parametrize("make", [signed, self_signed], ids=["own authority", "self-signed"])
def test_the_client_s_own_authority_is_trusted(home, tmp_path, make):
    certificates = make(tmp_path / "tls")
    with served(behind(certificates)) as (url,):
        home.write(client_settings(url, NODE_EXTRA_CA_CERTS=str(certificates.authority)))
        assert findings(home)[:2] == (0, [])
        code, document = status(home)
    assert (code, document["hops"][1]["state"]) == (0, "ok")


def test_the_ssl_cert_file_of_the_settings_is_no_use_to_the_client(home, tmp_path):
    """Measured, 2.1.332: it reads it from the shell alone. stormdeck asks with it, and the fix names what it reads."""
    authority = str((certificates := signed(tmp_path / "tls")).authority)
    with served(behind(certificates)) as (url,):
        home.write(client_settings(url, SSL_CERT_FILE=authority))
        code, found, said = findings(home)
        assert status(home)[1]["hops"][1]["state"] == "ok"
        home.run("check", "--fix", "--yes")
        after = findings(home)[:2]
    assert (code, [one[:3] for one in found]) == (1, [("URL111", "error", "env.SSL_CERT_FILE")])
    assert f'"NODE_EXTRA_CA_CERTS": "{authority}"' in home.settings.read_text()
    assert said["findings"][0]["fix"] is not None
    assert after == (0, [])


@pytest.mark.parametrize("name", ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"])
def test_the_shell_s_authority_is_trusted(home, tmp_path, monkeypatch, capsys, name):
    """``--home`` would leave the shell of the test out."""
    certificates = signed(tmp_path / "tls")
    monkeypatch.setenv(name, str(certificates.authority))
    monkeypatch.setenv("HOME", str(home.folder))
    with served(behind(certificates)) as (url,):
        home.write(client_settings(url))
        assert main(["check", "--json", "--project", str(home.project), "--client-version", "2.1.332"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "names a file that cannot be read (No such file or directory)"),
        ("no certificate\n", "names a file without a certificate in PEM form"),
        ("another", "names another authority"),
    ],
)
def test_a_file_of_authorities_that_does_not_help_is_the_line_to_change(home, tmp_path, content, words):
    certificates, file = signed(tmp_path / "tls"), tmp_path / "ca.pem"
    if content == "another":
        file = signed(tmp_path / "other").authority
    elif content is not None:
        file.write_text(content)
    with served(behind(certificates)) as (url,):
        home.write(client_settings(url, NODE_EXTRA_CA_CERTS=str(file)))
        code, found, said = findings(home)
    assert (code, found) == (1, [("URL111", "error", "env.NODE_EXTRA_CA_CERTS", None)])
    (one,) = said["findings"]
    assert words in one["message"]
    assert home.settings.read_text().splitlines()[one["line"] - 1].strip().startswith('"NODE_EXTRA_CA_CERTS"')


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"is_expired": True}, "Its certificate has expired."),
        ({"name": "DNS:elsewhere.example"}, "Its certificate is for another address."),
    ],
)
def test_a_certificate_that_no_authority_makes_right(home, tmp_path, more, words):
    certificates = signed(tmp_path / "tls", **more)
    with served(behind(certificates)) as (url,):
        home.write(client_settings(url, NODE_EXTRA_CA_CERTS=str(certificates.authority)))
        code, found, said = findings(home)
    assert (code, found) == (1, UNTRUSTED)
    assert words in said["findings"][0]["message"]


def test_a_client_that_checks_no_certificate_is_warned_alone(home, tmp_path):
    server = behind(signed(tmp_path / "tls"))
    with served(server) as (url,):
        home.write(client_settings(url, NODE_TLS_REJECT_UNAUTHORIZED="0"))
        code, found, _ = findings(home)
        state, document = status(home)
    assert (code, found) == (0, [("URL111", "warning", "env.NODE_TLS_REJECT_UNAUTHORIZED", None)])
    assert (state, document["state"]) == (1, "degraded")
    assert server.paths == []


@pytest.mark.parametrize(
    "reply", [Reply("sent to HTTPS port", 400), Reply("gone", 502), Reply("", 301), Reply("", 404)]
)
def test_plain_http_without_success_is_no_plain_server(home, reply):
    """Something else answers in plain on a port that does not greet in TLS."""
    with served(Imitation({}, missing=reply)) as (url,):
        home.write(client_settings(url.replace("http:", "https:")))
        assert "URL104" not in [code for code, *_ in findings(home)[1]]


@pytest.mark.parametrize("wants_key", [False, True])
def test_https_to_a_plain_vllm_is_url104(home, wants_key):
    models = {"_v1_models": Reply({"error": "Unauthorized"}, 401)} if wants_key else {}
    server = vllm(**{**WITH_MESSAGES, **models})
    with served(server) as (url,):
        home.write(client_settings(url.replace("http:", "https:"), ANTHROPIC_AUTH_TOKEN=SECRET))
        code, found, _ = findings(home)
        assert (code, [one[0] for one in found]) == (1, ["URL104"])
        home.run("check", "--fix", "--yes")
    assert f'"{url}"' in home.settings.read_text()
    assert all(SECRET not in str(asked.headers) for asked in server.asked[: len(server.asked) // 2])


def test_an_upstream_whose_certificate_is_not_known_here_is_not_down(home, tmp_path):
    with served(behind(signed(tmp_path / "tls"))) as (url,):
        code, out, _ = home.run("status", "--no-gpu", "--json", "--vllm", url)
    document = json.loads(out)
    assert (code, document["state"], document["hops"][1]["state"]) == (1, "degraded", "unknown")
    assert "certificate is not accepted here" in document["headline"]["text"]


@pytest.mark.parametrize("known", [False, True])
def test_the_canary_trusts_the_same_authorities(home, tmp_path, known):
    certificates = signed(tmp_path / "tls")
    more = {"NODE_EXTRA_CA_CERTS": str(certificates.authority)} if known else {}
    with served(behind(certificates)) as (url,):
        home.write(client_settings(url, **more))
        said = json.loads(home.run("check", "--json", "--canary")[1])["canary"]
    assert ("its certificate is not trusted" in json.dumps(said)) is not known
    assert ("URL111" in json.dumps(said)) is not known


@contextmanager
def nginx(folder, port, target, certificates):
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip("nginx is not installed")
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    tls = f"ssl_certificate {certificates.chain}; ssl_certificate_key {certificates.key};"
    place = f"listen 127.0.0.1:{port} ssl; {tls} location / {{ proxy_pass {target}; }}"
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error;\n"
        f"events {{}} http {{ access_log off; {temporary} server {{ {place} }} }}\n"
    )
    command = [program, "-p", str(folder), "-e", str(folder / "error"), "-c", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + DEADLINE_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > end:
                pytest.skip("nginx does not start here")
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("known", "name"),
    [
        (False, "nginx with a private certificate"),
        (True, "nginx with a private certificate, its authority in NODE_EXTRA_CA_CERTS"),
    ],
    ids=["not trusted", "trusted"],
)
def test_a_real_nginx_with_a_private_certificate(home, tmp_path, deployment, known, name):
    """It answers 400 in plain HTTP on its TLS port: that is no plain server."""
    certificates, port = signed(tmp_path / "tls"), free_port()
    more = {"NODE_EXTRA_CA_CERTS": str(certificates.authority)} if known else {}
    with served(vllm(**WITH_MESSAGES)) as (target,), nginx(tmp_path, port, target, certificates):
        home.write(client_settings(f"https://localhost:{port}", **more))
        seen = deployment(name)
    assert (seen.code, seen.state, seen.codes) == ((0, "ok", []) if known else (2, "down", ["URL111"]))
