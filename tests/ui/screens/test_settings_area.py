"""The form: what is typed is checked at once, and only what was changed is written."""

import pytest
from textual.events import Paste
from textual.widgets import Input

from feeds import FileFeed
from panel import deliver, in_loop, rows_with, screen, show, until
from samples import BROKEN, NO_FILE, NOT_JSON, PITFALLS, TOKEN, VLLM, WELL, WELL_SET, WRONG, settings
from stormdeck.model.finding import Severity
from stormdeck.model.settings.fields import FIELDS
from stormdeck.model.settings.scope import Scope
from stormdeck.ui.widgets.settings.field_row import FieldRow

WIDE = (120, 60)
URL, MODEL, QUIET = "env.ANTHROPIC_BASE_URL", "model", "env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"


@pytest.fixture
def on_file(panel, tmp_path):
    """Return a panel on a real settings file and that file."""

    def make(text):
        home = tmp_path / "home"
        file = home / ".claude" / "settings.json"
        file.parent.mkdir(parents=True)
        if text is not None:
            file.write_text(text)
        app = panel(home=home)
        app.feed = FileFeed(app, home)
        return app, file

    return make


def state(pilot, path):
    """Return what the row of a setting shows."""
    return pilot.app.screen.form.state(path)


async def go_to(pilot, path):
    pilot.app.screen.go_to(path)
    await until(pilot, lambda: isinstance(pilot.app.focused, FieldRow) and pilot.app.focused.field.path == path)


async def begin(pilot, path):
    """Begin to edit a row; its input is empty then."""
    await go_to(pilot, path)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.focused, Input), "no input")
    await pilot.press("ctrl+u")


async def paste(pilot, text):
    """Put a text into the input at once, as a terminal's paste does."""
    pilot.app.focused.post_message(Paste(text))
    await pilot.pause()


async def opened(pilot, *snapshots):
    await deliver(pilot, *snapshots)
    await show(pilot, "settings")
    await until(pilot, lambda: isinstance(pilot.app.focused, FieldRow), "no row is the current one")


