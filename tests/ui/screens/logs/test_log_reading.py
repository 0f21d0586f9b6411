"""Reading the logs: probes hidden, errors in short, wrapped or whole, and one line with all that is known of it."""

from dataclasses import replace

import pytest

from feeds import QuietFeed
from panel import deliver, in_loop, rows_with, screen, settled, show, until
from samples import CALM, LIVE, NOW, REFUSED, STORMY
from stormdeck.model.snapshots.traffic import Bucket
from stormdeck.ui.widgets.logs.view import LogView

LITELLM, VLLM = "/var/log/litellm.log", "/var/log/vllm.log"
SIZE = (120, 40)
ERROR = (
    "14:01:59 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - "
    "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - "
    "litellm.NotFoundError: NotFoundError: OpenAIException - The model `Qwen` does not exist."
)
WARNING = "(APIServer pid=4) WARNING 11-21 14:01:58 [serving.py:12] " + "word " * 60 + "LAST"
KEY = "INFO:     started with api_key=sk-abcdef1234567890"


def get(path, status=200, method="GET"):
    return f'INFO:     127.0.0.1:5000 - "{method} {path} HTTP/1.1" {status} OK'


PROBES = [get("/health"), get("/version", 404), get("/api/hello", 404, "HEAD"), get("/v1/messages", 405)]


def view(pilot):
    return pilot.app.screen.query_one(LogView)


def plain(count, text="line"):
    return [f"{text} {number:05}" for number in range(count)]


async def filter_by(pilot, words):
    await pilot.press("slash")
    pilot.app.screen.query_one("#filter").value = words
    await until(pilot, lambda: view(pilot).filter.text == words.strip() and view(pilot).filter.done)


class TestProbes:
    @in_loop
    async def test_in_a_narrow_pane_the_count_is_a_key(self, panel):
        lines = [(VLLM, [*PROBES, "INFO:     between", *PROBES], NOW, {})]
        async with panel(lines=lines).run_test(size=(40, 12)) as pilot:
            await show(pilot, "logs")
            await until(pilot, lambda: ". 8 probes" in screen(pilot.app).splitlines()[-1])

    @in_loop
    async def test_blank_rows_are_left_out(self, panel):
        lines = [(VLLM, ["INFO:     one", "", "   ", "(APIServer pid=1) ", "INFO:     two"], NOW, {})]
        async with panel(lines=lines).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await until(pilot, lambda: view(pilot).virtual_size.height == 2)
            assert rows_with(pilot.app, "one")
            assert rows_with(pilot.app, "two")

    @in_loop
    async def test_they_are_hidden_and_counted_and_a_key_shows_them(self, panel):
        lines = [(VLLM, [*PROBES, "INFO:     between", *PROBES], NOW, {})]
        async with panel(lines=lines).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await until(pilot, lambda: rows_with(pilot.app, "8 probes hidden, . shows"))
            assert not rows_with(pilot.app, "/health")
            assert rows_with(pilot.app, "between")
            await pilot.press("full_stop")
            await until(pilot, lambda: len(rows_with(pilot.app, "/health")) == 2)
            assert rows_with(pilot.app, "probes shown, . hides")
            await pilot.press("full_stop")
            await until(pilot, lambda: not rows_with(pilot.app, "/health"))

    @in_loop
    async def test_those_that_come_are_counted_and_do_not_move_the_view(self, panel):
        async with panel(lines=[(VLLM, [*PROBES, *plain(100)], NOW, {})]).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("pageup")
            await until(
                pilot, lambda: view(pilot).scroll_y == view(pilot).scroll_target_y and not view(pilot).following
            )
            before = [row for row in screen(pilot.app).splitlines() if "line 0" in row]
            pilot.app.book.add(VLLM, PROBES, NOW)
            pilot.app.notify_lines()
            await until(pilot, lambda: rows_with(pilot.app, "8 probes hidden"))
            assert [row for row in screen(pilot.app).splitlines() if "line 0" in row] == before

    @in_loop
    async def test_those_that_pass_a_filter_are_counted_too(self, panel):
        async with panel(lines=[(VLLM, [*PROBES, get("/healthy/user", 500, "POST")], NOW, {})]).run_test(
            size=SIZE
        ) as pilot:
            await show(pilot, "logs")
            await filter_by(pilot, "health")
            await until(pilot, lambda: rows_with(pilot.app, "1 of 5 lines"))
            assert rows_with(pilot.app, "1 probe hidden, . shows")
            await pilot.press("enter", "full_stop")
            await until(pilot, lambda: rows_with(pilot.app, "2 of 5 lines"))

    @in_loop
    async def test_the_next_error_is_never_a_probe_nor_a_request_of_stormdeck(self, panel):
        own = [get("/v1/messages", 404, "POST")]
        async with panel(lines=[(VLLM, [*PROBES, *plain(50)], NOW, {})]).run_test(size=SIZE) as pilot:
            pilot.app.book.add(VLLM, own, NOW, own=[0])
            pilot.app.book.add(VLLM, [get("/v1/messages/count_tokens", 404, "POST"), *plain(50), REFUSED], NOW)
            await show(pilot, "logs")
            await pilot.press("full_stop", "g", "e")
            await until(pilot, lambda: view(pilot).mark == 106)
            await pilot.press("e")
            await settled(pilot)
            assert view(pilot).mark == 106


