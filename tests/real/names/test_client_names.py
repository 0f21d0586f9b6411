"""The names that are read from a bundle of Claude Code: of its minified text, and of what is in the cache."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import client_names
from bundle import bundle_of, source_of
from cache import cache
from versions import CLAUDE_CODE, QUICK_CLIENT

from stormdeck.model.rules import client_names as listed

quick = pytest.mark.quick
SCHEMA = (
    'x={$schema:()=>r().optional().describe("JSON Schema reference for Claude Code settings"),'
    'model:()=>r().describe("a: b, {c: d"),...e.X&&{xaaIdp:()=>u({issuer:r(),clientId:r()}),other:()=>r()},'
    "permissions:()=>u({allow:r(),deny:n?{a:1}:{b:2}}).refine((q)=>{let z={no:1};return z}),...!1,"
    "tui:()=>k([`a${{in:1}}b`,'c,d:'])}),after:1"
)


@quick
def test_the_keys_of_the_schema_are_those_of_the_outer_object():
    assert client_names.root_keys_in(SCHEMA) == {"$schema", "model", "xaaIdp", "other", "permissions", "tui"}


@quick
def test_a_bundle_without_a_schema_has_none():
    assert client_names.root_keys_in('{$schema:"other"}') == set()


@quick
def test_variables_are_found_however_the_program_reads_them():
    table = ",".join(f"CLAUDE_CODE_V{number}:()=>a{number}" for number in range(9))
    settable = ",".join(f'"{name}"' for name in (*client_names._ALWAYS_SETTABLE, *(f"CLAUDE_X{n}" for n in range(9))))
    source = f'process.env.DEBUG_SDK;process.env["P4PORT"];eo(d,{{{table}}});new Set([{settable},...ab])'
    names, read = client_names.variables_in(source)
    assert names == {*client_names._ALWAYS_SETTABLE, *(f"CLAUDE_X{n}" for n in range(9))}
    assert read == names | {"DEBUG_SDK", "P4PORT"} | {f"CLAUDE_CODE_V{n}" for n in range(9)}


@quick
def test_constants_of_other_kinds_are_no_variables():
    codes = ",".join(f'"ERR_TLS_CODE{number}"' for number in range(20))
    assert client_names.variables_in(f"new Set([{codes}])") == (set(), set())


VERSIONS = [pytest.param(one, marks=[quick] if one == QUICK_CLIENT else [], id=one) for one in CLAUDE_CODE]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_name_of_a_released_bundle_is_listed(version):
    folder = cache() / f"claude-code-{version}"
    bundle = bundle_of(folder) if folder.is_dir() else None
    if bundle is None:
        pytest.skip(f"no Claude Code {version} is in the cache")
    source = source_of(bundle).decode("utf-8", "replace")
    settable, read = client_names.variables_in(source)
    assert settable <= listed.VARIABLES
    assert read <= listed.VARIABLES | listed.READ
    assert client_names.root_keys_in(source) <= listed.ROOT_KEYS
