"""What the panel costs: counted, not timed, so that a slow machine gives the same result (facts/textual.md 2.5)."""

import functools
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from textual.widgets import Input

from panel import AREAS, deliver, in_loop, show, until
from samples import CALM, FOUND, GPUS, NOW, PROXY, VLLM, WELL, WRONG, settings
from stormdeck.commands import cli, parsers
from stormdeck.model.editing import diff as difference
from stormdeck.model.editing import draft
from stormdeck.model.json_edit import nodes
from stormdeck.model.json_edit.document import Document
from stormdeck.model.logs.book import LogBook
from stormdeck.model.masking import json_entries
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.rules import spelling
from stormdeck.model.settings import scope
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.pages import RawScreen
from stormdeck.ui.widgets.logs.line import LineDrawer
from stormdeck.ui.widgets.logs.tail import LOOK_BACK
from stormdeck.ui.widgets.logs.view import LogView
from stormdeck.ui.widgets.panel import LivePanel, Panel
from stormdeck.ui.widgets.row_list import RowList
from stormdeck.ui.widgets.settings import form, row

SLOW = ("httpx", "psutil", "pynvml", "yaml", "prometheus_client", "starlette", "uvicorn", "watchfiles", "anyio")
WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)


def count(monkeypatch, owner, name):
    """Return a counter that grows with every call of a method."""
    calls, original = Counter(), getattr(owner, name)

    @functools.wraps(original)
    def counted(self, *args, **kwargs):
        calls[type(self).__name__] += 1
        return original(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, counted)
    return calls


@pytest.mark.parametrize("module", ["stormdeck.__main__", "stormdeck.ui.run", "stormdeck.ui.app"])
def test_no_slow_library_is_imported_before_the_first_paint(module):
    code = f"import sys, {module}; print(*[name for name in {SLOW!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_httpx_comes_without_its_command_line():
    code = "import sys, stormdeck.sources.net.http, httpx; print(*{'click', 'pygments', 'rich'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        pytest.param("prometheus_client.parser", {"http.server", "wsgiref", "socketserver"}, id="metrics"),
        pytest.param("watchfiles.main", {"multiprocessing", "watchfiles.run"}, id="watcher"),
    ],
)
def test_a_library_comes_without_the_parts_that_are_not_used(module, unused):
    code = (
        "import sys; from importlib import import_module; from stormdeck.sources.io.imports import *;"
        f"import_without_package({module!r}); import_module({module!r}); print(*{unused!r} & {{*sys.modules}});"
        f"print(len(import_module({module.partition('.')[0]!r}).__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, exported = done.stdout.splitlines()
    assert loaded == ""
    assert int(exported) > 0


def test_the_command_line_does_not_import_the_panel():
    code = "import sys, stormdeck.__main__; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_nothing_repaints_by_itself(panel, area):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await show(pilot, area)
        for widget in [pilot.app.screen, *pilot.app.screen.query("*")]:
            assert widget.auto_refresh is None
            assert not widget.loading
        assert not any(field.cursor_blink for field in pilot.app.screen.query(Input))


@in_loop
async def test_no_cursor_blinks_while_a_value_is_edited(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL)
        await show(pilot, "settings")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input))
        assert not pilot.app.focused.cursor_blink


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_an_area_takes_each_snapshot_once(panel, monkeypatch, area):
    taken = count(monkeypatch, Area, "take_deck")
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await show(pilot, area)
        taken.clear()
        await deliver(pilot, replace(VLLM, latency_ms=9))
        assert set(taken.values()) == {1}


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_areas_that_are_not_shown_are_not_drawn(panel, monkeypatch, area):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        for one in (*AREAS, area):
            await show(pilot, one)
        hidden = {id(widget) for widget in pilot.app.screen.query(Panel)}
        drawn = set()
        for kind, name in ((Panel, "render"), (LivePanel, "render_line")):
            original = getattr(kind, name)
            monkeypatch.setattr(
                kind, name, lambda self, *row, draw=original: (drawn.add(id(self)), draw(self, *row))[1]
            )
        await deliver(pilot, replace(VLLM, latency_ms=9), replace(CALM, requests_per_minute=9.0), WRONG)
        assert drawn
        assert drawn <= hidden


