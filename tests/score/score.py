"""Score stormdeck on labelled recordings of real clients: ``make score``, or with folders of your own as arguments."""

import sys
from dataclasses import dataclass
from pathlib import Path

RECORDINGS = Path(__file__).parents[1] / "recordings"
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[1] / "helpers" / "network"))

from detectors import DETECTORS  # noqa: E402
from judge import NUMBERS, judge  # noqa: E402
from noise_score import LARGE, OPENED, OTHERS, UNTOUCHED, noise_table  # noqa: E402


@dataclass(frozen=True)
class Total:
    """All recordings together, strictly matched."""

    scored: tuple

    def sum(self, name):
        """Return the sum of a number over all recordings."""
        return sum(getattr(one, name) for one in self.scored)

    @property
    def precision(self):
        """Return the share of the storms found that are true."""
        hits, false = self.sum("hits"), self.sum("false")
        return hits / (hits + false) if hits + false else 1.0

    @property
    def recall(self):
        """Return the share of the true main storms that are found."""
        hits, missed = self.sum("hits"), self.sum("missed")
        return hits / (hits + missed) if hits + missed else 1.0

    @property
    def f1(self):
        """Return the harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def recall_visible(self):
        """Return the share of the visible main storms that are found."""
        return self.sum("visible_hits") / max(1, self.sum("visible"))

    @property
    def matched(self):
        """Return the storms that were matched, auxiliary ones included."""
        return sum(len(one.matched) for one in self.scored)

    def right(self, number, within=0):
        """Return the recordings in which a count is right."""
        return sum(one.off(number) <= within for one in self.scored)


def recordings(root):
    """Return the labelled recordings below a folder."""
    return sorted(path.parent for path in root.glob("*/truth.json"))


def total_of(folders, detector):
    """Return the score of a detector."""
    return Total(tuple(judge(folder, detector(folder)) for folder in folders))


def table(totals):
    """Return the scores of several detectors, line by line."""
    count = len(next(iter(totals.values())).scored)
    storms = next(iter(totals.values()))
    rows = [("", list(totals))]
    rows += [
        (name, [f"{getattr(total, key):.3f}" for total in totals.values()])
        for name, key in [("precision", "precision"), ("recall", "recall"), ("F1", "f1")]
    ]
    rows.append(("recall, visible storms", [f"{total.recall_visible:.3f}" for total in totals.values()]))
    for name, key in [("found", "hits"), ("missed", "missed"), ("false", "false"), ("false alarms", "false_alarm")]:
        rows.append((name, [str(total.sum(key)) for total in totals.values()]))
    for name, key in [("cause right", "causes_right"), ("outcome right", "outcomes_right")]:
        rows.append((name, [f"{total.sum(key)}/{total.matched}" for total in totals.values()]))
    for number in NUMBERS:
        within = int(number == "probes")
        rows.append((f"{number} right", [f"{total.right(number, within)}/{count}" for total in totals.values()]))
    widths = [max(len(row[1][at]) for row in rows) for at in range(len(totals))]
    head = f"{count} recordings, {storms.sum('hits') + storms.sum('missed')} storms, {storms.sum('visible')} visible\n"
    return [
        head,
        *(
            f"{name:24}" + "  ".join(text.rjust(width) for text, width in zip(cells, widths, strict=True))
            for name, cells in rows
        ),
    ]


def wrong(total):
    """Yield a line for every recording with a storm missed or made up, or with a count that is not right."""
    for one in total.scored:
        counts = [f"{name} {one.found[name]}, not {one.true['totals'][name]}" for name in NUMBERS if one.off(name)]
        storms = [f"{one.missed} missed"] * bool(one.missed) + [f"{one.false} false"] * bool(one.false)
        if counts or storms:
            yield f"  {one.name}: {'; '.join(storms + counts)}"


def main(roots):
    """Print the table, then where stormdeck is wrong."""
    folders = [folder for root in roots for folder in recordings(root)]
    if not folders:
        sys.exit(f"no recordings (NAME/truth.json) below {', '.join(map(str, roots))}")
    totals = {name: total_of(folders, detector) for name, detector in DETECTORS.items()}
    lines = table(totals)
    for name in list(totals)[:3]:
        lines += ["", f"wrong, {name}:", *wrong(totals[name])]
    if roots == [RECORDINGS]:
        lines += ["", *noise_table(LARGE, UNTOUCHED)]
        lines += ["", *noise_table(OPENED, UNTOUCHED, "the first 20 seconds")]
        lines += ["", *noise_table(OTHERS, UNTOUCHED, "retries of other clients")]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]] or [RECORDINGS])
