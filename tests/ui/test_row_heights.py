"""How high a row of the form is, without laying it out."""

import string

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stormdeck.model.settings.field import Field, Group, Kind
from stormdeck.ui.widgets.settings.row import RowState, RowStyle, plain_height, row_lines

FIELD = Field("env.MY", "MY", Kind.TEXT, Group.OTHER, "help", "none")
PLAIN = st.text(st.sampled_from(string.ascii_letters + string.digits + " -_/.:,"), min_size=1, max_size=300)


@settings(max_examples=300, deadline=None)
@given(PLAIN, st.one_of(st.just(""), PLAIN), st.integers(20, 140), st.booleans())
def test_a_height_that_is_told_is_that_of_the_lines(value, note, width, narrow):
    assume(value.strip())
    style = RowStyle(narrow=narrow)
    known = plain_height(value, note, style, width)
    if known is not None:
        assert known == len(row_lines(FIELD, RowState(value=value, note=note), style, width))
