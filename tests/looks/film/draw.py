"""Draw screenshots/demo.svg, the README's moving picture, from the recording of the demo: the same bytes everywhere.

A row that stays the same is drawn once, for as long as it stands; styles of SVG show and hide it. A viewer that does
not animate shows the moment ``POSTER_S`` of it.
"""

import json
from collections import Counter
from html import escape
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.text import Text

TESTS = Path(__file__).parents[2]
SIZE = (100, 30)
RECORDING = TESTS / "data" / "film" / "demo.jsonl"
PICTURE = TESTS.parent / "screenshots" / "demo.svg"
CELL, LINE, FONT = 8.4, 18, 14
"""Width of a cell, height of a row, and size of the letters, in pixels."""
MARGIN, CAPTION = 12, 34
POSTER_S = 8.0
FOREGROUND = "#e0e0e0"


def recording():
    """Return the frames, and the time at which they begin anew."""
    *frames, end = map(json.loads, RECORDING.read_text(encoding="utf-8").splitlines())
    return frames, end["t"]


def drawing(frames, end):
    """Return the moving picture."""
    rows = [rows_of(frame["screen"]) for frame in frames]
    ground = Counter(segment.style.bgcolor.name for segment in rows[0][0] if segment.style.bgcolor).most_common(1)[0][0]
    starts = [frame["t"] for frame in frames]
    tracks = [[draw_row(screen[number], number, ground) for screen in rows] for number in range(SIZE[1])]
    tracks.append([draw_caption(frame["caption"]) for frame in frames])
    width, height = SIZE[0] * CELL + 2 * MARGIN, SIZE[1] * LINE + 2 * MARGIN + CAPTION
    styles, shapes = [], []
    for track in tracks:
        for start, stop, shape in runs(track, starts, end):
            if (start, stop) == (0.0, end):
                shapes.append(shape)
            elif shape:
                styles.append(shown_between(len(styles), start, stop, end))
                shapes.append(f'<g class="s{len(styles) - 1}">{shape}</g>')
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
            "<title>stormdeck's demo: a retry storm, and a base URL with /v1</title>",
            f"<style>text{{font:{FONT}px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}}",
            *styles,
            "</style>",
            f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{ground}"/>',
            *filter(None, shapes),
            "</svg>\n",
        ]
    )


def rows_of(screen):
    """Return the rows of a screen as segments, filled up with blanks."""
    console = Console(width=SIZE[0], color_system="truecolor", legacy_windows=False)
    # As a whole: tmux names a colour once, where it begins, and it holds over the ends of rows.
    rows = Segment.split_lines(console.render(Text.from_ansi(screen, no_wrap=True, end="")))
    found = [list(Segment.simplify(row)) for row in rows]
    return [*found, *([] for _ in range(SIZE[1] - len(found)))][: SIZE[1]]


def draw_row(segments, number, ground):
    """Return the shapes of a row: its grounds where they differ from the picture's, and its letters."""
    shapes, column = [], 0
    for text, style, _ in segments:
        wide = cell_len(text)
        x, y = MARGIN + column * CELL, MARGIN + number * LINE
        fore, back = colours(style, ground)
        if back != ground:
            shapes.append(f'<rect x="{x:g}" y="{y:g}" width="{wide * CELL:g}" height="{LINE}" fill="{back}"/>')
        if letters := text.strip(" "):
            weight = ' font-weight="bold"' if style and style.bold else ""
            left = x + (len(text) - len(text.lstrip(" "))) * CELL
            place = f'x="{left:g}" y="{y + LINE - 5:g}" textLength="{cell_len(letters) * CELL:g}"'
            # A viewer may draw several blanks as one.
            shapes.append(f'<text {place} fill="{fore}"{weight}>{escape(letters).replace(" ", "&#160;")}</text>')
        column += wide
    return "".join(shapes)


def colours(style, ground):
    """Return the colours of letters and ground."""
    fore = style.color.get_truecolor().hex if style and style.color else FOREGROUND
    back = style.bgcolor.get_truecolor().hex if style and style.bgcolor else ground
    return (back, fore) if style and style.reverse else (fore, back)


def draw_caption(text):
    """Return the line below the screen, which says what is done or seen."""
    y = MARGIN + SIZE[1] * LINE + CAPTION / 2 + 6
    return f'<text x="{MARGIN}" y="{y:g}" fill="#8fb8ff" font-style="italic">{escape(text)}</text>'


def runs(track, starts, end):
    """Yield when a shape begins and ends, and the shape, for each stretch of frames in which it stays the same."""
    bounds = [*starts, end]
    for shape, members in groupby(range(len(track)), key=track.__getitem__):
        frames = list(members)
        yield bounds[frames[0]], bounds[frames[-1] + 1], shape


def shown_between(number, start, stop, end):
    """Return the style that shows a group from ``start`` to ``stop`` of each round of ``end`` seconds."""
    stops = {0.0: "visible" if start <= 0 else "hidden"}
    stops[start / end] = "visible"
    stops[stop / end] = "hidden"
    steps = "".join(f"{100 * at:.3f}%{{visibility:{seen}}}" for at, seen in sorted(stops.items()))
    poster = "visible" if start <= POSTER_S < stop else "hidden"
    animation = f"animation:k{number} {end:g}s step-end infinite"
    return f".s{number}{{visibility:{poster};{animation}}}@keyframes k{number}{{{steps}}}"


def main():
    """Draw the picture anew."""
    PICTURE.write_text(drawing(*recording()), encoding="utf-8")


if __name__ == "__main__":
    main()
