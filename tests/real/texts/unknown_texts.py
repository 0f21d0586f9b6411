"""List the texts of a Claude Code in the cache that ``stormdeck explain`` does not know.

``python tests/real/texts/unknown_texts.py 2.1.332``
Those that a user cannot meet are in ``elsewhere.toml`` with the reason; ``--all`` lists them too.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from bundle import bundle_of, texts_of  # noqa: E402
from cache import cache  # noqa: E402

from stormdeck.model.symptoms.matching import matches  # noqa: E402
from stormdeck.model.symptoms.server_errors import server_error_in  # noqa: E402

_A_BODY = "500 words of a server"
"""Stands for what is filled in, where a text is only the frame around a server's words."""


def is_known(text: str) -> bool:
    """Return whether ``explain`` knows a text as such, not only a few of its words."""
    spellings = (text, f"API Error: {text}", text.replace("X", _A_BODY, 1))
    return any(server_error_in(one) is not None or any(not match.cut for match in matches(one)) for one in spellings)


def elsewhere() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the patterns of the texts that cannot happen here, each with its reason."""
    groups = tomllib.loads((HERE / "elsewhere.toml").read_text("utf-8"))["group"]
    return tuple((group["reason"], re.compile(pattern)) for group in groups for pattern in group["patterns"])


def unknown_in(folder: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Return the unknown texts of an installed Claude Code, and by reason those that cannot happen here."""
    bundle = bundle_of(folder)
    if bundle is None:
        raise FileNotFoundError(f"{folder} holds no Claude Code")
    unknown: list[str] = []
    excused: dict[str, list[str]] = {}
    patterns = elsewhere()
    for text in texts_of(bundle):
        if is_known(text):
            continue
        reason = next((reason for reason, pattern in patterns if pattern.search(text)), None)
        if reason is None:
            unknown.append(text)
        else:
            excused.setdefault(reason, []).append(text)
    return unknown, excused


def main(words: list[str]) -> int:
    """Print the unknown texts of a version that is in the cache."""
    versions = [word for word in words if not word.startswith("-")]
    lines = [] if versions else [__doc__ or ""]
    found = False
    for version in versions:
        unknown, excused = unknown_in(cache() / f"claude-code-{version}")
        found = found or bool(unknown)
        lines.append(
            f"{version}: {len(unknown)} unknown to explain, {sum(map(len, excused.values()))} cannot happen here"
        )
        lines += [f"  {text}" for text in unknown]
        for reason, texts in excused.items() if "--all" in words else ():
            lines += [f"{reason}:", *(f"  {text}" for text in texts)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if found or not versions else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