@in_loop
async def test_a_flood_of_lines_costs_no_more_than_the_lines_that_are_seen(panel, monkeypatch):
    async with panel(lines=[]).run_test(size=(120, 40)) as pilot:
        await show(pilot, "logs")
        height = pilot.app.screen.query_one(LogView).size.height
        drawn = count(monkeypatch, LineDrawer, "draw")
        pilot.app.book.add("a.log", [f"line {number}" for number in range(100_000)], NOW, {})
        for _ in range(100):
            pilot.app.notify_lines()
        await pilot.pause()
        assert 0 < drawn["LogView"] <= 4 * height


@in_loop
async def test_lines_that_come_while_no_log_is_shown_draw_nothing(panel, monkeypatch):
    async with panel(lines=[]).run_test(size=(120, 40)) as pilot:
        await show(pilot, "logs")
        await show(pilot, "checks")
        drawn = count(monkeypatch, LineDrawer, "draw")
        pilot.app.book.add("a.log", ["line"] * 1000, NOW, {})
        pilot.app.notify_lines()
        await pilot.pause()
        assert drawn == {}


@in_loop
async def test_the_tail_looks_back_a_bounded_way(panel, monkeypatch):
    async with panel(lines=[]).run_test(size=(120, 40)) as pilot:
        looked = count(monkeypatch, LogBook, "line")
        poll = 'INFO:     127.0.0.1:1 - "GET /health HTTP/1.1" 200 OK'
        pilot.app.book.add("a.log", [poll] * 100_000, NOW, {})
        pilot.app.notify_lines()
        await pilot.pause()
        assert 0 < looked["LogBook"] <= LOOK_BACK


def long_settings(count=3000, name="MY", value="x"):
    own = {f"{name}_{number:05}": value for number in range(count)}
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/v1", **own}
    return settings(json.dumps({"model": "sonnet", "env": env}, indent=2))


@pytest.mark.parametrize("size", [(120, 40), (40, 12)], ids=["120x40", "40x12"])
@pytest.mark.parametrize(
    ("name", "value"), [("MY", "x"), ("MY_KEY", "x"), ("MY_KEY", "sk-" + "a1" * 40), ("MY_KEY", "Bearer " + "b2" * 40)]
)
@in_loop
async def test_a_long_settings_file_costs_no_more_than_the_rows_that_are_seen(panel, monkeypatch, name, value, size):
    drawn, original = [], form.row_lines
    monkeypatch.setattr(form, "row_lines", lambda *row: (drawn.append(row[0].path), original(*row))[1])
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, long_settings(name=name, value=value))
        await show(pilot, "settings")
        assert len(drawn) < 300
        for key in ("down", "end", "up", "enter", "a", "enter", "u", "x", "n"):
            drawn.clear()
            await pilot.press(key)
            await pilot.pause()
            assert len(drawn) < 300, key
        assert len(pilot.app.screen.query("*")) < 60


@in_loop
async def test_a_hidden_form_runs_no_rules(panel, monkeypatch):
    asked, original = [], draft.findings_of
    monkeypatch.setattr(draft, "findings_of", lambda *given, **named: (asked.append(1), original(*given, **named))[1])
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await show(pilot, "settings")
        await show(pilot, "overview")
        asked.clear()
        for number in range(5):
            await deliver(pilot, replace(VLLM, latency_ms=number))
        assert asked == []
        await show(pilot, "settings")
        await until(pilot, lambda: asked, "the form does not catch up")
        assert pilot.app.screen.draft.deck is pilot.app.deck


@pytest.mark.parametrize("name", ["MY", "MY_KEY"])
@in_loop
async def test_the_raw_view_draws_the_lines_that_are_seen(panel, monkeypatch, name):
    drawn = count(monkeypatch, RawScreen, "_line")
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, long_settings(name=name))
        await show(pilot, "settings")
        await pilot.press("v")
        await until(pilot, lambda: drawn["RawScreen"])
        await pilot.press("end")
        await pilot.pause()
        assert drawn["RawScreen"] < 300


@in_loop
async def test_a_page_is_scrolled_in_one_step(panel, monkeypatch):
    drawn = count(monkeypatch, RowList, "render_line")
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, long_settings())
        await show(pilot, "settings")
        form = pilot.app.screen.query_one("#form")
        drawn.clear()
        await pilot.press("pagedown")
        await until(pilot, lambda: form.scroll_y == form.scroll_target_y > 0)
        await pilot.pause()
        assert drawn["RowList"] <= 4 * 40


