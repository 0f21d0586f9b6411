"""What each patch of Textual relies on, and that Textual still needs the patch.

A test that fails here after an update of Textual names the patch to look at: either what it replaces has moved, or
Textual has been corrected and the patch can go.
"""

import ast
import inspect
from pathlib import Path

import pytest
from textual import events, strip
from textual._styles_cache import StylesCache
from textual.app import App
from textual.cache import FIFOCache
from textual.command import CommandPalette
from textual.css import stylesheet
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widgets import Input, OptionList
from textual.widgets._toast import Toast, ToastHolder, ToastRack

import stormdeck
from panel import in_loop
from stormdeck.ui.textual_patches import paging, selecting
from stormdeck.ui.textual_patches.driver import PanelDriver, WakingEvent, write_sequence
from stormdeck.ui.textual_patches.memory import (
    SmallCache,
    fix_styles_cache_leak,
    release_input,
    remove_toasts_with_holder,
    save_memory,
)
from stormdeck.ui.textual_patches.notifications import RACK, give_rows
from stormdeck.ui.textual_patches.screen_size import BY_HEIGHT, BY_WIDTH, add_size_classes, skip_restyling
from stormdeck.ui.textual_patches.stylesheet import CachedStylesheet

PATCHES = Path(stormdeck.__file__).parent / "ui" / "textual_patches"


def source(function):
    """Return the text of a function of Textual."""
    return inspect.getsource(inspect.unwrap(function))


class TestDriver:
    @pytest.mark.parametrize("name", ["run_input_thread", "start_application_mode"])
    def test_what_is_overridden_is_textuals_own(self, name):
        assert name in vars(LinuxDriver)
        assert name in vars(PanelDriver)

    @pytest.mark.parametrize(
        "name", ["suspend_application_mode", "resume_application_mode", "process_message", "write"]
    )
    def test_what_is_called_is_still_there(self, name):
        assert callable(getattr(PanelDriver, name))

    @pytest.mark.parametrize("name", ["_app", "_debug", "exit_event", "fileno", "_key_thread"])
    def test_what_is_read_is_still_set(self, name):
        assert f"self.{name}" in source(LinuxDriver.__init__) + source(Driver.__init__)

    @in_loop
    async def test_textual_runs_the_thread_and_ends_it_by_the_event_that_is_replaced(self):
        assert "self.run_input_thread()" in source(LinuxDriver._run_input_thread)
        assert "self.exit_event.set()" in source(LinuxDriver.disable_input)
        assert isinstance(PanelDriver(App()).exit_event, WakingEvent)

    def test_textuals_own_thread_still_polls(self):
        assert "selector.select(0.1)" in source(LinuxDriver.run_input_thread)

    def test_textual_still_resumes_without_asking_whether_it_was_suspended(self):
        resumed = source(LinuxDriver._sigcont_application)
        assert "resume_application_mode" in resumed
        assert "suspend" not in resumed

    def test_an_app_keeps_its_driver_where_the_notification_is_written(self):
        assert "_driver" in vars(App())


class TestStylesheet:
    @pytest.fixture
    def parses(self, monkeypatch):
        """Return the texts that Textual's parser is given."""
        texts, parse = [], stylesheet.parse

        def counted(scope, css, *args, **kwargs):
            texts.append(css)
            return parse(scope, css, *args, **kwargs)

        monkeypatch.setattr(stylesheet, "parse", counted)
        return texts

    @pytest.fixture
    def variables(self, request):
        """Return variables of one test alone: sheets with equal ones share what they have parsed in a run of tests."""
        return {"patch": "#123456", "test": request.node.name}

    @staticmethod
    def use(sheet, variables):
        """Do what Textual does to the sheet of an app until the first paint."""
        sheet.add_source("Static { color: $patch; }", read_from=("patch.tcss", ""))
        sheet.parse()
        sheet.reparse()
        sheet.set_variables(dict(variables))
        sheet.parse()
        return sheet

    def test_a_sheet_is_parsed_once(self, parses, variables):
        self.use(CachedStylesheet(variables), variables)
        assert len(parses) == 1

    def test_textuals_own_is_parsed_again_and_again(self, parses, variables):
        self.use(Stylesheet(variables=variables), variables)
        assert len(parses) == 3

    def test_another_colour_is_parsed_again(self, parses, variables):
        sheet = self.use(CachedStylesheet(variables), variables)
        sheet.set_variables(variables | {"patch": "#654321"})
        sheet.reparse()
        assert len(parses) == 2
        (rule,) = sheet.rules
        assert rule.styles.color.hex == "#654321"

    def test_the_panel_uses_it(self, panel):
        assert isinstance(panel().stylesheet, CachedStylesheet)


