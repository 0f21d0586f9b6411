"""How fast a LogAnalyzer reads a log, beside ``grep -c``: ``python tests/budget/bench_analyze.py [LINES]``."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.logs import write

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.traffic.log_analyzer import LogAnalyzer

LINES = 1_000_000
AT_ONCE = 4096


def batches(path):
    """Yield the file as a reader hands it on: without times, as history."""
    with path.open() as log:
        while lines := log.readlines(AT_ONCE * 80):
            yield LogBatch("litellm.log", tuple(line.rstrip("\n") for line in lines), time.time(), history=True)


def main(count):
    """Print the rate, the memory, and what grep needs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "litellm.log"
        write(path, count)
        ledger, spent, lines = LogAnalyzer(), 0.0, 0
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for batch in batches(path):
            begun = time.process_time()
            ledger.take(batch)
            spent += time.process_time() - begun
            lines += len(batch.lines)
        begun = time.process_time()
        report = ledger.report()
        reporting = time.process_time() - begun
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        subprocess.run(["grep", "-c", "POST", str(path)], stdout=subprocess.PIPE, check=False)
        grep = time.perf_counter() - begun
    sys.stdout.write(
        f"{lines:,} lines, {report.http_requests:,} requests, {len(report.storms):,} storms\n"
        f"take {spent:.2f} s: {lines / spent:,.0f} lines/s, {spent / grep:.0f} times grep -c ({grep:.2f} s)\n"
        f"report {reporting:.2f} s; memory grew by {(after - before) / 1024:.0f} MiB\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
