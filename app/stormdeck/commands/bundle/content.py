"""Create the files of a bundle, each with a description and the number of things removed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from stormdeck.commands.check import report
from stormdeck.commands.status.once import StackSnapshot
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.masking.redaction.log_lines import LogStructure
from stormdeck.model.masking.redaction.redactor import E_MAIL, HOST, ID, PATH, SECRET, TOKEN, USER, Counts, Redactor
from stormdeck.model.masking.redaction.snapshots import deck_as_json, settings_as_json, without_quotes
from stormdeck.model.status.document import status_json
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.units import grouped, plural
from stormdeck.model.verdict.ranking import statements
from stormdeck.model.verdict.statement import Statement
from stormdeck.options import DECLARED, Options
from stormdeck.options.kinds import shown
from stormdeck.sources.recordings.entry import Recorded, write_recorded
from stormdeck.sources.recordings.tape import RECORDING, Tape

_NOUNS = {
    SECRET: ("secret", "secrets"),
    TOKEN: ("token", "tokens"),
    E_MAIL: ("e-mail address", "e-mail addresses"),
    HOST: ("host", "hosts"),
    USER: ("user name", "user names"),
    PATH: ("path", "paths"),
    ID: ("id", "ids"),
    "value": ("value", "values"),
    "line": ("line", "lines"),
}


def removed_words(taken: Mapping[str, int]) -> str:
    """Return the number of things removed in words: ``2 secrets, 1 path``."""
    found = [plural(taken[sort], *nouns) for sort, nouns in _NOUNS.items() if taken.get(sort)]
    return ", ".join(found) or "nothing"


def size_words(size: int) -> str:
    """Return a size in words: ``812 B``, ``14 kB``."""
    return f"{size} B" if size < 1000 else f"{grouped(round(size / 1000))} kB"


MOST_LINES = 5_000
"""Lines of each log, the newest ones."""
_LINES = "requests and errors, no texts"


@dataclass(frozen=True, slots=True)
class BundleFile:
    """One file of a bundle."""

    name: str
    holds: str
    text: str
    taken: Counts
    """How many things were removed, by kind."""

    @property
    def size(self) -> int:
        """Return the size in bytes."""
        return len(self.text.encode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True)
class BundleData:
    """The data for a bundle."""

    seen: StackSnapshot
    options: Options
    versions: dict[str, dict[str, str]]
    tape: Tape | None
    now: float
    """Unix seconds."""


def bundle_files(data: BundleData, redact: Redactor) -> list[BundleFile]:
    """Return all files but the README. As a last step, configured secrets are searched and removed once more."""
    seen = replace(data.seen, deck=without_quotes(data.seen.deck))
    ranked = statements(seen.deck, data.now, lambda at: f"{datetime.fromtimestamp(at, UTC):%H:%M UTC}")
    made = [
        _summary(seen, ranked, redact),
        _versions(data, redact),
        _json("status.json", "output of `stormdeck status --json`", status_json(seen.deck, ranked), redact),
        _json("findings.json", "output of `stormdeck check --json`", _findings(seen), redact),
        _json("deck.json", "the state of servers, GPUs and requests", deck_as_json(seen.deck), redact),
        _settings(seen, redact),
        _options(data.options, redact),
        _retries(seen, data.tape, redact),
        *(_log(number, lines, redact) for number, lines in enumerate(seen.logs.values(), 1)),
    ]
    if data.tape is not None:
        made.append(_recording(data.tape, redact))
    return [replace(one, text=redact.sweep(one.text, one.taken)) for one in made]


def _made(name: str, holds: str, lines: Sequence[str], redact: Redactor) -> BundleFile:
    taken: Counts = Counter()
    return BundleFile(name, holds, redact.text("\n".join(lines), taken) + "\n", taken)


def _json(name: str, holds: str, value: object, redact: Redactor) -> BundleFile:
    taken: Counts = Counter()
    return BundleFile(name, holds, _dumped(redact.tree(value, taken)), taken)


def _dumped(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _summary(seen: StackSnapshot, ranked: Sequence[Statement], redact: Redactor) -> BundleFile:
    lines = ["Verdicts, the worst first:"]
    for one in ranked:
        lines += [f"- {one.headline}" + (f"  {one.code}" if one.code else "")]
        lines += [f"  {part}" for part in (one.evidence, one.step) if part]
    lines += ["", "Findings:"]
    lines += [f"- {one.severity.value} {one.code} {one.path}: {one.title}" for one in seen.deck.findings] or ["- none"]
    lines += ["", seen.note] if seen.note else []
    return _made("summary.txt", "the verdict and the findings in words", lines, redact)


def _versions(data: BundleData, redact: Redactor) -> BundleFile:
    deck, client = data.seen.deck, data.seen.known.client
    vllm, proxy = deck.vllm, deck.proxy
    stack = {
        "client": f"{client.version or 'unknown'} ({client.how})",
        "proxy": f"{proxy.kind.value} {proxy.version or 'of unknown version'}, {proxy.state.value}"
        if proxy
        else "none",
        "vLLM": f"{vllm.version or 'of unknown version'}, {vllm.state.value}" if vllm else "not found",
        "GPU driver": deck.gpu.driver or deck.gpu.state.value,
        "GPUs": ", ".join(gpu.name for gpu in deck.gpu.gpus) or "none",
    }
    lines = []
    for heading, versions in {"The stack": stack, **data.versions}.items():
        lines += [heading, *(f"  {name}: {text}" for name, text in versions.items()), ""]
    return _made("versions.txt", "stormdeck, client, servers, driver, terminal", lines[:-1], redact)


def _findings(seen: StackSnapshot) -> object:
    return report.as_json(seen.deck.findings, seen.known.settings, seen.known.texts())


def _settings(seen: StackSnapshot, redact: Redactor) -> BundleFile:
    taken: Counts = Counter()
    text = _dumped(settings_as_json(seen.known.settings, redact, taken))
    return BundleFile("settings.json", "all keys of the client's settings, and known values", text, taken)


def _options(options: Options, redact: Redactor) -> BundleFile:
    taken: Counts = Counter()
    rows = [
        f"{one.name}: {_option(options, one.name, redact, taken)}   ({options.origin(one.name).kind.value})"
        for one in DECLARED
    ]
    return BundleFile("options.txt", "stormdeck's own options and their origin", "\n".join(rows) + "\n", taken)


def _option(options: Options, name: str, redact: Redactor, taken: Counts) -> str:
    """Return the value of an option, with placeholders for files and folders."""
    value = getattr(options, name)
    values = value if isinstance(value, tuple) else (value,)
    if name == "prometheus":
        return f"{len(values)} given" if values else shown(value)
    if name == "log" or any(isinstance(one, Path) for one in values):
        return ", ".join(redact.file(str(one), taken) for one in values)
    return redact.text(shown(value), taken)


def _retries(seen: StackSnapshot, tape: Tape | None, redact: Redactor) -> BundleFile:
    """Count each log separately, since two hops show the same requests."""
    found: dict[str, object] = {}
    for number, (path, lines) in enumerate(seen.logs.items(), 1):
        found[_log_name(number)] = _counted([LogBatch(path, lines, 0.0, history=True)])
    if tape is not None:
        found[RECORDING] = _counted(tape.batches)
    return _json("retries.json", "output of `stormdeck analyze --json` for the logs", found, redact)


def _counted(batches: Sequence[LogBatch]) -> object:
    ledger = LogAnalyzer(local_time=datetime.timestamp)
    for batch in batches:
        ledger.take(batch)
    # Texts from the logs stay out: an error or a user agent may name anybody.
    return replace(ledger.report(), errors=(), clients={}, first_unread="", notes=()).as_json()


def _log_name(number: int) -> str:
    return f"log-{number}.txt"


def _log(number: int, lines: Sequence[str], redact: Redactor) -> BundleFile:
    taken: Counts = Counter()
    structure = LogStructure(datetime.timestamp, redact.stand_in)
    kept = [rebuilt for line in lines if (rebuilt := structure.line(line)) is not None]
    text = "".join(f"{redact.text(line, taken)}\n" for line in kept[-MOST_LINES:])
    taken["line"] += len(lines) - len(kept[-MOST_LINES:])
    return BundleFile(_log_name(number), f"end of a log: {_LINES}", text, taken)


def _recording(tape: Tape, redact: Redactor) -> BundleFile:
    taken: Counts = Counter()
    rows = "".join(f"{write_recorded(one)}\n" for one in _kept(tape, redact, taken))
    return BundleFile(RECORDING, f"a recording, for replay: {_LINES}", rows, taken)


def _kept(tape: Tape, redact: Redactor, taken: Counts) -> Iterator[Recorded]:
    """Yield the structure of a recording's lines, with their times."""
    logs: dict[str, LogStructure] = {}
    for batch in tape.batches:
        structure = logs.setdefault(batch.log, LogStructure(datetime.timestamp, redact.stand_in))
        for line in batch.lines:
            rebuilt = structure.line(line)
            if rebuilt is None:
                taken["line"] += 1
            else:
                yield Recorded(batch.arrived, redact.text(rebuilt, taken), _recorded_name(batch.log, logs))


