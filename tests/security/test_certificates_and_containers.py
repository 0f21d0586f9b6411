"""Certificates that somebody else made, and containers whose files lead out of them."""

import json
import shutil

import pytest

from certificates import signed
from proctree import ProcTree
from served import WITH_MESSAGES, client_settings, served
from servers import vllm
from stormdeck.sources.litellm_yaml import read_proxy_config
from stormdeck.sources.processes.namespaces import inside, root_of

openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
SECRET = "sk-q7Wm2Zr9Tc4Lb8Xd1"


def behind(certificates):
    server = vllm(**WITH_MESSAGES)
    server.context = certificates.context()
    return server


def findings(home):
    return [one["code"] for one in json.loads(home.run("check", "--json")[1])["findings"]]


@openssl
@pytest.mark.usefixtures("only_what_is_named")
@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.attack(
    "a folder's settings name an authority of certificates, to read along",
    "it is trusted only in a folder that the client trusts",
)
def test_a_folder_names_no_authority_until_it_is_trusted(home, tmp_path, trusted):
    certificates = signed(tmp_path / "tls")
    (home.project / ".claude").mkdir(parents=True, exist_ok=True)
    own = {"env": {"NODE_EXTRA_CA_CERTS": str(certificates.authority)}}
    (home.project / ".claude" / "settings.json").write_text(json.dumps(own))
    if trusted:
        record = {"projects": {str(home.project): {"hasTrustDialogAccepted": True}}}
        (home.folder / ".claude.json").write_text(json.dumps(record))
    server = behind(certificates)
    with served(server) as (url,):
        home.write(client_settings(url, ANTHROPIC_AUTH_TOKEN=SECRET))
        found = findings(home)
    assert [code for code in found if code.startswith("URL")] == ([] if trusted else ["URL111"])
    assert bool(server.paths) is trusted


@openssl
@pytest.mark.usefixtures("only_what_is_named")
@pytest.mark.attack(
    "a server in the middle has a certificate of its own",
    "nothing is sent to it, and no fix proposes http://",
)
def test_a_fix_never_sends_the_token_in_clear(home, tmp_path):
    server = behind(signed(tmp_path / "tls"))
    with served(server) as (url,):
        home.write(client_settings(url, ANTHROPIC_AUTH_TOKEN=SECRET))
        before = home.settings.read_bytes()
        home.run("check", "--fix", "--yes")
        home.run("status", "--no-gpu", "--json")
    assert home.settings.read_bytes() == before
    assert server.paths == []


@pytest.mark.attack(
    "a container's LiteLLM has a YAML that is a link to a file of this machine",
    "the link is followed inside the container, and the file of this machine is not read",
)
@pytest.mark.parametrize("link", ["{file}", "../../../../../..{file}"])
def test_a_link_does_not_lead_out_of_a_container(tmp_path, link):
    file = tmp_path / "secret.yaml"
    file.write_text("general_settings: {master_key: sk-of-this-machine}\n")
    tree = ProcTree(tmp_path)
    tree.add(37, mnt="2")
    config = tree.roots / "37" / "app" / "config.yaml"
    config.parent.mkdir()
    config.symlink_to(link.format(file=file))
    read = read_proxy_config(inside(root_of(37, tree.proc), "/app/config.yaml"))
    assert read.root is None
    assert "cannot be read" in read.error.message
