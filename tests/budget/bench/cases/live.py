"""What a program costs that shows something new every second."""

from __future__ import annotations

from bench import programs
from bench.figures import Budget, Table
from bench.place import Effort, Place
from bench.programs import MINIMAL, OURS
from bench.runs import rounds
from bench.stack import Stack
from bench.windows import MEASURES, window

LIMIT_PERCENT = 1.0
TENTHS = "10"
"""htop's delay, in tenths of a second."""


def run(place: Place, effort: Effort) -> Table:
    """Return the table."""
    settings = place.home / ".config" / "btop" / "btop.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("update_ms = 1000\n")
    with Stack(place) as stack:
        makers = {
            OURS: lambda: stack.panel("--poll", "1"),
            MINIMAL: lambda: programs.live(stack.vllm_url),
            "toolong": lambda: programs.toolong(stack.proxy_log),
            "lnav": lambda: programs.lnav(stack.proxy_log),
            "htop": lambda: programs.htop("-d", TENTHS),
            "btop": programs.btop,
        }
        rows = rounds(makers, lambda program: window(program, place, effort), effort.long_runs, warm_up=False)
    settings.unlink()
    return Table(
        "live",
        "Live, once a second",
        f"Windows of {effort.window_s:.0f} s on the demo's stack, whose servers are polled every second and log a few"
        " lines a second. Minimal Textual asks vLLM for /metrics and shows six numbers; toolong and lnav follow the"
        " proxy's log; htop and btop look every second.",
        MEASURES,
        rows,
        (OURS,),
        MINIMAL,
        (Budget("cpu", LIMIT_PERCENT, ""),),
    )