class TestText:
    @in_loop
    async def test_an_error_is_its_reason_and_the_time_is_there_once(self, panel):
        async with panel(lines=[(LITELLM, [ERROR], NOW, {}), (VLLM, [WARNING], NOW, {})]).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await until(pilot, lambda: rows_with(pilot.app, "14:02:00 litellm   model `Qwen` does not exist"))
            assert not rows_with(pilot.app, "14:01:5")
            assert rows_with(pilot.app, "14:02:00 vllm      word")[0].rstrip().endswith("…")

    @in_loop
    async def test_a_line_older_than_the_panel_shows_the_time_that_is_written_in_it(self, panel):
        async with panel(lines=[(LITELLM, [ERROR], None, {})]).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await until(pilot, lambda: rows_with(pilot.app, "14:01:59 litellm   model `Qwen` does not exist"))

    @in_loop
    async def test_only_text_scrolls_sideways_which_is_told_and_a_filter_ends_it(self, panel):
        lines = [(VLLM, [WARNING, get("/v1/messages", 500, "POST")], NOW, {1: 1})]
        async with panel(lines=lines).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            request = rows_with(pilot.app, "/v1/messages")
            await pilot.press(*["right"] * 12)
            await until(pilot, lambda: rows_with(pilot.app, "LAST"))
            assert rows_with(pilot.app, "+240 columns")
            assert rows_with(pilot.app, "/v1/messages") == request
            assert rows_with(pilot.app, "14:02:00 vllm      …")
            await filter_by(pilot, "word")
            await until(pilot, lambda: rows_with(pilot.app, "14:02:00 vllm      word") and view(pilot).column == 0)
            assert not rows_with(pilot.app, "columns")

    @pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 12)])
    @in_loop
    async def test_wrapped_lines_show_all_of_their_text_and_the_keys_reach_each(self, panel, size):
        texts = [f"(APIServer pid=4) INFO 11-21 14:01:58 [a.py:12] {'word ' * 40}END{at:02}" for at in range(30)]
        async with panel(lines=[(VLLM, texts, NOW, {})]).run_test(size=size) as pilot:
            await show(pilot, "logs")
            await pilot.press("w")
            await until(pilot, lambda: rows_with(pilot.app, "END29"), "the newest is not whole")
            await pilot.press("g")
            await until(pilot, lambda: rows_with(pilot.app, "END00"), "the oldest is not whole")
            for at in range(1, 30):
                await pilot.press("down")
                await until(pilot, lambda at=at: view(pilot).mark == at and rows_with(pilot.app, f"END{at:02}"))
            await pilot.press("w", "f")
            await until(pilot, lambda: not rows_with(pilot.app, "END29"))