def _recorded_name(log: str, logs: Mapping[str, LogStructure]) -> str:
    """Return a log's name in a recording; empty if the recording has no names."""
    return f"log-{list(logs).index(log) + 1}.log" if log else ""


def readme(made: Sequence[BundleFile], now: float) -> BundleFile:
    """Return the README, which describes the other files."""
    lines = [
        "A bundle of stormdeck for a bug report, made " + f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M} UTC.",
        "Read it before you send it. Everything in it is plain text.",
        "",
    ]
    for one in made:
        lines += [f"{one.name}: {one.holds}", f"    removed: {removed_words(one.taken)}"]
    lines += [
        "",
        "Placeholders replace what was removed: <secret-1> is a key that is configured on this machine, and the same",
        "number is the same key; <token> looks like a key; <host-1>, <user>, ~, <project>, <path-1>, <name-1>,",
        "<error-1>, file-1.py, package-1, <e-mail> and <id-1> replace machines, people, places, models and programs.",
        "Settings that do not concern servers are reduced to the key and the size. No file contains text of a prompt,",
        "an answer or a transcript: log lines are not masked but rebuilt from their known parts.",
        "",
        "To read it: stormdeck analyze log-1.txt",
    ]
    if any(one.name == RECORDING for one in made):
        lines += ["            stormdeck replay ."]
    return BundleFile(
        "README.txt", f"what is in the other {plural(len(made), 'file')}", "\n".join(lines) + "\n", Counter()
    )
