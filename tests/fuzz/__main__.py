"""Tries the laws on ever more cases: ``python tests/fuzz --seconds 60``, ``--cases 1000000``, ``--only SUBSTRING``.

Prints how many cases each law was tried on, and what broke one, with the seed that finds it again. With ``--guided``
atheris looks for cases that reach code that no case reached before, for one law and until it is stopped.
"""

import argparse
import importlib
import random
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers" / "network"))
from laws import LAWS

ROUND = 100
"""Cases of one law before the next one has its turn; a tenth of them where each takes long."""
_WIDEST = 400


def main():
    asked = _asked()
    for file in sorted(Path(__file__).parent.glob("test_fuzz_*.py")):
        importlib.import_module(file.stem)
    laws = [one for one in LAWS.values() if asked.only in one.name]
    if not laws:
        sys.exit(f"no law has {asked.only!r} in its name; there are: {', '.join(LAWS)}")
    if asked.guided:
        import guided

        return guided.run(laws[0])
    broken = _try(laws, asked)
    for one in laws:
        name = one.name.removeprefix("test_").replace("_", " ")
        sys.stdout.write(f"{one.cases:>9,}  {name}{'  BROKEN' if one in broken else ''}\n")
    cases = sum(one.cases for one in laws)
    sys.stdout.write(f"{cases:>9,}  cases in {len(laws)} laws, {len(broken)} broken, seed {asked.seed}\n")
    return bool(broken)


def _asked():
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop then")
    parser.add_argument("--cases", type=int, default=None, help="stop after so many, of all laws together")
    parser.add_argument("--only", default="", help="the laws with this in their names")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30), help="of an earlier run")
    parser.add_argument("--guided", action="store_true", help="by atheris, where it is installed")
    asked = parser.parse_args()
    if asked.cases is None:
        asked.cases = 1_000_000 if asked.seconds == float("inf") else sys.maxsize
    return asked


def _try(laws, asked):
    """Give every law its turn until the time or the cases are used up; return those that broke."""
    end = time.monotonic() + asked.seconds
    broken, number = [], asked.seed - 1
    while len(broken) < len(laws):
        for one in [one for one in laws if one not in broken]:
            if time.monotonic() >= end or sum(each.cases for each in laws) >= asked.cases:
                return broken
            number += 1
            try:
                one.test(ROUND // 10 if one.slow else ROUND, number)()
            except Exception:
                _tell(one, number)
                broken.append(one)
    return broken


def _tell(law, number):
    """Say what breaks a law, and how to see it again."""
    lines = [line[:_WIDEST] for line in traceback.format_exc(limit=-4).splitlines()]
    again = f"BROKEN: {law.name}; again: --only {law.name} --seed {number} --cases 1"
    sys.stderr.write("\n".join([*lines, again, ""]))


if __name__ == "__main__":
    sys.exit(main())