class TestDetail:
    @in_loop
    async def test_enter_shows_a_line_whole_masked_with_its_fields(self, panel):
        async with panel(lines=[(LITELLM, [ERROR, KEY], NOW, {})]).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("g", "enter")
            await until(pilot, lambda: rows_with(pilot.app, "FIELDS"))
            shown = " ".join(screen(pilot.app).split())
            assert "_handle_llm_api_exception(): Exception occured" in shown
            for words in ("level error", "reason model `Qwen` does not exist", "logger LiteLLM Proxy common_request"):
                assert words in shown
            await pilot.press("n")
            await until(pilot, lambda: rows_with(pilot.app, "started with"))
            assert "sk-abcdef" not in screen(pilot.app)
            await pilot.press("y")
            await until(pilot, lambda: "started with api_key=" in pilot.app.clipboard)
            assert "sk-abcdef" not in pilot.app.clipboard
            await pilot.press("N", "escape")
            await until(pilot, lambda: view(pilot).mark == 0)

    @in_loop
    async def test_it_has_the_storm_of_an_attempt_and_the_other_log_at_that_moment(self, panel):
        storm = LIVE
        lines = [
            (VLLM, ["far away"], storm.started - 60, {}),
            (VLLM, ["(EngineCore pid=5) ERROR 11-21 14:01:58 [core.py:9] out of memory", *PROBES], storm.started, {}),
            (storm.log or LITELLM, [REFUSED], storm.started + 1, {0: 2}),
        ]
        async with panel(lines=lines).run_test(size=SIZE) as pilot:
            await deliver(pilot, STORMY)
            await show(pilot, "logs")
            await pilot.press("up", "enter")
            await until(pilot, lambda: rows_with(pilot.app, "AT THE SAME MOMENT"))
            assert rows_with(pilot.app, "out of memory")
            assert not rows_with(pilot.app, "far away")
            assert bool(rows_with(pilot.app, "STORM")) is bool(storm.log)


class TestPlaces:
    @in_loop
    async def test_a_bookmark_is_set_seen_and_found_again(self, panel):
        async with panel(lines=[(VLLM, plain(300), NOW, {})]).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("g", "down", "m", "f")
            await until(pilot, lambda: rows_with(pilot.app, "line 00299"))
            await pilot.press("apostrophe")
            await until(pilot, lambda: view(pilot).mark == 1 and rows_with(pilot.app, "◆14:02:00 vllm      line 00001"))
            await pilot.press("m")
            await until(pilot, lambda: not rows_with(pilot.app, "◆"))

    @in_loop
    async def test_without_a_bookmark_the_key_says_how_to_set_one(self, panel):
        async with panel(lines=[(VLLM, plain(3), NOW, {})]).run_test(size=SIZE, notifications=True) as pilot:
            await show(pilot, "logs")
            await pilot.press("apostrophe")
            await until(pilot, lambda: rows_with(pilot.app, "m sets one"))

    @in_loop
    async def test_a_click_on_a_column_of_the_chart_goes_to_its_time(self, panel):
        buckets = tuple(Bucket(1, 0, 0) for _ in range(60))
        traffic = replace(CALM, buckets=buckets, bucket_s=15)
        lines = [(VLLM, [f"at {ago:04}"], NOW - ago, {}) for ago in range(900, -1, -15)]
        async with panel(lines=lines).run_test(size=SIZE) as pilot:
            await deliver(pilot, traffic)
            await show(pilot, "logs")
            await settled(pilot)
            rows = screen(pilot.app).splitlines()
            y = next(at for at, row in enumerate(rows) if "0┤" in row)
            last = len(rows[y].rstrip()) - 1
            await pilot.click(offset=(last, y))
            await until(pilot, lambda: view(pilot).mark == 60, "not the newest slice")
            await pilot.click(offset=(6, y))
            await until(pilot, lambda: 0 <= view(pilot).mark < 5, "not the oldest slice")


