"""Whether stormdeck is alone here: it looks for servers by itself, so an idle panel needs a machine without any."""

from __future__ import annotations

import json
import subprocess

from bench import programs
from bench.install import MissingError
from bench.place import Place

LOOK_S = 30.0


def alone(place: Place) -> None:
    """Raise MissingError where an empty home's panel would watch a server."""
    command = [*programs.stormdeck().command, "status", "--json"]
    done = subprocess.run(
        command, env=place.environ, cwd=place.work, capture_output=True, text=True, check=False, timeout=LOOK_S
    )
    try:
        found = [hop["url"] for hop in json.loads(done.stdout)["hops"] if hop["url"]]
    except (ValueError, LookupError, TypeError) as error:
        raise MissingError(f"`stormdeck status` failed: {done.stderr.strip()[-120:]}") from error
    if found:
        raise MissingError(f"it would not be idle: it finds {' and '.join(found)}. Run this where no server runs")
