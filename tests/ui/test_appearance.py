"""The user's choice of theme, ASCII and colours, and the abilities of their terminal."""

import ast
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

import stormdeck
from fleets import FLEET
from panel import KEYS, cells, deliver, in_loop, make_app, rows_with, screen, settled, show, until
from samples import FOUND, GPUS, PROXY, STORMY, VLLM, WRONG
from stormdeck.model.overview_layout import LayoutPreferences
from stormdeck.model.status.bar import ascii_only
from stormdeck.model.symbols import UNKNOWN_CHARACTER
from stormdeck.model.theme_names import THEME_NAMES
from stormdeck.options import Options, load
from stormdeck.sources.state.theme import ThemeStore
from stormdeck.ui.appearance import Appearance, chosen_appearance, to_ascii
from stormdeck.ui.run import run_panel
from stormdeck.ui.themes import NAMES, READABLE, SIGNALS, THEMES, VISIBLE, contrast, full_name, tokens

EVERYTHING = (WRONG, FOUND, VLLM, PROXY, GPUS, STORMY)
UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
PACKAGE = Path(stormdeck.__file__).parent
TEXTS = ("foreground", "quiet", "faint", *SIGNALS)
GROUNDS = ("background", "surface", "panel")
READ_NOT_SHOWN = set("｜␇␡☀🀀µμ›")
"""Signs that the sources look for in other programs' output."""


def options(tmp_path, **flags):
    return load({name: [text] for name, text in flags.items()}, {"XDG_CONFIG_HOME": str(tmp_path)}).options


@pytest.mark.parametrize(
    "theme", [one for one in (*THEMES, *BUILTIN_THEMES.values()) if not one.ansi], ids=lambda theme: theme.name
)
def test_in_every_theme_text_is_readable_on_each_ground(theme):
    variables = {**theme.to_color_system().generate(), **theme.variables}
    colours = {**variables, **tokens(theme, variables)}
    parsed = {name: Color.parse(colours[name]) for name in (*TEXTS, *GROUNDS, "strip-ok")}
    assert {
        (text, ground) for text in TEXTS for ground in GROUNDS if contrast(parsed[text], parsed[ground]) < READABLE
    } == set()
    assert contrast(parsed["strip-ok"], parsed["background"]) >= VISIBLE


@in_loop
async def test_another_theme_is_taken_while_the_panel_runs():
    async with make_app().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *EVERYTHING)
        for theme in ("nord", "ansi-light", "stormdeck-ansi", "stormdeck-dark"):
            pilot.app.theme = theme
            await pilot.pause()
            assert rows_with(pilot.app, "RETRY STORM")


@pytest.mark.parametrize("area", ["logs", "settings", "checks"])
@in_loop
async def test_an_area_that_was_hidden_takes_the_theme_and_the_size_that_came_meanwhile(area):
    looks = []
    for meanwhile in (area, "overview"):
        async with make_app().run_test(size=(120, 40)) as pilot:
            await deliver(pilot, *EVERYTHING)
            await show(pilot, area)
            await show(pilot, meanwhile)
            pilot.app.theme = "stormdeck-light"
            await pilot.resize_terminal(60, 16)
            await show(pilot, area)
            await settled(pilot)
            looks.append(cells(pilot.app))
    assert looks[1] == looks[0]


@pytest.mark.parametrize(("theme", "least"), [("dark", 4.5), ("light", 4.5), ("high-contrast", 7.0)])
def test_the_own_themes_keep_the_contrast_that_they_promise(theme, least):
    own = next(one for one in THEMES if one.name == full_name(theme))
    for ground in (own.background, own.surface):
        for text in (own.foreground, own.success, own.warning, own.error, own.accent, own.variables["quiet"]):
            assert contrast(Color.parse(text), Color.parse(ground)) >= least


@in_loop
async def test_in_ascii_no_area_holds_another_character_and_severity_has_its_sign_and_word():
    async with make_app(look=Appearance(ascii=True)).run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *EVERYTHING, FLEET)
        assert "X RETRY STORM" in screen(pilot.app)
        for area in KEYS:
            await show(pilot, area)
            assert screen(pilot.app).isascii()
        await pilot.press("question_mark")
        await pilot.pause()
        assert screen(pilot.app).isascii()


def test_every_sign_that_the_panel_may_draw_has_a_stand_in():
    modules = [*PACKAGE.glob("ui/**/*.py"), *PACKAGE.glob("model/**/*.py")]
    nodes = [node for path in modules for node in ast.walk(ast.parse(path.read_text()))]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    signs = {character for text in texts for character in text if not character.isascii() and character.isprintable()}
    assert signs > set("●▲✖○◌…")
    assert {sign for sign in signs - READ_NOT_SHOWN if to_ascii(sign) == UNKNOWN_CHARACTER} <= set("○�")


