"""What a run of the chain leaves for the demo, the tests and the README: its recording, its truth, its picture.

``make versions`` puts what the last run with ``--results`` left into this checkout.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from story import Story

CHECKOUT = Path(__file__).parents[3]
RECORDING, TRUTH, PICTURE = "recording.jsonl", "truth.json", "picture.svg"
PLACES = {
    RECORDING: CHECKOUT / "tests" / "data" / "replay" / "real_chain" / RECORDING,
    TRUTH: CHECKOUT / "tests" / "data" / "replay" / "real_chain" / TRUTH,
    PICTURE: CHECKOUT / "screenshots" / "real-stack.svg",
}


def kept() -> Path:
    """Return the folder of the cache where a run leaves them."""
    from cache import cache

    return cache() / "chain"


def keep(story: Story, version: str) -> None:
    """Keep what came of a run, without the folders of this machine."""
    folder = kept()
    folder.mkdir(exist_ok=True)
    (folder / RECORDING).write_text(_clean(story.recording.read_text("utf-8"), story.recording.parent), "utf-8")
    (folder / TRUTH).write_text(truth(story, version))
    (folder / PICTURE).write_text(story.picture, "utf-8")


def truth(story: Story, version: str) -> str:
    """Return what LiteLLM's and vLLM's own access lines say of a run; nothing of stormdeck is used."""
    fields = {
        "client_version": version,
        "turns": len(story.attempts),
        "requests": len(story.statuses),
        "attempts": len(story.statuses) - 1,
        "reached_vllm": story.reached,
        "cause": "500",
        "reason": f"cannot connect to {story.vllm}",
        "recovered": story.statuses[-1] == 200,
    }
    return json.dumps(fields, indent=1) + "\n"


def analyzed(recording: Path) -> dict:
    """Return what ``stormdeck analyze`` prints for a recording."""
    command = [sys.executable, "-m", "stormdeck", "analyze", str(recording), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)


def _clean(text: str, folder: Path) -> str:
    places = {str(folder): "/srv/chain", str(kept().parent): "/opt", str(Path.home()): "~"}
    for place, instead in places.items():
        text = text.replace(place, instead)
    return text


def main() -> None:
    """Copy what the last run left; say where there is none."""
    if not (kept() / TRUTH).is_file():
        sys.stderr.write(f"{kept()} has no recording: run `make test-real-vllm` for one\n")
        return
    for name, place in PLACES.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((kept() / name).read_bytes())


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))
    main()
