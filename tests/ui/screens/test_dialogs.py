"""Every dialog shows its keys at any size of the pane and any length of its text."""

from pathlib import Path

import pytest
from textual.events import Click

from canary_samples import NEW, SESSION
from panel import deliver, in_loop, make_app, rows_with, screen, settled, show, until
from samples import FOUND, PROXY, VLLM, WRONG
from stormdeck.model.canary.plan import plan_of
from stormdeck.model.editing.diff import DiffKind, DiffLine
from stormdeck.model.profiles.profile import HOSTED, Profile, Standing
from stormdeck.model.restart import Restart
from stormdeck.model.rules.collect import facts_of
from stormdeck.model.symptoms.decode import decode
from stormdeck.model.symptoms.evidence import Cause
from stormdeck.model.symptoms.evidence import Standing as Certainty
from stormdeck.ui.screens.canary import CanaryScreen
from stormdeck.ui.screens.dialog import Dialog
from stormdeck.ui.screens.dialogs.layout import LayoutScreen
from stormdeck.ui.screens.help import HelpScreen
from stormdeck.ui.screens.model_groups import GroupsScreen
from stormdeck.ui.screens.pages import PageScreen, RawScreen, SymptomScreen
from stormdeck.ui.screens.profiles import ProfilesScreen
from stormdeck.ui.screens.restart import RestartScreen
from stormdeck.ui.screens.save import LeaveScreen, SaveScreen

DIFF = [DiffLine(DiffKind.ADDED, None, number, f'"NAME_{number}": "a value that is long"') for number in range(1, 30)]
MODEL = "There's an issue with the selected model"
FILE = Path("/home/me/.claude/settings.json")
DIALOGS = {
    "help": (lambda app: HelpScreen("overview"), ("esc close",)),
    "save": (lambda app: SaveScreen(FILE, DIFF), ("enter write", "esc back to the form")),
    "both changed": (
        lambda app: SaveScreen(FILE, DIFF, changed_outside=True),
        ("enter write both", "d drop mine, keep theirs", "esc decide later"),
    ),
    "raw": (lambda app: RawScreen("settings.json", ["{}"] * 40, {}), ("esc close",)),
    "page": (lambda app: PageScreen("URL101"), ("esc close", "y copy")),
    "symptom": (
        lambda app: SymptomScreen(MODEL, decode(MODEL, app.deck, ()), (), known=True, failures=()),
        ("r its rule", "esc close"),
    ),
    "canary": (
        lambda app: CanaryScreen(plan_of(facts_of(app.deck), NEW, SESSION), None),
        ("enter send", "esc send nothing"),
    ),
    "groups": (lambda app: GroupsScreen(app.deck), ("esc close",)),
    "profiles": (
        lambda app: ProfilesScreen(FILE, (HOSTED, *(Profile(f"own-{n}") for n in range(60))), Standing("own-40")),
        ("enter choose", "esc back to the form"),
    ),
    "restart": (
        lambda app: RestartScreen(Restart("Restart vLLM: container vllm", ("docker", "restart", "vllm")), None),
        ("enter run it", "esc run nothing", "y copy the command"),
    ),
    "layout": (lambda app: LayoutScreen(app.screen.board), ("enter choose, show or hide", "esc close")),
    "leave": (lambda app: LeaveScreen(2), ("enter leave without them", "esc stay")),
}


@pytest.mark.parametrize("size", [(40, 12), (80, 24)], ids=["40x12", "80x24"])
@pytest.mark.parametrize("name", DIALOGS)
@in_loop
async def test_its_keys_are_in_sight(name, size):
    make, hints = DIALOGS[name]
    async with make_app().run_test(size=size) as pilot:
        await deliver(pilot, FOUND, VLLM, PROXY, WRONG)
        await pilot.app.push_screen(make(pilot.app))
        await settled(pilot)
        for hint in hints:
            assert rows_with(pilot.app, hint), screen(pilot.app)


@in_loop
async def test_a_line_of_a_diff_that_is_too_long_goes_on_under_its_text():
    async with make_app().run_test(size=(40, 12)) as pilot:
        await pilot.app.push_screen(SaveScreen(FILE, DIFF[:1]))
        (first,) = await until(pilot, lambda: rows_with(pilot.app, "NAME_1"))
        (rest,) = rows_with(pilot.app, "long")
        assert rest.index('long"') == first.index('"NAME_1')


@in_loop
async def test_a_line_of_a_file_that_is_too_long_goes_on_under_its_text():
    async with make_app().run_test(size=(40, 12)) as pilot:
        await pilot.app.push_screen(RawScreen("settings.json", ['"NAME": "a value that is by far too long"'], {}))
        (first,) = await until(pilot, lambda: rows_with(pilot.app, "NAME"))
        (rest,) = rows_with(pilot.app, 'long"')
        assert rest.index("too") == first.index('"NAME')


CAUSES = (
    Cause("MODEL303", "the first", Certainty.FOUND, evidence=("log a.log: one", "log b.log: two")),
    Cause("PROXY815", "the second", Certainty.FOUND, evidence=("log a.log: one", "log c.log: three")),
)


@in_loop
async def test_a_cause_leads_to_its_rule_and_no_line_of_a_log_is_shown_twice():
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(SymptomScreen(MODEL, CAUSES, (), known=True, failures=()))
        await until(pilot, lambda: rows_with(app, "log c.log: three"))
        assert len(rows_with(app, "log a.log: one")) == 1
        assert rows_with(app, "and the same lines as above")
        await pilot.press("r")
        await until(
            pilot, lambda: isinstance(app.screen, PageScreen) and rows_with(app, "This rule finds nothing now.")
        )
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SymptomScreen) and app.screen.is_active)
        rows = screen(app).splitlines()
        y = next(at for at, row in enumerate(rows) if "PROXY815" in row)
        await pilot.click(offset=(rows[y].index("PROXY815") + 2, y))
        await until(pilot, lambda: isinstance(app.screen, PageScreen) and rows_with(app, "PROXY815"))


@in_loop
async def test_what_stands_behind_a_dialog_is_still_seen(panel):
    """The style sheets' rules for modal screens hold for every dialog: the ground lets the area through."""
    async with panel().run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: rows_with(pilot.app, "REQUESTS"), "no overview")
        await pilot.press("l")
        await until(pilot, lambda: rows_with(pilot.app, "LAYOUT"), "no dialog")
        assert rows_with(pilot.app, "claude ")
        assert pilot.app.screen.styles.background.a < 1


@in_loop
async def test_a_double_click_on_a_key_closes_the_dialog_alone(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "esc close"), "no help")
        await settled(pilot)
        rows = screen(pilot.app).splitlines()
        y = next(at for at, row in enumerate(rows) if "esc close" in row)
        dialog, x = pilot.app.screen, rows[y].index("esc close")
        style = pilot.app.screen.get_style_at(x, y)
        for _ in range(2):
            dialog.post_message(Click(None, x, y, 0, 0, 1, False, False, False, style=style))
        await until(pilot, lambda: not isinstance(pilot.app.screen, Dialog), "not closed")
        await show(pilot, "logs")
