"""Which network and which files a process sees, from a folder like /proc."""

import pytest

from proctree import GROUP, OWN_GROUP, ProcTree
from stormdeck.sources.processes.model_folder import model_type
from stormdeck.sources.processes.namespaces import addresses, has_own_network, inside, listening_ports, root_of
from stormdeck.sources.processes.outputs import outputs_of


@pytest.fixture
def tree(tmp_path):
    return ProcTree(tmp_path)


@pytest.mark.parametrize("readable", [True, False], ids=["as root", "as another user"])
@pytest.mark.parametrize(("net", "own"), [("1", False), ("2", True)])
def test_another_network(tree, readable, net, own):
    tree.add(37, net=net, readable=readable)
    assert has_own_network(37, tree.proc) is own


def test_a_process_that_is_gone_has_no_other_network(tree):
    assert has_own_network(99, tree.proc) is False
    assert listening_ports(99, tree.proc) is None
    assert addresses(99, tree.proc) == frozenset()


def test_listeners_of_another_network(tree):
    tree.add(37, net="2", ports=(8000, 9000))
    assert listening_ports(37, tree.proc) == {8000, 9000}
    assert addresses(37, tree.proc) == {"172.17.0.2"}


@pytest.mark.parametrize(
    ("process", "root"),
    [
        ({"mnt": "1"}, "/"),
        ({"mnt": "2"}, "proc/37/root"),
        ({"readable": False}, None),
        ({"readable": False, "group": OWN_GROUP, "net": "2"}, None),
        ({"readable": False, "group": OWN_GROUP}, "/"),
    ],
    ids=["same files", "own files", "a container of another user", "a network of another user", "another user"],
)
def test_where_the_files_of_a_process_are(tree, tmp_path, process, root):
    tree.add(37, **process)
    assert root_of(37, tree.proc) == (None if root is None else tmp_path / root)


@pytest.mark.parametrize(
    ("link", "target", "leads"),
    [
        ("app/config.yaml", "/etc/other.yaml", "etc/other.yaml"),
        ("app/config.yaml", "../../../etc/other.yaml", "etc/other.yaml"),
        ("app", "/srv", "srv/config.yaml"),
        ("app/config.yaml", "..data/config.yaml", "app/..data/config.yaml"),
    ],
)
def test_links_stay_below_the_root(tmp_path, link, target, leads):
    """The kernel would follow an absolute link to a file of this machine."""
    root = tmp_path / "root"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(target)
    assert inside(root, "/app/config.yaml") == root / leads


def test_links_in_a_circle_lead_nowhere(tmp_path):
    (tmp_path / "a").symlink_to("/b")
    (tmp_path / "b").symlink_to("/a")
    assert inside(tmp_path, "/a") is None


def test_a_log_in_a_container_is_not_the_file_of_this_machine(tree, tmp_path):
    """Both have a file of that name."""
    here = tmp_path / "vllm.log"
    here.write_text("another program\n")
    process = tree.add(37, mnt="2")
    for number in "12":
        (process / "fd" / number).symlink_to(here)
    assert outputs_of(37, tree.proc).log is None
    inner = tree.roots / "37" / str(here).lstrip("/")
    inner.parent.mkdir(parents=True)
    inner.write_text("its own\n")
    assert outputs_of(37, tree.proc).log.read_text() == "its own\n"


def test_a_log_of_another_user_s_container_is_not_read_here(tree, tmp_path):
    here = tmp_path / "vllm.log"
    here.write_text("another program\n")
    process = tree.add(37, group=GROUP, readable=False)
    for number in "12":
        (process / "fd" / number).symlink_to(here)
    assert outputs_of(37, tree.proc).log is None


def test_a_model_folder_in_a_container(tmp_path):
    folder = tmp_path / "models" / "q"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "qwen3_moe"}')
    assert model_type(["vllm", "serve", "/models/q"], tmp_path) == "qwen3_moe"
    assert model_type(["vllm", "serve", "/models/q"]) == ""
