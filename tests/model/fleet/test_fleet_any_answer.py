"""Whatever JSON a server answers, rows and the document are made of it, and nothing raises."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.fleet.document import fleet_as_json
from stormdeck.model.fleet.labels import Naming
from stormdeck.model.fleet.proxies import proxies
from stormdeck.model.fleet.queries import Name
from stormdeck.model.fleet.rows import replicas
from stormdeck.model.fleet.series import read_result
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.model.fleet.table import Table
from stormdeck.model.fleet.whole import SourceAnswer, joined

ODD = ["1", "NaN", "+Inf", "1e999", 10**400, "\x1b[31m"]
KEYS = ["metric", "value", "values", "result", "resultType", "status", "data", "error", "warnings", "job", "instance"]
LABELS = ["job", "instance", "pod", "model_name", "user_agent", "exception_class", "__name__"]
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(ODD)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
series = st.fixed_dictionaries(
    {
        "metric": st.dictionaries(st.sampled_from(LABELS), leaves, max_size=4) | trees,
        "value": st.lists(leaves, max_size=3) | trees,
        "values": st.lists(st.lists(leaves, max_size=3) | leaves, max_size=3),
    }
)
data = st.fixed_dictionaries(
    {"resultType": st.sampled_from(["vector", "matrix", "scalar"]), "result": st.lists(series | trees, max_size=4)}
)
documents = st.fixed_dictionaries(
    {"status": st.sampled_from(["success", "error"]), "data": data | trees, "warnings": trees, "error": trees}
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Name)), documents | trees), max_size=8))
def test_any_answer_is_read_without_an_error(answers):
    table = Table(Naming(), "http://prom:9090")
    for name, document in answers:
        table.take(name, read_result(document).series)
    rows, others = replicas(table, 1.0, None), proxies(table, "http://prom:9090", {})
    table.forget()
    fleet = joined([SourceAnswer("http://prom:9090", FleetState.OK, replicas=rows, proxies=others)])
    assert len(fleet.replicas) == len(rows)
    assert "\x1b" not in "".join(one.name + one.model for one in fleet.replicas)
    assert json.dumps(fleet_as_json(fleet))