@in_loop
async def test_a_bad_address_is_named_while_it_is_typed(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await begin(pilot, URL)
        await paste(pilot, "http://127.0.0.1:8000")
        await until(pilot, lambda: state(pilot, URL).value == "http://127.0.0.1:8000")
        assert not rows_with(pilot.app, "URL101")
        await pilot.press(*"/v1")
        await until(pilot, lambda: rows_with(pilot.app, "URL101  ends in /v1"), "not checked while typing")
        assert isinstance(pilot.app.focused, Input)


@in_loop
async def test_escape_drops_what_was_typed(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        before = screen(pilot.app)
        await begin(pilot, URL)
        await paste(pilot, "http://elsewhere/v1")
        await until(pilot, lambda: rows_with(pilot.app, "URL101"))
        await pilot.press("escape")
        await until(pilot, lambda: screen(pilot.app) == before, "escape left something")


@in_loop
async def test_enter_keeps_what_was_typed_and_undo_takes_it_back(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        before = screen(pilot.app)
        await begin(pilot, URL)
        await paste(pilot, "http://box:9")
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "• Base URL              http://box:9"))
        assert rows_with(pilot.app, "1 unsaved")
        await pilot.press("u")
        await until(pilot, lambda: screen(pilot.app) == before, "undo left something")


@in_loop
async def test_walking_away_keeps_what_was_typed(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await begin(pilot, URL)
        await paste(pilot, "http://box:9")
        await pilot.press("down")
        await until(pilot, lambda: isinstance(pilot.app.focused, FieldRow), "the input stays open")
        assert pilot.app.focused.field.path != URL
        assert rows_with(pilot.app, "• Base URL              http://box:9")


@pytest.mark.parametrize(("there", "back"), [("down", "up"), ("tab", "shift+tab")])
@in_loop
async def test_the_keys_go_from_value_to_value_and_round_the_end(panel, there, back):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await pilot.press(there)
        await until(pilot, lambda: pilot.app.focused.field is FIELDS[1])
        await pilot.press(back, back)
        await until(pilot, lambda: pilot.app.focused.field is pilot.app.screen.form.fields[-1])
        await pilot.press(there)
        await until(pilot, lambda: pilot.app.focused.field is FIELDS[0])


@in_loop
async def test_a_click_on_a_row_that_is_gone_changes_nothing(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, WRONG)
        await show(pilot, "settings")
        form = pilot.app.screen.form
        before = form.row.field.path
        form.go_to_row(10_000)
        assert form.row.field.path == before


@in_loop
async def test_a_click_goes_to_a_value_and_a_second_one_edits_it(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        place = next(at for at, text in enumerate(screen(pilot.app).splitlines()) if " Haiku" in text)
        await pilot.click(offset=(10, place))
        await until(pilot, lambda: pilot.app.focused.field.path == "env.ANTHROPIC_DEFAULT_HAIKU_MODEL")
        await pilot.click(offset=(10, place), times=2)
        await until(pilot, lambda: isinstance(pilot.app.focused, Input), "not edited")


@in_loop
async def test_the_fix_key_repairs_the_value(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WRONG)
        assert rows_with(pilot.app, "f  set it to http://127.0.0.1:4000")
        await pilot.press("f")
        await until(pilot, lambda: not rows_with(pilot.app, "URL101  ends"), "not repaired")
        assert state(pilot, URL).value == "http://127.0.0.1:4000"


@pytest.mark.parametrize(("key", "token"), [("enter", "dummy"), ("escape", None)])
@in_loop
async def test_a_fix_that_changes_who_pays_is_taken_after_its_diff_was_seen(panel, key, token):
    text = '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}'
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(text))
        await go_to(pilot, "env.ANTHROPIC_AUTH_TOKEN")
        await pilot.press("f")
        await until(pilot, lambda: rows_with(pilot.app, "This changes who pays"), "not asked")
        assert state_of(pilot, "env.ANTHROPIC_AUTH_TOKEN") is None
        await pilot.press(key)
        await until(pilot, lambda: state_of(pilot, "env.ANTHROPIC_AUTH_TOKEN") == token)


def state_of(pilot, path):
    """Return the value of a setting in the draft, whatever screen lies on top of the form."""
    form = next(screen for screen in pilot.app.screen_stack if hasattr(screen, "draft"))
    return form.draft.value(path)


@in_loop
async def test_fix_all_leaves_no_finding_with_a_safe_fix_and_saves_nothing(on_file):
    app, file = on_file(PITFALLS)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.deck.settings.files)
        await opened(pilot)
        await pilot.press("F")
        loud = {Severity.ERROR, Severity.WARNING}
        await until(
            pilot,
            lambda: not [one for one in app.screen.draft.findings if one.fix and one.fix.safe and one.severity in loud],
        )
        assert rows_with(app, "2 unsaved")
        assert file.read_text() == PITFALLS


@in_loop
async def test_next_finding_goes_round(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WRONG)
        seen = []
        for _ in range(4):
            await pilot.press("n")
            seen.append(pilot.app.focused.field.name)
        assert seen[0] == "ANTHROPIC_DEFAULT_HAIKU_MODEL"
        assert seen[3] == seen[0]
        assert len(set(seen)) == 3


@in_loop
async def test_a_save_shows_the_changed_lines_and_writes_those_bytes_alone(on_file):
    app, file = on_file(PITFALLS)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.deck.settings.files)
        await opened(pilot)
        await pilot.press("f", "s")
        await until(pilot, lambda: rows_with(app, "SAVE"), "no diff")
        shown = screen(app)
        assert '-     "ANTHROPIC_BASE_URL": "http://127.0.0.1:4000/v1",' in shown
        assert '+     "ANTHROPIC_BASE_URL": "http://127.0.0.1:4000",' in shown
        assert "MY_TEAM_NOTE" not in shown
        assert TOKEN not in shown
        assert file.read_text() == PITFALLS
        await pilot.press("enter")
        await until(pilot, lambda: file.read_text() != PITFALLS, "not written")
        assert file.read_text() == PITFALLS.replace(":4000/v1", ":4000")
        await until(pilot, lambda: not rows_with(app, "unsaved"), "still unsaved")
    (copy,) = (file.parents[1] / ".local" / "state" / "stormdeck" / "backups").iterdir()
    assert copy.read_text() == PITFALLS


