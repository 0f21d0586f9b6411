"""Every text of the newest Claude Code that a user of a server of one's own can meet is known to ``explain``."""

from __future__ import annotations

import pytest
import unknown_texts
from bundle import bundle_of, texts_of
from cache import cache, skip

INSTALLED = sorted(
    (path.name.removeprefix("claude-code-") for path in cache().glob("claude-code-*") if path.is_dir()),
    key=lambda version: [int(part) for part in version.split(".") if part.isdecimal()],
)


@pytest.mark.skipif(not INSTALLED, reason="no Claude Code is in the cache")
def test_no_text_of_the_newest_client_is_unknown():
    unknown, excused = unknown_texts.unknown_in(cache() / f"claude-code-{INSTALLED[-1]}")
    assert unknown == []
    assert excused


@pytest.mark.parametrize("version", INSTALLED)
def test_the_texts_are_found_in_every_bundle(version):
    bundle = bundle_of(cache() / f"claude-code-{version}")
    if bundle is None:
        skip(f"Claude Code {version} in the cache has no bundle")
    texts = texts_of(bundle)
    assert any("There's an issue with the selected model (X)" in text for text in texts)
    assert any("API Error" in text for text in texts)


def test_each_pattern_of_what_cannot_happen_has_a_reason():
    assert all(reason for reason, _ in unknown_texts.elsewhere())
