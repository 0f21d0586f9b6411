"""``stormdeck status``: one look, as text, as JSON, as a piece of tmux's status line or of Claude Code's."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from stormdeck.commands.glance import Glance, glance
from stormdeck.commands.paint import Ink, Paint, paint_for
from stormdeck.commands.talk import put, say, standard_error, standard_output
from stormdeck.model.deck import Deck
from stormdeck.model.light import Light
from stormdeck.model.path import Hop, HopKind, path, silent_base
from stormdeck.model.retries.report import storm_as_json
from stormdeck.model.text import clean, mask_url
from stormdeck.model.verdict import Statement, statements
from stormdeck.options import Options

VERSION = 1
TMUX = "tmux"
STATUSLINE = "statusline"
FORMATS = (TMUX, STATUSLINE)

_EXITS = {Light.FINE: 0, Light.BROKEN: 2}
"""Anything else is degraded: 1."""
_STATES = {Light.FINE: "ok", Light.BROKEN: "down", Light.UNKNOWN: "unknown"}
_INKS = {Light.FINE: Ink.GOOD, Light.BROKEN: Ink.ERROR, Light.LOOK: Ink.WARNING}
_TMUX = {Light.FINE: "green", Light.BROKEN: "red", Light.LOOK: "yellow"}
_STDIN_BYTES = 256 * 1024
_STDIN_S = 0.3
_LONGEST_NAME = 40
_LONGEST_SHORT = 80


def run(options: Options, environ: Mapping[str, str], *, as_json: bool, shape: str | None) -> int:
    """Look once, print it, and return 0 where all is well, 1 where something needs a look, 2 where it is broken."""
    session = _Session.read() if shape == STATUSLINE and not as_json else _Session()
    seen = glance(options, environ, gpus=shape is None or as_json)
    said = statements(seen.deck, time.time(), _minute)
    first = said[0]
    if as_json:
        put(json.dumps(_as_json(seen.deck, said), indent=2, ensure_ascii=False))
    elif shape == TMUX:
        put(_tmux(seen.deck, first))
    elif shape == STATUSLINE:
        put(_statusline(seen.deck, first, session, Paint(coloured=not environ.get("NO_COLOR"))))
    else:
        for line in _text(seen, said, paint_for(standard_output())):
            put(line)
    if seen.note and shape is None:
        say(paint_for(standard_error())(seen.note, Ink.QUIET))
    return _EXITS.get(first.light, 1)


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M")  # noqa: DTZ006 - the user's own clock is meant


def _text(seen: Glance, said: tuple[Statement, ...], paint: Paint) -> list[str]:
    first = said[0]
    lines = [_path_line(path(seen.deck), paint), f"{_light(first.light, paint)} {_headline(first, paint)}"]
    if first.light is not Light.FINE:
        lines += [f"  {part}" for part in (first.evidence, f"next: {first.step}" if first.step else "") if part]
    others = [one for one in said[1:] if one.light in {Light.BROKEN, Light.LOOK}]
    return [*lines, *(f"{_light(one.light, paint)} {_headline(one, paint)}" for one in others)]


def _headline(one: Statement, paint: Paint) -> str:
    words = clean(one.headline)
    return f"{words}  {paint(one.code, Ink.INFO)}" if one.code else words


def _path_line(hops: tuple[Hop, ...], paint: Paint) -> str:
    return paint(" ── ", Ink.QUIET).join(
        " ".join(part for part in (clean(hop.name), hop.place, _light(hop.light, paint), hop.figure) if part)
        for hop in hops
    )


def _light(light: Light, paint: Paint) -> str:
    return paint(light.glyph, _INKS.get(light, Ink.QUIET))


def _short(one: Statement) -> str:
    """Return the headline on one short line."""
    if one.light is Light.FINE:
        return "all well"
    words = clean(one.brief.replace("\n", " · ") or one.headline)
    return words if len(words) <= _LONGEST_SHORT else f"{words[: _LONGEST_SHORT - 1].rstrip()}…"


def _tmux(deck: Deck, first: Statement) -> str:
    """Return one line for tmux: a light for each hop in its colour, then the headline."""
    lights = "".join(f"#[fg={_TMUX.get(hop.light, 'colour244')}]{hop.light.glyph}" for hop in path(deck))
    code = f" {first.code}" if first.code else ""
    # A lone # begins a style or a command in tmux.
    words = f"{_short(first)}{code}".replace("#", "##")
    return f"{lights}#[fg={_TMUX.get(first.light, 'colour244')}] {words}#[default]"


@dataclass(frozen=True, slots=True)
class _Session:
    """What Claude Code tells its status line of itself."""

    id: str = ""
    model: str = ""

    @classmethod
    def read(cls) -> _Session:
        """Read it from standard input, as far as there is any; what is not understood is left out."""
        text: list[bytes] = []
        if sys.stdin is None or sys.stdin.isatty():
            return cls()
        reader = threading.Thread(target=lambda: text.append(_standard_input()), name="stdin", daemon=True)
        reader.start()
        reader.join(_STDIN_S)
        try:
            told = json.loads(text[0]) if text else {}
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(told, dict):
            return cls()
        model = told.get("model")
        name = (model.get("display_name") or model.get("id")) if isinstance(model, dict) else None
        session = told.get("session_id")
        return cls(
            session if isinstance(session, str) else "",
            clean(name)[:_LONGEST_NAME] if isinstance(name, str) else "",
        )


def _standard_input() -> bytes:
    try:
        return sys.stdin.buffer.read(_STDIN_BYTES)
    except (OSError, ValueError, AttributeError):
        return b""


def _statusline(deck: Deck, first: Statement, session: _Session, paint: Paint) -> str:
    """Return one line for Claude Code: its model, a light for each server, the headline."""
    servers = [hop for hop in path(deck) if hop.kind in {HopKind.PROXY, HopKind.SERVER}]
    parts = [session.model] if session.model else []
    parts += [f"{clean(hop.name)} {_light(hop.light, paint)}" for hop in servers]
    storm = deck.traffic.live_storm if deck.traffic else None
    mine = storm is not None and bool(session.id) and storm.session == session.id
    words = f"{_short(first)}{' (this session)' if mine else ''}"
    return " · ".join([*parts, paint(words, _INKS.get(first.light, Ink.QUIET))])


def _as_json(deck: Deck, said: tuple[Statement, ...]) -> dict[str, object]:
    first, traffic = said[0], deck.traffic
    storm = traffic.live_storm if traffic is not None else None
    return {
        "version": VERSION,
        "state": {0: "ok", 2: "down"}.get(_EXITS.get(first.light, 1), "degraded"),
        "headline": {"text": clean(first.headline), "hop": _kind(first.hop), "code": first.code},
        "hops": [_hop_as_json(hop, deck) for hop in path(deck)],
        "gpus": [
            {
                "index": gpu.index,
                "name": clean(gpu.name),
                "utilization_percent": gpu.utilization_percent,
                "memory_used_bytes": gpu.memory_used_bytes,
                "memory_total_bytes": gpu.memory_total_bytes,
                "temperature_c": gpu.temperature_c,
                "power_w": gpu.power_w,
            }
            for gpu in deck.gpu.gpus
        ],
        "requests": {
            "per_minute": traffic.requests_per_minute if traffic is not None else None,
            "turns_per_minute": traffic.turns_per_minute if traffic is not None else None,
            "retries_per_minute": traffic.retries_per_minute if traffic is not None else None,
            "storm": storm_as_json(storm) if storm is not None else None,
        },
        "statements": [_statement_as_json(one) for one in said],
    }


def _statement_as_json(one: Statement) -> dict[str, object]:
    return {
        "text": clean(one.headline),
        "state": _STATES.get(one.light, "degraded"),
        "hop": _kind(one.hop),
        "code": one.code,
        "cause": clean(one.cause),
        "evidence": clean(one.evidence),
        "next": clean(one.step),
        "age_s": round(one.age) if one.age is not None else None,
    }


def _kind(hop: HopKind | None) -> str | None:
    return hop.value.lower() if hop is not None else None


def _hop_as_json(hop: Hop, deck: Deck) -> dict[str, object]:
    server = {HopKind.PROXY: deck.proxy, HopKind.SERVER: deck.vllm}.get(hop.kind)
    silent = silent_base(deck) if hop.kind is HopKind.SERVER and server is None else None
    url = server.url if server is not None else silent.url if silent is not None else None
    detail = server.detail if server is not None else deck.gpu.detail if hop.kind is HopKind.GPU else hop.figure
    return {
        "name": clean(hop.name),
        "kind": _kind(hop.kind),
        "url": mask_url(url) if url is not None else None,
        "state": _STATES.get(hop.light, "degraded"),
        "latency_ms": server.latency_ms if server is not None else None,
        "detail": clean(detail),
    }