@pytest.mark.parametrize("key", ["escape", "n", "q"])
@in_loop
async def test_a_diff_that_is_refused_writes_nothing_and_keeps_the_edits(on_file, key):
    app, file = on_file(PITFALLS)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.deck.settings.files)
        await opened(pilot)
        await pilot.press("f", "s")
        await until(pilot, lambda: rows_with(app, "SAVE"))
        await pilot.press(key)
        await until(pilot, lambda: rows_with(app, "1 unsaved"))
        assert app.is_running
    assert file.read_text() == PITFALLS


@in_loop
async def test_a_first_save_makes_the_file(on_file):
    app, file = on_file(None)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.deck.settings.files)
        await opened(pilot)
        assert rows_with(app, "No such file yet")
        await begin(pilot, URL)
        await paste(pilot, "http://box:9")
        await pilot.press("enter", "s")
        await until(pilot, lambda: rows_with(app, "SAVE"))
        await pilot.press("enter")
        await until(pilot, file.exists, "not made")
        assert '"ANTHROPIC_BASE_URL": "http://box:9"' in file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600


@in_loop
async def test_a_file_that_changed_under_the_diff_is_not_overwritten(on_file):
    app, file = on_file(PITFALLS)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until(pilot, lambda: app.deck.settings.files)
        await opened(pilot)
        await pilot.press("f", "s")
        await until(pilot, lambda: rows_with(app, "SAVE"))
        theirs = PITFALLS.replace("sonnet", "opus")
        file.write_text(theirs)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(app, "Not saved"), "the refusal is not told")
        assert file.read_text() == theirs
        await until(pilot, lambda: rows_with(app, "Another program changed"), "the choice is not offered")
        await pilot.press("escape")
        await until(pilot, lambda: rows_with(app, "1 unsaved"))
        assert state(pilot, MODEL).value == "opus"
        assert file.read_text() == theirs


@in_loop
async def test_unsaved_edits_survive_a_change_from_outside(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WRONG)
        await pilot.press("f")
        await deliver(pilot, settings(PITFALLS.replace('"sonnet"', '"opus"')))
        await until(pilot, lambda: state(pilot, MODEL).value == "opus", "the change is not shown")
        assert state(pilot, URL).value == "http://127.0.0.1:4000"
        assert rows_with(pilot.app, "1 unsaved")


@in_loop
async def test_a_change_from_outside_does_not_disturb_who_is_typing(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await begin(pilot, URL)
        await paste(pilot, "http://bo")
        await deliver(pilot, settings(WELL_SET.replace('"sonnet"', '"opus"')))
        await paste(pilot, "x:9")
        await pilot.press("enter")
        await until(pilot, lambda: state(pilot, URL).value == "http://box:9")
        assert state(pilot, MODEL).value == "opus"


@in_loop
async def test_a_switch_flips_with_enter_and_back(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await go_to(pilot, QUIET)
        await pilot.press("enter")
        await until(pilot, lambda: state(pilot, QUIET).value is None, "not switched off")
        assert rows_with(pilot.app, "TRAFFIC401")
        await pilot.press("enter")
        await until(pilot, lambda: state(pilot, QUIET).value == "1", "not switched on")
        assert not rows_with(pilot.app, "unsaved")


@in_loop
async def test_a_value_is_removed(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await go_to(pilot, MODEL)
        await pilot.press("x")
        await until(pilot, lambda: state(pilot, MODEL).value is None)
        assert rows_with(pilot.app, "• Model                 not set")


@pytest.mark.parametrize("text", [WELL_SET, NOT_JSON], ids=["JSON", "broken JSON"])
@in_loop
async def test_a_secret_is_masked_in_every_area(panel, text):
    async with panel().run_test(size=WIDE) as pilot:
        await deliver(pilot, settings(text))
        for area in ("overview", "logs", "settings", "checks"):
            await show(pilot, area)
            assert TOKEN not in screen(pilot.app)


@in_loop
async def test_a_secret_is_shown_on_request_and_hidden_again(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await pilot.press("r")
        await until(pilot, lambda: rows_with(pilot.app, TOKEN), "not revealed")
        await pilot.press("r")
        await until(pilot, lambda: not rows_with(pilot.app, TOKEN), "not hidden")


@in_loop
async def test_a_secret_that_is_typed_is_hidden(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await begin(pilot, "env.ANTHROPIC_AUTH_TOKEN")
        await paste(pilot, "sk-other")
        assert "sk-other" not in screen(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "1 unsaved"))
        assert "sk-other" not in screen(pilot.app)


@in_loop
async def test_a_broken_file_is_shown_with_its_place_and_left_alone(on_file):
    app, file = on_file(NOT_JSON)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.deck.settings.files)
        await opened(pilot)
        assert rows_with(app, "line 3, column 3")
        for key in ("enter", "f", "x", "s"):
            await pilot.press(key)
        assert not isinstance(app.focused, Input)
        assert app.screen.draft.edits == ()
    assert file.read_text() == NOT_JSON


@in_loop
async def test_a_broken_file_is_fixed_only_after_its_diff_was_seen(on_file):
    app, file = on_file(NOT_JSON)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.deck.settings.files)
        await opened(pilot)
        await pilot.press("F")
        await until(pilot, lambda: rows_with(app, '+   "model": "sonnet",'), "no diff")
        assert TOKEN not in screen(app)
        assert file.read_text() == NOT_JSON
        await pilot.press("enter")
        await until(pilot, lambda: file.read_text() == WELL_SET, "not mended")


@in_loop
async def test_a_broken_file_that_is_fixed_outside_can_be_edited(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, BROKEN)
        await deliver(pilot, WELL)
        assert not rows_with(pilot.app, "line 3, column 3")
        await begin(pilot, URL)


@in_loop
async def test_a_file_that_may_not_be_written_is_shown_and_not_edited(panel):
    async with panel().run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot, settings(WELL_SET, writable=False))
        assert rows_with(pilot.app, "Read-only: you may not write")
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "cannot be edited"), "not told")
        assert pilot.app.screen.draft.edits == ()


