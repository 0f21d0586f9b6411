"""Servers that take a connection and end it: stormdeck calls none of them down, which needs a refused connection."""

import json
import socket
import ssl
import struct

import pytest

from certificates import signed
from served import WITH_MESSAGES, client_settings, served
from servers import closes_at_once, free_url, hangs_up, litellm, promises_more, talks_garbage, vllm

pytestmark = pytest.mark.usefixtures("only_what_is_named")


async def resets(reader, writer):
    """Reset the connection as soon as it is there: a client meets that while it connects."""
    own = writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def resets_later(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    await resets(reader, writer)


async def ends_its_half(reader, writer):
    writer.write_eof()
    await reader.read()


ENDINGS = {
    "at once": closes_at_once,
    "after the request": hangs_up,
    "with a reset": resets,
    "with a reset after the request": resets_later,
    "in the middle of the answer": promises_more,
    "one half alone": ends_its_half,
}


def said_of(home, *flags):
    code, out, _ = home.run("status", "--no-gpu", "--json", *flags)
    check_code, check, _ = home.run("check", "--json", *flags)
    return code, json.loads(out), check_code, [one["code"] for one in json.loads(check)["findings"]]


@pytest.mark.parametrize("server", ENDINGS.values(), ids=ENDINGS)
def test_a_base_url_where_the_connection_is_ended(home, server):
    with served(server) as (url,):
        home.write(client_settings(url))
        code, said, check_code, codes = said_of(home)
    port = url.rpartition(":")[2]
    words = f"The server at :{port} accepts the connection and closes it without a complete answer"
    assert (code, said["headline"]["text"], said["headline"]["code"]) == (2, words, "URL112")
    assert (check_code, codes) == (1, ["URL112"])
    assert said["statements"][0]["cause"].startswith("unknown")
    assert not any(text in json.dumps(said) for text in ("is down", '"down", "detail": "down', "No server answers"))
    assert "start the server" not in json.dumps(said["statements"])


@pytest.mark.parametrize("server", ENDINGS.values(), ids=ENDINGS)
def test_a_server_that_a_flag_names_and_that_ends_connections_is_not_down(home, server):
    with served(server, vllm(**WITH_MESSAGES)) as (url, base):
        home.write(client_settings(base))
        said = said_of(home, "--vllm", url)[1]
    assert "is down" not in json.dumps(said)
    assert ["vLLM", url, "unknown"] in [[one["name"], one["url"], one["state"]] for one in said["hops"]]


def test_a_balanced_server_that_ends_connections_is_not_down(home, tmp_path):
    yaml = tmp_path / "config.yaml"
    proxy = litellm("sk-lab")
    proxy.routes["/v1/messages"] = WITH_MESSAGES["_v1_messages"]
    with served(proxy, closes_at_once, vllm(**WITH_MESSAGES)) as (url, ends, up):
        entry = "- model_name: big\n  litellm_params: {{model: hosted_vllm/q, api_base: {}/v1, api_key: x}}\n"
        entries = "".join(map(entry.format, (ends, up)))
        yaml.write_text(f"model_list:\n{entries}general_settings: {{master_key: sk-lab}}\n")
        home.write(client_settings(url, model="big", ANTHROPIC_AUTH_TOKEN="sk-lab"))
        said = said_of(home, "--litellm-config", str(yaml))[1]
    (hop,) = [one for one in said["hops"] if one["url"] == ends]
    assert hop["state"] == "unknown"
    assert hop["detail"] == "no answer to us: the connection was closed before the answer was complete"
    assert not any(text in json.dumps(said["statements"]) for text in ("is down", "are down", "behind big"))


async def speaks_http2_alone(reader, writer):
    """Answer as a server of HTTP/2 without TLS does: with its settings and a farewell, whatever was asked."""
    await reader.read(1000)
    writer.write(bytes.fromhex("0000000400000000000000080700000000000000000000000001"))
    await writer.drain()


@pytest.mark.parametrize("server", [talks_garbage, speaks_http2_alone], ids=["garbage", "HTTP/2 alone"])
def test_what_does_not_speak_http_1_is_called_so(home, server):
    with served(server) as (url,):
        home.write(client_settings(url))
        code, said, _, codes = said_of(home)
    port = url.rpartition(":")[2]
    assert (code, said["headline"]["text"], codes) == (
        2,
        f"What answers at :{port} does not speak HTTP/1.1",
        ["URL112"],
    )


def test_only_a_refused_connection_is_called_so(home):
    home.write(client_settings(free_url()))
    code, said, _, codes = said_of(home)
    assert (code, codes) == (2, ["URL105"])
    assert said["statements"][0]["cause"] == "the server does not run, or the base URL is wrong"


@pytest.fixture
def certificates(tmp_path):
    return signed(tmp_path / "tls")


@pytest.fixture
def tls(certificates):
    """Return a vLLM behind TLS."""
    server = vllm(**WITH_MESSAGES)
    server.context = certificates.context()
    return server


def test_plain_http_to_a_port_that_speaks_tls(home, tls):
    with served(tls) as (url,):
        home.write(client_settings(url.replace("https", "http")))
        code, said, check_code, codes = said_of(home)
        assert tls.paths == []
        home.run("check", "--fix", "--yes")
    assert (code, said["headline"]["code"], check_code, codes) == (2, "URL113", 1, ["URL113"])
    assert json.loads(home.settings.read_text())["env"]["ANTHROPIC_BASE_URL"] == url


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate_of_the_client(home, tls, certificates, version):
    """With TLS 1.3 the alert follows the handshake, and may be lost when the server closes."""
    tls.context.maximum_version = version
    tls.context.verify_mode = ssl.CERT_REQUIRED
    tls.context.load_verify_locations(certificates.authority)
    known = str(certificates.authority)
    with served(tls) as (url,):
        home.write(client_settings(url, NODE_EXTRA_CA_CERTS=known))
        code, said, check_code, codes = said_of(home)
        assert (code, said["headline"]["code"], check_code, codes) == (2, "URL112", 1, ["URL112"])
        words = ("TLS connection", "closes it without")
        assert any(one in said["headline"]["text"] for one in words)
        home.write(client_settings(url, NODE_EXTRA_CA_CERTS=known, CLAUDE_CODE_CLIENT_CERT="/etc/ssl/me.pem"))
        code, said, check_code, codes = said_of(home)
    assert (check_code, codes) == (0, [])
    assert said["state"] != "down"
