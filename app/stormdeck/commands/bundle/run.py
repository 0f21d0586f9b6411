"""``stormdeck bundle``: write a folder for a bug report, without secrets, after listing its files."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stormdeck.commands.bundle.content import BundleData, BundleFile, bundle_files, readme, removed_words, size_words
from stormdeck.commands.check.knowledge import missing
from stormdeck.commands.colour import Ink, paint_for
from stormdeck.commands.exit_codes import FAILURE, NEGATIVE, SUCCESS
from stormdeck.commands.output import confirm, standard_output, write_err, write_out
from stormdeck.commands.status.once import StackSnapshot, take_snapshot
from stormdeck.model.masking.configured import secrets_of
from stormdeck.model.masking.redaction.identities import identities_of
from stormdeck.model.masking.redaction.redactor import Redactor
from stormdeck.model.masking.redaction.snapshots import names_in_ssh, private_names, texts_for_numbers
from stormdeck.model.settings.field import Kind
from stormdeck.model.settings.fields import FIELDS
from stormdeck.options import Options
from stormdeck.options.kinds import printable
from stormdeck.sources.client.system_info import program_versions, system_versions
from stormdeck.sources.io.files import write_folder
from stormdeck.sources.recordings.tape import Tape, load_tape

VERSION = 1


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of the command."""

    out: str | None
    """The folder to create; ``None`` for one in the current folder, named after the time."""
    recording: str | None
    agreed: bool
    as_json: bool


def run(options: Options, environ: Mapping[str, str], request: Request) -> int:
    """List the files, ask, and write them. Return 0 if they are written, 1 if the user declined, else 2."""
    now = time.time()
    folder = Path(request.out or time.strftime("stormdeck-bundle-%Y%m%d-%H%M%S", time.localtime(now)))
    refused = _obstacle(options, folder)
    tape = load_tape(Path(request.recording)) if request.recording is not None and not refused else None
    refused = refused or (tape if isinstance(tape, str) else "")
    if refused or isinstance(tape, str):
        write_err(f"stormdeck: {printable(refused)}.")
        return FAILURE
    made = _collect(options, environ, tape, now)
    if not request.as_json:
        _list(folder, made)
    agreed = request.agreed or confirm(f"Write {printable(str(folder))}?")
    problem = write_folder(folder, {one.name: one.text for one in made}) if agreed else ""
    written = bool(agreed) and not problem
    if request.as_json:
        write_out(json.dumps(_as_json(folder, made, written=written), indent=2))
    if agreed is None:
        write_err("stormdeck: nothing is written: there is no terminal to ask on. --yes writes without asking.")
    elif problem:
        write_err(f"stormdeck: {printable(problem)}.")
    else:
        write_err("Written. Read it before you send it." if written else "Nothing is written.")
    return SUCCESS if written else NEGATIVE if agreed is False else FAILURE


def _obstacle(options: Options, folder: Path) -> str:
    """Return why the bundle cannot be written; empty if it can."""
    absent = missing(options)
    if absent is not None:
        return f"{absent} does not exist"
    try:
        taken = os.path.lexists(folder)
    except ValueError:
        return f"{folder} is not a valid folder name"
    return f"{folder} already exists and is not changed; name a new folder with --out" if taken else ""


def _collect(options: Options, environ: Mapping[str, str], tape: Tape | None, now: float) -> list[BundleFile]:
    seen = take_snapshot(options, environ)
    known = seen.known
    place = identities_of(
        str(known.paths.home),
        str(known.paths.project.absolute()),
        environ,
        platform.node(),
        _urls(seen),
        _files(seen, tape),
        _models(seen),
        [*texts_for_numbers(known.settings), *_machine_names(options, seen)],
        private_names(known.settings),
    )
    redact = Redactor(secrets_of(known.settings, environ, known.proxy_config), place)
    versions = {"Programs": program_versions(), "Machine": system_versions(environ)}
    made = bundle_files(BundleData(seen, options, versions, tape, now), redact)
    return [readme(made, now), *made]


def _machine_names(options: Options, seen: StackSnapshot) -> list[str]:
    """Return what the user and ssh call other machines, and the users there: an alias may be a plain word."""
    named = [part for host in options.host for part in (host, *host.rpartition("@")[::2]) if part]
    return [*named, *(name for one in seen.deck.discovery.machines for name in names_in_ssh(one.problem))]


def _urls(seen: StackSnapshot) -> list[str]:
    """Return the URLs of all servers that are configured or were found."""
    known = seen.known
    effective = [known.settings.text(path) or "" for path in known.settings.effective if path.endswith("_URL")]
    yaml = [one.api_base for one in known.proxy_config.deployments()] if known.proxy_config is not None else []
    named = [url for url in (known.options.vllm, known.options.proxy) if url]
    named += [f"ssh://{host}" for host in known.options.host]
    named += [*known.options.gpu_metrics, *(access.url for access in known.options.prometheus)]
    return [*effective, *yaml, *named, *(found.url for found in seen.deck.discovery.found)]


def _files(seen: StackSnapshot, tape: Tape | None) -> list[str]:
    """Return all known paths of files and folders."""
    known = seen.known
    named = [*seen.logs, *map(str, known.options.log), *_recorded(tape)]
    config = known.proxy_config
    files = [config.file, *(one.file for one in config.included)] if config is not None else []
    files += [Path(one).name for one in (*named, *files)]
    values = (known.settings.text(path) or "" for path in known.settings.effective)
    return [*named, *files, *(text for text in (*values, *_models(seen)) if text.startswith(("/", "~/")))]


def _recorded(tape: Tape | None) -> list[str]:
    return [tape.name, *{batch.log for batch in tape.batches if batch.log}] if tape is not None else []


def _models(seen: StackSnapshot) -> list[str]:
    """Return all model ids in settings, YAML and servers."""
    known, deck = seen.known, seen.deck
    fields = [field.path for field in FIELDS if field.kind in {Kind.MODEL, Kind.TIER_ID}]
    found = [known.settings.text(path) or "" for path in fields]
    if known.proxy_config is not None:
        found += [name for one in known.proxy_config.deployments() for name in (one.name, one.model, one.upstream_id)]
    if deck.vllm is not None:
        found += [name for model in deck.vllm.models for name in (model.id, model.root or "")]
    return [*found, *(deck.proxy.models if deck.proxy is not None else ())]


def _list(folder: Path, made: Sequence[BundleFile]) -> None:
    """Print the list of files."""
    paint = paint_for(standard_output())
    write_out(paint(printable(f"{folder}/"), Ink.BOLD))
    name_width = max(len(one.name) for one in made)
    for one in made:
        write_out(f"  {one.name:<{name_width}}  {size_words(one.size):>7}  {one.holds}")
        if one.taken:
            write_out(paint(f"  {'':<{name_width}}  removed: {removed_words(one.taken)}", Ink.QUIET))


def _as_json(folder: Path, made: Sequence[BundleFile], *, written: bool) -> dict[str, object]:
    return {
        "version": VERSION,
        "folder": str(folder),
        "written": written,
        "files": [
            {"name": one.name, "bytes": one.size, "holds": one.holds, "redacted": dict(sorted(one.taken.items()))}
            for one in made
        ],
    }
