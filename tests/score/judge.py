"""How well a detector did on one recording: the rules of the score.

A storm is one request that was sent three times or more. A storm that was found matches a true one when their times
touch within 5 s and, strictly, when the attempts differ by one at most; each is matched once, as many as possible.
Storms of auxiliary requests are optional: found, they are not false; not found, they are not missed. A storm is
visible when two of its attempts or more left a line with a status of 400 or above.
"""

import json
from dataclasses import dataclass
from pathlib import Path

TOUCH_S = 5.0
NUMBERS = ("http_requests", "probes", "main_requests", "retries")


@dataclass(frozen=True)
class Scored:
    """One recording."""

    name: str
    true: dict
    found: dict
    matched: tuple[tuple[dict, dict], ...]
    """Strictly: a storm that was found, and the true one."""
    loosely: int
    """True main storms that were found, whatever their attempts."""

    @property
    def hits(self):
        """Return the main storms that were found."""
        return sum(storm["class"] == "main" for _, storm in self.matched)

    @property
    def visible_hits(self):
        """Return those of them that are visible."""
        return sum(is_visible(storm) for _, storm in self.matched)

    @property
    def visible(self):
        """Return the visible main storms."""
        return sum(map(is_visible, self.true["storms"]))

    @property
    def missed(self):
        """Return the main storms that were not found."""
        return sum(storm["class"] == "main" for storm in self.true["storms"]) - self.hits

    @property
    def false(self):
        """Return the storms that match none."""
        return len(self.found["storms"]) - len(self.matched)

    @property
    def false_alarm(self):
        """Tell whether a storm was found where there is none."""
        return bool(self.found["storms"]) and not self.true["storms"]

    @property
    def causes_right(self):
        """Return the matched storms whose cause is right: the commonest, or the first."""
        return sum(
            str(found["cause"]) in {str(storm["status_or_cause"]), *map(str, storm["causes"][:1])}
            for found, storm in self.matched
        )

    @property
    def outcomes_right(self):
        """Return the matched storms whose outcome (recovered or not) is right."""
        return sum(bool(found["recovered"]) == storm["recovered"] for found, storm in self.matched)

    def off(self, number):
        """Return by how much a count is wrong."""
        return abs(self.true["totals"][number] - self.found[number])


def judge(folder: Path, found: dict) -> Scored:
    """Compare what a detector found with the truth of a recording."""
    true = json.loads((folder / "truth.json").read_text())
    strict = match(found["storms"], true["storms"], strict=True)
    loose = match(found["storms"], true["storms"], strict=False)
    return Scored(
        name=true["name"],
        true=true,
        found=found,
        matched=tuple((found["storms"][at], true["storms"][index]) for at, index in strict.items()),
        loosely=sum(true["storms"][index]["class"] == "main" for index in loose.values()),
    )


def is_visible(storm):
    """Tell whether the log can show a main storm."""
    return storm["class"] == "main" and storm["error_lines"] >= 2


def match(found, true, *, strict):
    """Return the index of the true storm by that of the found one: the most pairs there can be, main storms first."""
    fitting = {index: _fitting(storm, found, strict) for index, storm in enumerate(true)}
    pairs: dict[int, int] = {}

    def claim(index, tried):
        for at in fitting[index]:
            if at in tried:
                continue
            tried.add(at)
            if at not in pairs or claim(pairs[at], tried):
                pairs[at] = index
                return True
        return False

    for index in sorted(fitting, key=lambda index: true[index]["class"] != "main"):
        claim(index, set())
    return pairs


def _fitting(storm, found, strict):
    """Return the indices of the found storms that may be a true one, the closest first."""

    def apart(at):
        return abs(found[at]["attempts"] - storm["attempts"])

    def away(at):
        return abs((found[at]["started"] or storm["start_t"]) - storm["start_t"])

    near = [at for at, other in enumerate(found) if _touch(other, storm) and not (strict and apart(at) > 1)]
    return sorted(near, key=lambda at: (apart(at), away(at)))


def _touch(found, storm):
    if found["started"] is None:
        return True
    ended = found["started"] if found.get("ended") is None else max(found["ended"], found["started"])
    return found["started"] <= storm["end_t"] + TOUCH_S and ended >= storm["start_t"] - TOUCH_S