class TestFilters:
    LINES = (
        (LITELLM, [ERROR, get("/v1/messages", 500, "POST")], NOW - 1200, {}),
        (VLLM, [WARNING, get("/v1/messages", 200, "POST"), "  continued"], NOW - 60, {}),
    )

    @pytest.mark.parametrize(
        ("words", "numbers"),
        [
            ("level:error", [0]),
            ("level:warning,error", [0, 2]),
            ("source:vllm", [2, 3, 4]),
            ("-source:vllm", [0, 1]),
            ("status:5xx", [1]),
            ("since:10m", [2, 3, 4]),
            ("since:10m -status:200", [2, 4]),
            ("/qwen|last$/", [0, 2]),
            ("level:info source:vllm", [3, 4]),
        ],
    )
    @in_loop
    async def test_lines_are_chosen_by_their_parts(self, panel, words, numbers):
        async with panel(lines=self.LINES).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await filter_by(pilot, words)
            shown = view(pilot)
            await until(pilot, lambda: [shown.filter.at(row) for row in range(shown.filter.count(99))] == numbers)

    @in_loop
    async def test_the_prompt_says_what_may_be_typed_and_completes_it(self, panel):
        async with panel(lines=self.LINES).run_test(size=SIZE) as pilot:
            await deliver(pilot, CALM)
            await show(pilot, "logs")
            await pilot.press("slash")
            await until(pilot, lambda: rows_with(pilot.app, "-word") and rows_with(pilot.app, "session:"))
            await pilot.press(*"level:e")
            await until(pilot, lambda: rows_with(pilot.app, "level: debug, info, warning or error"))
            await until(pilot, lambda: pilot.app.focused._suggestion == "level:error")
            await pilot.press("right")
            await until(pilot, lambda: view(pilot).filter.text == "level:error")

    @in_loop
    async def test_a_session_is_that_of_the_connection_at_that_time(self, panel):
        app = panel(lines=[(LITELLM, [get("/v1/messages", 500, "POST")], NOW - ago, {0: 1}) for ago in (600, 60, 10)])
        app.feed = QuietFeed()
        app.feed.request_sessions = lambda: {("127.0.0.1", 5000): [(NOW - 60, "4f1c-aa"), (NOW - 10, "77b0-cc")]}
        async with app.run_test(size=SIZE) as pilot:
            await deliver(pilot, CALM)
            await show(pilot, "logs")
            for words, numbers in (("session:4f1c", [1]), ("session:77", [2]), ("-session:4f1c", [0, 2])):
                await filter_by(pilot, words)
                shown = view(pilot)
                found = [shown.filter.at(row) for row in range(shown.filter.count(99))]
                assert found == numbers
            await filter_by(pilot, "session:")
            await until(pilot, lambda: rows_with(pilot.app, "session: 77b0-cc, 4f1c-aa"))

    @in_loop
    async def test_what_is_not_understood_is_said(self, panel):
        async with panel(lines=self.LINES).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("slash", *"level:loud")
            await until(pilot, lambda: rows_with(pilot.app, "level:loud is not known: debug, info, warning, error"))

    @in_loop
    async def test_a_pattern_that_never_ends_is_stopped_and_the_panel_goes_on(self, panel):
        lines = [(VLLM, ["a" * 5000 + "b"] * 10, NOW, {})]
        async with panel(lines=lines).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("slash")
            pilot.app.screen.query_one("#filter").value = "/(a+)+$/"
            await until(pilot, lambda: rows_with(pilot.app, "This pattern takes too long"))
            pilot.app.book.add(VLLM, ["a" * 5000 + "b"], NOW)
            pilot.app.notify_lines()
            await pilot.press("enter", "escape")
            await until(pilot, lambda: not view(pilot).filter.active)
            assert rows_with(pilot.app, "aaa")

    @in_loop
    async def test_a_hundred_thousand_lines_are_filtered_newest_first_while_keys_work(self, panel):
        lines = [(VLLM, plain(100_000), NOW, {})]
        async with panel(lines=lines).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await pilot.press("slash", "7")
            await until(pilot, lambda: rows_with(pilot.app, "line 99997"), "the newest matches are not there")
            await until(pilot, lambda: view(pilot).filter.done, "it does not end")
            assert view(pilot).filter.count(100_000) == sum("7" in f"{number:05}" for number in range(100_000))
            await pilot.press("7", "7", "backspace")
            await until(pilot, lambda: view(pilot).filter.text == "77" and view(pilot).filter.done)
            assert view(pilot).filter.count(100_000) == sum("77" in f"{number:05}" for number in range(100_000))

    @in_loop
    async def test_a_filter_that_missed_many_lines_finds_them_all(self, panel):
        async with panel(lines=[(VLLM, plain(3000), NOW, {})]).run_test(size=SIZE) as pilot:
            await show(pilot, "logs")
            await filter_by(pilot, "7")
            await pilot.press("enter", "1")
            await until(pilot, lambda: pilot.app.current_mode == "overview" and pilot.app.screen.is_active)
            pilot.app.book.add(VLLM, plain(9000, "more"), NOW)
            await show(pilot, "logs")
            await until(pilot, lambda: view(pilot).filter.done and rows_with(pilot.app, "more 08997"))
            every = [*plain(3000), *plain(9000, "more")]
            await until(pilot, lambda: view(pilot).filter.count(12_000) == sum("7" in text for text in every))