@pytest.fixture
def read(monkeypatch):
    """What is read of a long file: characters searched for secrets, entries whose offsets are found, rows made."""
    counted = Counter()
    search, offsets, make = json_entries.may_hold_secret, nodes._read_entries, row._free

    def searched(text):
        counted["characters"] += len(text)
        return search(text)

    def found(entries, *place, **named):
        before = len(entries)
        end = offsets(entries, *place, **named)
        counted["entries"] += len(entries) - before
        return end

    def made(path):
        counted["rows"] += 1
        return make(path)

    monkeypatch.setattr(json_entries, "may_hold_secret", searched)
    monkeypatch.setattr(nodes, "_read_entries", found)
    monkeypatch.setattr(row, "_free", made)
    return counted


@pytest.mark.parametrize("name", ["MY", "MY_KEY"])
@in_loop
async def test_a_key_reads_only_the_changed_part_of_a_long_file(panel, read, name):
    long = long_settings(name=name)
    known_secrets(long)
    long.files[0].document.index()
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, long)
        read.clear()
        await show(pilot, "settings")
        opening = dict(read)
        steps = [
            ("end", "enter"),
            "b",
            "c",
            "backspace",
            "escape",
            "x",
            "u",
            "U",
            ("home", "x"),
            "u",
            "f",
            "u",
            "F",
            "u",
        ]
        steps += ["n", "v", "escape", "s", "escape", "r", "r", ("slash", "z", "enter"), "escape"]
        for keys in steps:
            read.clear()
            await pilot.press(*keys if isinstance(keys, tuple) else (keys,))
            await pilot.pause()
            assert read["characters"] < len(long.files[0].text) / 10, keys
            assert read["entries"] < 30, keys
            assert read["rows"] < 100, keys
        assert opening.get("characters", 0) < len(long.files[0].text) / 10
        assert opening.get("entries", 0) < 30
        assert opening.get("rows", 0) < 300


@in_loop
async def test_the_checks_compute_the_diff_of_a_fix_once(panel, monkeypatch):
    computed, original = [], draft.diff
    monkeypatch.setattr(draft, "diff", lambda *texts: (computed.append(1), original(*texts))[1])
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, long_settings())
        await show(pilot, "checks")
        await pilot.pause()
        assert len(computed) == 1


@pytest.mark.parametrize("argv", [["status", "--json"], ["config", "print"], ["--vllm", "http://a:1"]])
def test_a_command_line_has_the_options_of_one_command_built(monkeypatch, argv):
    built, original = [], parsers._add_options
    monkeypatch.setattr(parsers, "_add_options", lambda parser, flags: (built.append(parser), original(parser, flags)))
    cli.parse(argv)
    assert len(built) <= len([word for word in argv if not word.startswith("-")]) + 1


@in_loop
async def test_a_fix_of_all_looks_at_each_of_many_names_and_values_no_more(panel, monkeypatch):
    long = long_settings()
    known_secrets(long)
    long.files[0].document.index()
    converted, original = [], scope.as_text
    monkeypatch.setattr(scope, "as_text", lambda value: (converted.append(1), original(value))[1])
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, long)
        await show(pilot, "settings")
        for key in ("F", "u", "F"):
            converted.clear()
            await pilot.press(key)
            await pilot.pause()
        filtered = spelling._resembling.cache_info().misses
        assert len(converted) < 500
        await pilot.press("u", "F")
        await pilot.pause()
        assert spelling._resembling.cache_info().misses == filtered


def test_a_diff_of_two_long_texts_compares_few_lines_by_themselves(monkeypatch):
    compared, original = [], difference._run_of_equals
    monkeypatch.setattr(difference, "_run_of_equals", lambda pairs: (compared.append(1), original(pairs))[1])
    lines = [f'  "KEY_{number}": "value",\n' for number in range(20_000)]
    after = "".join([*lines[:9_000], '  "NEW": "value",\n', *lines[9_000:]])
    [before, added, behind] = difference.diff("".join(lines), after)
    assert (before.new, added.new, behind.new) == (9_000, 9_001, 9_002)
    assert added.text == '  "NEW": "value",'
    assert len(compared) <= 2


def test_an_entry_that_comes_or_goes_last_leaves_the_index_of_the_keys():
    document = Document.parse(json.dumps({"env": {f"MY_{number}": "x" for number in range(2000)}}, indent=2))
    assert document.has("env.MY_7")
    longer = document.set("env.NEW", "y")
    shorter = longer.remove("env.NEW").remove("env.MY_1999")
    for after, last in ((longer, "NEW"), (shorter, "MY_1998")):
        entries = after._object(("env",)).members
        assert entries._by_key is not None
        assert entries._by_key == {key: at for at, key in enumerate(entries.keys)}
        assert entries.keys[-1] == last
