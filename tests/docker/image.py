"""Make the root of a container from the Python that runs this, and import it as an image."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

IMAGE = "stormdeck-test"
_LEFT_OUT = shutil.ignore_patterns(
    *("__pycache__", "site-packages", "test", "tests", "idlelib", "ensurepip", "tkinter", "lib2to3", "config-*")
)
HERE = Path(__file__).parent


def build(root):
    """Copy Python, its libraries and the imitations below a folder; return the path of Python in it."""
    program = Path(sys.executable).resolve()
    library = Path(next(path for path in sys.path if path.endswith(f"python3.{sys.version_info.minor}")))
    shutil.copytree(library, root / library.relative_to("/"), ignore=_LEFT_OUT, symlinks=True)
    copied = [program, *_libraries(program)]
    for extension in (library / "lib-dynload").glob("*.so"):
        if extension.name.startswith(("_socket", "select", "math", "_struct", "zlib", "_random", "_posixsub", "array")):
            copied += _libraries(extension)
    for file in {*copied}:
        target = root / file.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    for name in ("vllm", "litellm"):
        script = root / "usr" / "bin" / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"#!{program} -u\n" + (HERE / "imitation.py").read_text())
        script.chmod(0o755)
    for folder in ("tmp", "proc", "dev", "sys", "etc", "app"):
        (root / folder).mkdir(exist_ok=True)
    return program


def load(root):
    """Import the folder as an image."""
    tar = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(["docker", "import", "-", IMAGE], stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL)
    tar.wait()


def _libraries(file):
    """Return the shared libraries that a program loads."""
    listed = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False).stdout
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", listed)]