@in_loop
async def test_nothing_is_said_of_values_before_they_are_read(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert rows_with(pilot.app, "not read yet")
        assert not rows_with(pilot.app, "AUTH201")


@in_loop
async def test_who_wins_over_a_value_is_reported(panel):
    local = settings('{"model": "opus"}', scope=Scope.LOCAL).files[0]
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(WELL_SET, others=[local]))
        (model,) = rows_with(pilot.app, "   Model   ")
        assert "local" in model


@in_loop
async def test_the_ids_that_are_served_are_offered(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, NO_FILE, VLLM)
        await begin(pilot, MODEL)
        await paste(pilot, "qwe")
        await until(pilot, lambda: rows_with(pilot.app, "qwen3.5-27B"), "no suggestion")
        await pilot.press("right", "enter")
        await until(pilot, lambda: state(pilot, MODEL).value == "Qwen3.5-27B")


@in_loop
async def test_a_number_that_is_none_is_named_while_it_is_typed(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, WELL)
        await begin(pilot, "env.API_TIMEOUT_MS")
        await paste(pilot, "10min")
        await until(pilot, lambda: rows_with(pilot.app, "whole number of milliseconds"), "not checked while typing")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)], ids=["120x40", "80x24", "40x12"])
@in_loop
async def test_the_label_of_the_row_that_one_is_on_is_in_sight(panel, size):
    async with panel().run_test(size=size) as pilot:
        await opened(pilot, WRONG)
        for field in FIELDS[:12]:
            assert pilot.app.focused.field is field
            await until(pilot, lambda field=field: rows_with(pilot.app, f" {field.label}"), f"{field.label} is hidden")
            await pilot.press("down")


@in_loop
async def test_the_form_is_masked_against_escape_sequences_in_values(panel):
    hostile = WELL_SET.replace("sonnet", r"son\u001b[2Jnet[b]").replace("Kim", r"\u202eKim")
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(hostile))
        assert rows_with(pilot.app, "sonnet[b]")


@in_loop
async def test_the_down_key_picks_what_the_server_serves_while_a_value_is_edited(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(WELL_SET), VLLM)
        await begin(pilot, "env.ANTHROPIC_DEFAULT_HAIKU_MODEL")
        pilot.app.focused.value = ""
        await pilot.press("down")
        await until(pilot, lambda: pilot.app.focused.value == "Qwen3.5-27B")


