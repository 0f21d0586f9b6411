"""What stands before the server answers in its place: redirects, refusals of a firewall, failures of one path alone."""

import json

import pytest

from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, vllm

pytestmark = pytest.mark.usefixtures("only_what_is_named")
DENIED = Reply("<html><body>Access denied</body></html>", 403, {"content-type": "text/html", "server": "cloudflare"})
PLAIN_TO_TLS = Reply("Client sent an HTTP request to an HTTPS server.\n", 400)


def said_of(home):
    code, out, _ = home.run("status", "--no-gpu", "--json")
    check_code, check, _ = home.run("check", "--json")
    return code, json.loads(out), check_code, json.loads(check)["findings"]


def with_messages(reply):
    return vllm(**{**WITH_MESSAGES, "_v1_messages": reply})


def only_messages(other):
    """Return a front that passes the path of the messages alone."""
    return Imitation({"/v1/messages": WITH_MESSAGES["_v1_messages"]}, missing=other)


@pytest.mark.parametrize("server", [only_messages(DENIED), Imitation({}, missing=DENIED)], ids=["all else", "all"])
def test_the_page_of_a_firewall_says_nothing_of_the_token(home, server):
    with served(server) as (url,):
        home.write(client_settings(url))
        code, said, check_code, findings = said_of(home)
    assert (code, check_code, findings) == (1, 0, [])
    assert "token" not in json.dumps(said["statements"])
    assert "wants" not in json.dumps(said["hops"])


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_api_is_about_the_token(home, status):
    refused = Reply({"error": "Unauthorized"}, status)
    with served(Imitation({"/v1/messages": refused, "/v1/models": refused}, missing=refused)) as (url,):
        home.write(client_settings(url))
        assert [one["code"] for one in said_of(home)[3]] == ["AUTH205"]


def test_a_bad_request_is_not_about_the_token(home):
    """Go's server answers so where TLS is wanted; the port of this one does not speak it."""
    with served(Imitation({}, missing=PLAIN_TO_TLS)) as (url,):
        home.write(client_settings(url))
        assert said_of(home)[3] == []


@pytest.mark.parametrize("status", [502, 503, 504, *range(520, 528), 530])
def test_a_front_answers_for_all_paths(home, status):
    with served(Imitation({}, missing=Reply("<html>error</html>", status))) as (url,):
        home.write(client_settings(url))
        code, said, _, (one,) = said_of(home)
    port = url.rpartition(":")[2]
    words = f"The front at :{port} answers {status}, the server behind it does not"
    assert (code, said["headline"]["text"], one["code"], one["severity"]) == (2, words, "URL112", "error")


@pytest.mark.parametrize(("status", "code"), [(502, 2), (504, 2), (526, 2), (500, 0)])
def test_the_path_of_the_messages_alone_fails(home, status, code):
    """A server of its own may answer a GET without a body with 500, a gateway does not."""
    with served(with_messages(Reply("<html>Bad Gateway</html>", status))) as (url,):
        home.write(client_settings(url))
        seen, said, check_code, findings = said_of(home)
    assert (seen, check_code, [one["code"] for one in findings]) == (code, code // 2, ["URL112"] * (code // 2))
    if code:
        assert said["headline"]["code"] == "URL112"


def test_every_path_fails(home):
    with served(Imitation({}, missing=Reply("Internal Server Error", 500))) as (url,):
        home.write(client_settings(url))
        code, _, _, (one,) = said_of(home)
    assert (code, one["code"], one["severity"]) == (1, "URL112", "warning")


MOVED = "https://127.0.0.1:8443/v1/messages"
REDIRECTS = {
    "301 to https": (301, MOVED, ("URL114", "error", "https://127.0.0.1:8443")),
    "302 to https": (302, MOVED, ("URL114", "error", "https://127.0.0.1:8443")),
    "308 to https": (308, MOVED, ("URL114", "error", "https://127.0.0.1:8443")),
    "301 to a path": (301, "/ai/v1/messages", ("URL114", "error", "{}/ai")),
    "307 to a path": (307, "/ai/v1/messages", None),
    "302 to another host": (302, "https://llm.example.org/v1/messages", ("URL114", "error", None)),
    "302 to a page": (302, "https://login.example.org/?to=x", ("URL114", "warning", None)),
    "302 to nonsense": (302, "http://[x", None),
    "302 without a place": (302, "", ("URL114", "error", None)),
}


@pytest.mark.parametrize(("status", "location", "expected"), REDIRECTS.values(), ids=REDIRECTS)
@pytest.mark.parametrize("everywhere", [False, True], ids=["messages", "all"])
def test_a_redirect(home, status, location, expected, everywhere):
    """Measured with the real client: it follows 301 to 303 by a GET, and 307 and 308 without its token elsewhere."""
    reply = Reply("", status, {"location": location})
    server = Imitation({}, missing=reply) if everywhere else with_messages(reply)
    with served(server) as (url,):
        home.write(client_settings(url))
        code, said, _, findings = said_of(home)
    if expected is None:
        assert findings == []
        return
    rule, severity, fixed = expected
    (one,) = findings
    assert (one["code"], one["severity"]) == (rule, severity)
    edit = one["fix"]["edits"][0]["value"] if one["fix"] else None
    assert edit == (fixed.format(url) if fixed else None)
    assert (code, said["headline"]["code"]) == ((2, rule) if severity == "error" else (code, said["headline"]["code"]))


def test_an_answer_that_is_packed_in_a_way_that_is_not_read(home):
    """Some fronts pack what they were not asked to."""
    with served(Imitation({}, missing=Reply(b"\x1b\x03\x00\xf8", headers={"content-encoding": "br"}))) as (url,):
        home.write(client_settings(url))
        code, said, _, findings = said_of(home)
    assert (code, findings) == (1, [])
    assert "packed as br, which is not read" in json.dumps(said["statements"])
