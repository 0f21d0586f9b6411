"""The wheel: it builds, carries what is not Python, and runs where nothing else is."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLEAN_INSTALL = "CLEAN_INSTALL"
WANTED = os.environ.get(CLEAN_INSTALL) == "1"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_styles_types_and_the_texts_of_the_demo(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    styles = {f"stormdeck/styles/{file.name}" for file in (ROOT / "styles").glob("*.tcss")}
    package = ROOT / "app" / "stormdeck"
    texts = {f"stormdeck/{file.relative_to(package)}" for file in package.rglob("*.txt")}
    assert len(styles) >= 5
    assert len(texts) >= 2
    assert styles | texts | {"stormdeck/py.typed", "stormdeck/__main__.py"} <= names


def test_the_wheel_carries_nothing_but_the_package(wheel):
    folders = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"stormdeck"}


@pytest.mark.skipif(not WANTED, reason=f"slow, and it asks the package index: set {CLEAN_INSTALL}=1")
def test_the_wheel_runs_in_an_environment_of_its_own(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    code = (
        "import asyncio\n"
        "from pathlib import Path\n"
        "from stormdeck.ui.app import StormdeckApp\n"
        "async def draw():\n"
        "    async with StormdeckApp(Path('/nowhere')).run_test(size=(120, 40)) as pilot:\n"
        "        for key in '1234':\n"
        "            await pilot.press(key)\n"
        "asyncio.run(draw())\n"
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    version = subprocess.run(
        [tmp_path / "venv" / "bin" / "stormdeck", "--version"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert version.returncode == 0
    assert "stormdeck" in version.stdout
    subprocess.run([python, "-c", code], cwd=tmp_path, env=environ, check=True)
