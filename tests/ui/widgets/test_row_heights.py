"""How high a row of the form is, without laying it out."""

import json
import string

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from samples import settings as settings_of
from stormdeck.model.deck import Deck
from stormdeck.model.editing.draft import Draft
from stormdeck.model.masking.values import mask_value
from stormdeck.model.settings.field import Field, Group, Kind
from stormdeck.ui.widgets.settings.row import COLUMN, FormView, RowState, RowStyle, plain_height, row_lines

FIELD = Field("env.MY", "MY", Kind.TEXT, Group.OTHER, "help", "none")
PLAIN = st.text(st.sampled_from(string.ascii_letters + string.digits + " -_/.:,"), min_size=1, max_size=300)


@settings(max_examples=300, deadline=None)
@given(PLAIN, st.one_of(st.just(""), PLAIN), st.integers(20, 140), st.booleans())
def test_a_height_that_is_reported_is_that_of_the_lines(value, note, width, narrow):
    assume(value.strip() and mask_value(FIELD.path, value) == value)
    style = RowStyle(narrow=narrow)
    known = plain_height(value, note, style, width)
    if known is not None:
        assert known == len(row_lines(FIELD, RowState(value=value, note=note), style, width))


SECRETS = st.one_of(
    PLAIN,
    st.sampled_from(
        ["false", "os.environ/KEY", "Bearer abc123def456", "https://me:pw@host/x", "x-key: abc", "/run/key.pem"]
    ),
    st.text(st.characters(codec="ascii", exclude_characters="\x00"), min_size=1, max_size=120),
)
NAMES = st.sampled_from(
    ["MY_KEY_1", "MY_TOKEN", "MY_SECRET_HEADERS", "AUTHORIZATION", "KEY_URL", "MY_LOGIN", "MY_NOTE"]
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(NAMES, SECRETS, min_size=1, max_size=5), st.integers(26, 140), st.booleans())
def test_a_row_that_is_taken_for_one_line_is_one_line(env, width, revealed):
    view = FormView(Draft(Deck(settings=settings_of(json.dumps({"env": env})))), revealed=revealed)
    style = RowStyle()
    short = view.short_rows(width - COLUMN)
    for name in env:
        shown = next(one for one in view.rows if isinstance(one, Field) and one.path == f"env.{name}")
        drawn = len(row_lines(shown, view.state(shown), style, width))
        if shown.path in short:
            assert drawn == 1
        plain = view.plain_text(shown, width - COLUMN)
        known = plain_height(*plain, style, width) if plain is not None else None
        if known is not None:
            assert drawn == known
