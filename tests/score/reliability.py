"""How often a storm that is called likely is one: what the odds say against what is true, as a table and a picture.

``python tests/score/reliability.py`` writes docs/how-sure.svg and prints the table.
"""

import sys
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))
sys.path.insert(0, str(ROOT / "tests" / "helpers" / "network"))

from noise_score import UNTOUCHED, storms_of  # noqa: E402

from noise import Noise, labelled  # noqa: E402
from stormdeck.model.retries.analyzer import RetryAnalyzer  # noqa: E402
from stormdeck.model.retries.odds.confidence import expected_by_chance  # noqa: E402

BINS = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.01))
MIXED = [
    Noise(rate, failing, users, connections, length_s=600, sdk=sdk)
    for rate, failing, users, connections, sdk in product(
        (0.05, 0.2, 0.8, 2), (0.05, 0.2, 0.5), (1, 10), ("kept", "new"), ("claude", "")
    )
]
"""Traffic with the client's own retries, and the same without any."""
SIZE, EDGE = 360, 50


def judged(kinds, seed=UNTOUCHED):
    """Yield what the odds say of each chain that looks like a storm, from 0 to 1, and whether it is one."""
    for noise in kinds:
        asked = labelled(noise, seed)
        analyzer = RetryAnalyzer()
        analyzer.take_events(enumerate(request for request, _ in asked))
        analyzer.report()
        true = storms_of(asked)
        for chain in analyzer.tracker.chains:
            if chain.is_storm:
                said = 1 / (1 + expected_by_chance(chain, analyzer._judge.density))
                yield said, any(first <= chain.last and chain.started <= last for first, last in true)


def binned(pairs):
    """Return for each bin: its number of chains, what is said on average, and the share that is true."""
    pairs, rows = list(pairs), []
    for low, high in BINS:
        inside = [(said, true) for said, true in pairs if low <= said < high]
        if inside:
            rows.append((len(inside), sum(s for s, _ in inside) / len(inside), sum(t for _, t in inside) / len(inside)))
    return rows


def table(rows):
    """Return the rows as Markdown."""
    lines = ["| chains | said | true |", "| ---: | ---: | ---: |"]
    return [*lines, *(f"| {count} | {said:.0%} | {true:.0%} |" for count, said, true in rows)]


def picture(rows):
    """Return the reliability diagram as SVG: on the dashed line, what is said is true."""

    def place(said, true):
        return EDGE + said * (SIZE - 2 * EDGE), SIZE - EDGE - true * (SIZE - 2 * EDGE)

    (left, bottom), (right, top) = place(0, 0), place(1, 1)
    points = [place(said, true) for _, said, true in rows]
    text = 'font-family="sans-serif" font-size="12" fill="#888"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">',
        f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#888"/>',
        f'<path d="M{left} {bottom}L{right} {top}" stroke="#888" stroke-dasharray="4 4"/>',
        f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}" fill="none" stroke="#2a7de1" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#2a7de1"/>' for x, y in points),
        f'<text x="{SIZE / 2}" y="{SIZE - 14}" text-anchor="middle" {text}>said: a storm, from 0 to 100 %</text>',
        f'<text x="16" y="{SIZE / 2}" text-anchor="middle" transform="rotate(-90 16 {SIZE / 2})" {text}>true</text>',
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    found = binned(judged(MIXED))
    (ROOT / "docs" / "how-sure.svg").write_text(picture(found))
    sys.stdout.write("\n".join(table(found)) + "\n")
