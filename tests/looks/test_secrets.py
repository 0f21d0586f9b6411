"""No stored picture or document contains the token of the samples."""

import pytest

from places import TESTS
from samples import TOKEN

KEPT = ("tests/looks/__snapshots__/**/*.svg", "screenshots/*.svg", "tests/**/TABLE.md", "tests/real/**/*.md", "*.md")


@pytest.mark.parametrize("pattern", KEPT)
def test_nothing_that_is_kept_holds_the_planted_token(pattern):
    found = list(TESTS.parent.glob(pattern))
    assert found
    # Drawn text has non-breaking spaces between its words; a token has none.
    assert [path.name for path in found if TOKEN in path.read_text(encoding="utf-8")] == []
