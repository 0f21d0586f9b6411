"""``stormdeck bundle``: a folder for a bug report, without secrets, listed before it is written."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stormdeck.commands.bundle.content import Material, Piece, pieces, readme, redacted_words, size_words
from stormdeck.commands.check.knowledge import missing
from stormdeck.commands.colour import Ink, paint_for
from stormdeck.commands.output import asked, put, say, standard_output
from stormdeck.commands.status.once import Glance, glance
from stormdeck.model.masking.configured import secrets_of
from stormdeck.model.masking.redaction.identities import identities_of
from stormdeck.model.masking.redaction.redactor import Redactor
from stormdeck.model.masking.redaction.snapshots import private_names, texts_for_numbers
from stormdeck.model.settings.field import Kind
from stormdeck.model.settings.fields import FIELDS
from stormdeck.options import Options
from stormdeck.options.kinds import printable
from stormdeck.sources.client.system_info import program_versions, system_versions
from stormdeck.sources.io.files import write_folder
from stormdeck.sources.recordings.tape import Tape, load_tape

VERSION = 1
WRITTEN = 0
NOT_WRITTEN = 1
COULD_NOT_RUN = 2


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    out: str | None
    """The folder to make; ``None``: one named by the time, in the current folder."""
    recording: str | None
    agreed: bool
    as_json: bool


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """List what would be written, ask, and write it. Return 0 when it is written, 1 when the user said no, else 2."""
    now = time.time()
    folder = Path(request.out or time.strftime("stormdeck-bundle-%Y%m%d-%H%M%S", time.localtime(now)))
    refused = _obstacle(options, folder)
    tape = load_tape(Path(request.recording)) if request.recording is not None and not refused else None
    refused = refused or (tape if isinstance(tape, str) else "")
    if refused or isinstance(tape, str):
        say(f"stormdeck: {printable(refused)}.")
        return COULD_NOT_RUN
    made = _collect(options, environ, tape, now)
    if not request.as_json:
        _list(folder, made)
    agreed = request.agreed or asked(f"Write {printable(str(folder))}?")
    trouble = write_folder(folder, {one.name: one.text for one in made}) if agreed else ""
    written = bool(agreed) and not trouble
    if request.as_json:
        put(json.dumps(_as_json(folder, made, written=written), indent=2))
    if agreed is None:
        say("stormdeck: nothing is written: there is no terminal to ask at. --yes agrees beforehand.")
    elif trouble:
        say(f"stormdeck: {printable(trouble)}.")
    else:
        say("Written. Read it before you send it." if written else "Nothing is written.")
    return WRITTEN if written else NOT_WRITTEN if agreed is False else COULD_NOT_RUN


def _obstacle(options: Options, folder: Path) -> str:
    """Say what stands in the way before anything is looked at."""
    absent = missing(options)
    if absent is not None:
        return f"there is no file {absent}"
    try:
        taken = os.path.lexists(folder)
    except ValueError:
        return f"{folder} is no name of a folder"
    return f"{folder} is there already and is left as it is; name a new folder with --out" if taken else ""


def _collect(options: Options, environ: Mapping[str, str], tape: Tape | None, now: float) -> list[Piece]:
    seen = glance(options, environ)
    known = seen.known
    place = identities_of(
        str(known.paths.home),
        str(known.paths.project.absolute()),
        environ,
        platform.node(),
        _urls(seen),
        _files(seen, tape),
        _models(seen),
        texts_for_numbers(known.settings),
        private_names(known.settings),
    )
    redact = Redactor(secrets_of(known.settings, environ, known.proxy_config), place)
    versions = {"Programs": program_versions(), "Machine": system_versions(environ)}
    made = pieces(Material(seen, options, versions, tape, now), redact)
    return [readme(made, now), *made]


def _urls(seen: Glance) -> list[str]:
    """Return every URL of a server that is configured or was found."""
    known = seen.known
    effective = [known.settings.text(path) or "" for path in known.settings.effective if path.endswith("_URL")]
    yaml = [one.api_base for one in known.proxy_config.deployments()] if known.proxy_config is not None else []
    named = [url for url in (known.options.vllm, known.options.proxy) if url]
    return [*effective, *yaml, *named, *(found.url for found in seen.deck.discovery.found)]


def _files(seen: Glance, tape: Tape | None) -> list[str]:
    """Return every file and folder that is known by its whole name."""
    known = seen.known
    named = [*seen.logs, *map(str, known.options.log), *_recorded(tape)]
    files = [known.proxy_config.file] if known.proxy_config is not None else []
    files += [Path(one).name for one in (*named, *files)]
    values = (known.settings.text(path) or "" for path in known.settings.effective)
    return [*named, *files, *(text for text in (*values, *_models(seen)) if text.startswith(("/", "~/")))]


def _recorded(tape: Tape | None) -> list[str]:
    return [tape.name, *{batch.log for batch in tape.batches if batch.log}] if tape is not None else []


def _models(seen: Glance) -> list[str]:
    """Return every id of a model that settings, YAML and servers name."""
    known, deck = seen.known, seen.deck
    fields = [field.path for field in FIELDS if field.kind in {Kind.MODEL, Kind.TIER_ID}]
    found = [known.settings.text(path) or "" for path in fields]
    if known.proxy_config is not None:
        found += [name for one in known.proxy_config.deployments() for name in (one.name, one.model, one.upstream_id)]
    if deck.vllm is not None:
        found += [name for model in deck.vllm.models for name in (model.id, model.root or "")]
    return [*found, *(deck.proxy.models if deck.proxy is not None else ())]


def _list(folder: Path, made: Sequence[Piece]) -> None:
    """Print what would be written."""
    paint = paint_for(standard_output())
    put(paint(printable(f"{folder}/"), Ink.BOLD))
    name_width = max(len(one.name) for one in made)
    for one in made:
        put(f"  {one.name:<{name_width}}  {size_words(one.size):>7}  {one.holds}")
        if one.taken:
            put(paint(f"  {'':<{name_width}}  taken out: {redacted_words(one.taken)}", Ink.QUIET))


def _as_json(folder: Path, made: Sequence[Piece], *, written: bool) -> dict[str, object]:
    return {
        "version": VERSION,
        "folder": str(folder),
        "written": written,
        "files": [
            {"name": one.name, "bytes": one.size, "holds": one.holds, "redacted": dict(sorted(one.taken.items()))}
            for one in made
        ],
    }
