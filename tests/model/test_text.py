"""Text from outside is shown without harm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.text import _ESCAPE, clean, strip_escapes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain text", "plain text", id="plain"),
        pytest.param("\x1b[32mINFO\x1b[0m:", "INFO:", id="colour"),
        pytest.param("\x1b]0;evil title\x07after", "after", id="window-title"),
        pytest.param("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", id="hyperlink"),
        pytest.param("\x1b]52;c;cm0gLXJm", "52;c;cm0gLXJm", id="osc-without-end-stays-readable"),
        pytest.param("\x1bP1$r0m\x1b\\after", "after", id="dcs"),
        pytest.param("\x9b31mred", "red", id="8-bit-csi"),
        pytest.param("\x1bcreset", "reset", id="terminal-reset"),
        pytest.param("line\r", "line", id="carriage-return"),
        pytest.param("\0\0line", "line", id="nul"),
        pytest.param("bell\x07", "bell␇", id="bell-is-visible"),
        pytest.param("a\nb", "a␊b", id="line-feed-is-visible"),
        pytest.param("a\tb", "a    b", id="tab"),
        pytest.param("abc\u202egnp.exe", "abcgnp.exe", id="bidi-override"),
        pytest.param("pay\u200bload\ufeff", "payload", id="zero-width"),
        pytest.param("\ud800", "\ufffd", id="lone-surrogate"),
        pytest.param("漢字 é 🚀 👩‍💻", "漢字 é 🚀 👩‍💻", id="wide-and-emoji-stay"),
        pytest.param("a\u200db", "ab", id="joiner-between-letters"),
        pytest.param("a\u00a0b", "a\u00a0b", id="no-break-space-stays"),
        pytest.param("[bold]not markup[/]", "[bold]not markup[/]", id="brackets-are-text"),
    ],
)
def test_what_is_shown_can_do_no_harm(text: str, shown: str) -> None:
    assert clean(text) == shown


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b[]\x9b\x9d\x07\\;m\u202e\r\0")))
def test_no_control_character_survives(text: str) -> None:
    shown = clean(text)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 for char in shown)
    assert "\u202e" not in shown
    assert clean(shown) == shown


@given(
    st.lists(st.sampled_from(["\x1b", "[", "0;31", "m", "K", "]", "\x07", "\x9b", "é", "a", "\x1b[0m"]), max_size=12)
)
def test_colours_alone_are_removed_as_any_sequence_is(parts):
    written = "".join(parts)
    assert strip_escapes(written) == _ESCAPE.sub("", written)
