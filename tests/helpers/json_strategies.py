"""JSON as users write it, for property tests: any layout, any nesting, keys in any script."""

import json

from hypothesis import strategies as st

KEYS = st.sampled_from(["model", "env", "A", "B_C", "ключ", 'q"t', "", "a b"])
BLANKS = st.sampled_from(["", " ", "\n", "\r\n", "\n  ", "\r\n\t", "\n\n    "])
TEXTS = st.text(max_size=6)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), TEXTS)


@st.composite
def written(draw, depth=0):
    """A value as text, with blanks wherever JSON allows them."""
    kind = draw(st.sampled_from(["scalar", "object", "list"] if depth < 3 else ["scalar"]))
    if kind == "scalar":
        return json.dumps(draw(SCALARS), ensure_ascii=draw(st.booleans()))
    items = draw(st.lists(st.tuples(KEYS, BLANKS, written(depth + 1), BLANKS), max_size=3))
    if kind == "list":
        return "[" + ",".join(a + v + b for _, a, v, b in items) + draw(BLANKS if not items else st.just("")) + "]"
    return "{" + ",".join(a + json.dumps(k) + b + ":" + a + v + b for k, a, v, b in items) + "}"


@st.composite
def objects(draw):
    items = draw(st.lists(st.tuples(KEYS, BLANKS, written(1), BLANKS), max_size=4))
    body = ",".join(a + json.dumps(k, ensure_ascii=False) + b + ":" + b + v + a for k, a, v, b in items)
    return draw(st.sampled_from(["", "\ufeff"])) + "{" + body + "}" + draw(BLANKS)


PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)