def test_wide_characters_of_others_keep_their_columns():
    assert to_ascii("模型 é ●") == "???? ? *"


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        pytest.param({"TERM": "xterm"}, "stormdeck-ansi", id="16 colours"),
        pytest.param({"TERM": "screen"}, "stormdeck-ansi", id="screen"),
        pytest.param({"TERM": "xterm-256color"}, "nord", id="256 colours"),
        pytest.param({"TERM": "xterm", "COLORTERM": "truecolor"}, "nord", id="all colours"),
    ],
)
def test_a_terminal_with_sixteen_colours_gets_its_own(environ, theme, tmp_path):
    assert chosen_appearance(options(tmp_path), "nord", {"LANG": "C.UTF-8", **environ}).theme == theme
    assert chosen_appearance(options(tmp_path, theme="dracula"), "nord", environ).theme == "dracula"


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        pytest.param(UTF8, False, id="UTF-8"),
        pytest.param({"LC_CTYPE": "C.UTF-8"}, False, id="as Python sets it for the C locale"),
        pytest.param({**UTF8, "LC_ALL": "C"}, True, id="C for everything"),
        pytest.param({"LANG": "de_DE.ISO-8859-1", "TERM": "xterm"}, True, id="Latin-1"),
        pytest.param({**UTF8, "TERM": "linux"}, True, id="the console"),
        pytest.param({**UTF8, "TERM": "dumb"}, True, id="dumb"),
    ],
)
def test_ascii_is_chosen_where_the_terminal_is_not_known_to_show_more(environ, plain, tmp_path):
    assert ascii_only(environ) is plain
    assert chosen_appearance(options(tmp_path), "", environ).ascii is plain
    assert chosen_appearance(options(tmp_path, ascii="off"), "", environ).ascii is False


@in_loop
async def test_without_colours_bands_of_the_strip_differ_by_their_signs(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with make_app().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *EVERYTHING)
        (legend,) = rows_with(pilot.app, "retry ")
        assert "█ ok" in legend
        assert "▒ failed" in legend
        assert "▓ retry" in legend
        assert all(len({*colour}) == 1 for colour in colours_of(pilot.app))


def colours_of(app):
    """Yield red, green and blue of every colour on the screen."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                if colour is not None and colour.triplet is not None:
                    yield tuple(colour.triplet)


@in_loop
async def test_a_theme_chosen_in_the_panel_is_there_at_the_next_start(tmp_path):
    memory = ThemeStore(tmp_path / "state" / "theme")
    app = make_app()
    app.keep_theme = memory.save
    async with app.run_test(size=(80, 24)) as pilot:
        pilot.app.theme = "stormdeck-light"
        await pilot.pause()
    assert chosen_appearance(options(tmp_path), memory.load(), UTF8).theme == "light"
    assert chosen_appearance(options(tmp_path, theme="nord"), memory.load(), UTF8).theme == "nord"


@pytest.mark.parametrize("remembered", ["", "no-such-theme", "\x1b[31m"], ids=["nothing", "gone", "damaged"])
def test_without_a_theme_that_there_is_the_default_is_taken(remembered, tmp_path):
    assert chosen_appearance(options(tmp_path), remembered, UTF8).theme == "stormdeck-dark"


@in_loop
async def test_a_theme_that_cannot_be_kept_is_used_and_says_so(tmp_path):
    (tmp_path / "file").touch()
    app = make_app()
    app.keep_theme = ThemeStore(tmp_path / "file" / "theme").save
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        pilot.app.theme = "nord"
        await until(pilot, lambda: rows_with(pilot.app, "is not kept for"))


def test_a_theme_that_does_not_exist_is_reported_with_its_neighbours_and_all_there_are(tmp_path, capsys):
    assert run_panel(Options(theme="hihg-contrast", home=tmp_path)) == 2
    said = capsys.readouterr().err
    assert 'unknown theme "hihg-contrast"; did you mean high-contrast' in said
    assert all(name in said for name in ("dark", "ansi", "nord", "tokyo-night"))


def test_a_shell_completes_the_themes_that_there_are():
    assert THEME_NAMES == NAMES


@in_loop
async def test_panels_are_shown_in_the_order_wanted_and_no_other():
    look = Appearance(preferences=LayoutPreferences(("log", "gpus", "verdict")))
    async with make_app(look=look).run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *EVERYTHING)
        shown = screen(pilot.app)
        assert shown.index("LOG") < shown.index("GPU  driver") < shown.index("RETRY STORM")
        assert "REQUESTS" not in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("verdict,gpu", 'found "gpu"; did you mean gpus?'),
        ("log,log", '"log" is given twice'),
        ("log,,gpus", "found nothing"),
    ],
    ids=["unknown", "twice", "empty"],
)
def test_panels_that_cannot_be_shown_are_reported(text, words):
    (problem,) = load({"panels": [text]}, {}, with_file=False).problems
    assert words in str(problem)