@in_loop
async def test_an_edit_stays_with_its_scope(panel):
    local = settings('{"model": "opus"}', scope=Scope.LOCAL).files[0]
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(WELL_SET, others=[local]))
        await go_to(pilot, MODEL)
        await pilot.press("x", "right")
        await until(pilot, lambda: state(pilot, MODEL).value == "opus")
        assert not state(pilot, MODEL).modified
        await pilot.press("left")
        await until(pilot, lambda: state(pilot, MODEL).modified)
        assert state(pilot, MODEL).value is None


@in_loop
async def test_a_value_that_a_stronger_scope_sets_is_struck_through(panel):
    local = settings('{"model": "opus"}', scope=Scope.LOCAL).files[0]
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(WELL_SET, others=[local]))
        assert state(pilot, MODEL).loses
        assert not state(pilot, URL).loses


@in_loop
async def test_redo_makes_an_edit_again(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(WELL_SET))
        await go_to(pilot, MODEL)
        await pilot.press("x", "u")
        await until(pilot, lambda: state(pilot, MODEL).value == "sonnet")
        await pilot.press("U")
        await until(pilot, lambda: state(pilot, MODEL).value is None)


@in_loop
async def test_find_goes_to_a_setting(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(WELL_SET))
        await pilot.press("slash", *"max_ret", "enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, FieldRow))
        assert pilot.app.focused.field.path == "env.CLAUDE_CODE_MAX_RETRIES"


@in_loop
async def test_the_raw_view_shows_the_draft_with_its_findings_and_no_secret(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings(PITFALLS))
        await pilot.press("v")
        await until(pilot, lambda: rows_with(pilot.app, "as it would be saved"))
        assert rows_with(pilot.app, "URL101")
        assert TOKEN not in screen(pilot.app)


@in_loop
async def test_a_variable_that_the_form_does_not_know_has_a_row_of_its_own(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await opened(pilot, settings('{"env": {"MY_TEAM_NOTE": "ask Kim"}}'))
        assert state(pilot, "env.MY_TEAM_NOTE").value == "ask Kim"


@in_loop
async def test_a_broken_file_is_fixed_after_its_diff(on_file):
    app, file = on_file('{"model": "sonnet", // mine\n "env": {},}')
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: pilot.app.screen.draft.file is not None)
        await pilot.press("F")
        await until(pilot, lambda: rows_with(pilot.app, "SAVE"))
        await pilot.press("enter")
        await until(pilot, lambda: "mine" not in file.read_text())
        assert '"model": "sonnet"' in file.read_text()


@pytest.mark.parametrize(("key", "left"), [("enter", "mine"), ("d", "theirs")])
@in_loop
async def test_a_file_that_changed_outside_leaves_the_choice(on_file, key, left):
    app, file = on_file('{"model": "sonnet"}')
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: pilot.app.screen.draft.file is not None)
        screen_ = pilot.app.screen
        screen_.change(screen_.draft.edit("model", "mine"))
        await pilot.press("s")
        await until(pilot, lambda: rows_with(pilot.app, "SAVE"))
        file.write_text('{"model": "theirs", "x": 1}')
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "Another program changed"))
        await pilot.press(key)
        await until(pilot, lambda: not screen_.draft.edits)
        assert f'"model": "{left}"' in file.read_text()
        assert '"x": 1' in file.read_text()


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (40, 12)], ids=["120x40", "80x24", "60x20", "40x12"])
@in_loop
async def test_a_finding_is_recognised_by_sign_word_and_code_and_no_value_is_cut(panel, size):
    async with panel().run_test(size=size) as pilot:
        await opened(pilot, WRONG)
        assert rows_with(pilot.app, "✖ error URL101  ends in /v1")
        assert rows_with(pilot.app, "http://127.0.0.1:4000/v1")
        await pilot.press("n")
        await until(pilot, lambda: rows_with(pilot.app, "info MODEL305"))


@in_loop
async def test_in_a_narrow_pane_a_value_is_typed_below_its_label_over_the_whole_width(panel):
    async with panel().run_test(size=(40, 12)) as pilot:
        await opened(pilot, WELL)
        await begin(pilot, URL)
        await paste(pilot, "http://gpu-box.internal:8000/v1")
        await until(pilot, lambda: rows_with(pilot.app, "   http://gpu-box.internal:8000/v1"), "what is typed is cut")
        assert rows_with(pilot.app, "   ✖ error URL101  ends in /v1")