class TestMemory:
    def test_the_leaking_method_is_written_as_a_class_method_without_being_one(self):
        save_memory()
        leaking = source(StylesCache.get_inner_outer)
        assert "@classmethod" not in leaking
        assert leaking.index("lru_cache") < leaking.index("cls,")

    def test_a_notification_is_still_removed_without_its_holder_by_the_rack(self):
        assert "toast.remove()" in source(ToastRack.show)
        assert "ToastHolder" in source(Toast._expire)
        assert ToastHolder.__name__ in source(ToastRack.show)

    def test_the_holder_of_notifications_has_the_name_that_is_used(self):
        assert ToastRack.__name__ == RACK

    def test_drawn_lines_take_their_caches_by_the_name_that_is_replaced(self):
        save_memory()
        assert "FIFOCache(" in source(strip.Strip.__init__)
        assert isinstance(strip.Strip([])._crop_cache, SmallCache)

    def test_a_small_cache_does_what_is_asked_of_it(self):
        used = {
            node.attr
            for node in ast.walk(ast.parse(inspect.getsource(strip)))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr.endswith("_cache")
        }
        assert used <= {name for name in vars(SmallCache) if not name.startswith("_")} <= set(dir(FIFOCache))

    def test_an_input_still_subscribes_to_its_screen_and_never_unsubscribes(self):
        assert "text_selection_started_signal.subscribe(" in inspect.getsource(Input)
        assert "unsubscribe" not in inspect.getsource(Input)


class TestDismissing:
    def test_textual_still_pops_a_screen_for_each_dismissal(self):
        assert "self.app.pop_screen()" in source(Screen.dismiss)
        assert "is_current" not in source(Screen.dismiss)

    def test_the_palette_still_looks_for_a_widget_where_none_may_be(self):
        text = source(CommandPalette._on_click)
        assert "self.get_widget_at(" in text
        assert "except" not in text


class TestPaging:
    def test_textual_still_looks_up_a_line_that_may_not_exist(self):
        text = source(paging._original)
        assert "self._index_to_line[" in text
        assert "scrollable_content_region:" not in text

    def test_both_keys_call_what_is_replaced(self):
        assert "self._move_page(-1)" in source(OptionList.action_page_up)
        assert "self._move_page(1)" in source(OptionList.action_page_down)


class TestSelecting:
    def test_textual_still_selects_in_a_parent_that_may_not_exist(self):
        text = source(Screen._forward_event)
        assert "container.region.offset" in text
        assert "parent is None" not in text + source(selecting._original)


class TestScreenSize:
    @pytest.mark.parametrize("size", [(40, 12), (70, 18), (80, 24), (103, 33), (120, 40)])
    @in_loop
    async def test_a_new_screen_gets_the_classes_that_textual_would_give_it(self, panel, size):
        app = panel()
        async with app.run_test(size=size):
            new = Screen()
            add_size_classes(new)
            assert new.classes == {
                *Screen._get_breakpoint_classes(app.screen, size[0], BY_WIDTH),
                *Screen._get_breakpoint_classes(app.screen, size[1], BY_HEIGHT),
            }

    def test_textual_still_restyles_a_screen_that_is_shown_unless_the_event_says_no(self):
        assert events.ScreenResume().refresh_styles is True
        assert "if event.refresh_styles:" in source(Screen._on_screen_resume)


def test_nothing_else_of_the_panel_uses_what_is_private_to_textual():
    outside = [path for path in PATCHES.parent.rglob("*.py") if PATCHES not in path.parents]
    private = [
        f"{path.name}: {node.module}"
        for path in outside
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("textual")
        and "._" in (node.module or "")
    ]
    assert not private
    assert not [path.name for path in outside if "._driver" in path.read_text()]


@pytest.mark.parametrize(
    "patch",
    [
        PanelDriver,
        PanelDriver.run_input_thread,
        write_sequence,
        CachedStylesheet,
        fix_styles_cache_leak,
        remove_toasts_with_holder,
        release_input,
        SmallCache,
        add_size_classes,
        skip_restyling,
        give_rows,
    ],
)
def test_every_patch_says_what_would_end_it(patch):
    assert "Upstream: " in inspect.getdoc(patch)


@in_loop
async def test_textual_still_mounts_nothing_while_it_exits_and_sends_mount_all_the_same():
    seen = []

    class Late(Screen):
        def compose(self):
            yield Input()

        def on_mount(self):
            seen.append(len(self.children))

    app = App()
    async with app.run_test():
        app.push_screen(Late())
        app.exit()
    assert seen == [0]
