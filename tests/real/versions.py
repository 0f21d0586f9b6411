"""The versions of the real programs that are run, and what is known to differ between them.

One number in a tuple adds a version; the order does not matter. A table of what differs has a row for each version
that something changed with: a row holds from its version on, so a new version needs none until it differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from stormdeck.model.rules.facts import MEASURED
from stormdeck.model.versions import version_key

Value = TypeVar("Value")


def newest_first(versions: Iterable[str]) -> tuple[str, ...]:
    """Return versions in their order as versions: 2.1.112 is newer than 2.1.42."""
    return tuple(sorted(set(versions), key=version_key, reverse=True))


def value_for(version: str, table: Mapping[str, Value]) -> Value:
    """Return the row of a table that holds for a version: that of the newest version which is not newer.

    A version that is older than every row gets the oldest one.
    """
    rows = newest_first(table)
    return table[next((row for row in rows if version_key(row) <= version_key(version)), rows[-1])]


CLAUDE_CODE = newest_first(MEASURED)
LITELLM = newest_first(("1.80.5", "1.109.1", "1.110.1", "1.110.2"))
VLLM = newest_first(("0.32.0", "0.33.0"))
QUICK_CLIENT = "2.1.112"
"""The client of ``make test-real-quick``: it is a sixth of the size of later ones, and writes down the least."""
