"""How fast a log is analysed, beside ``grep -c`` of the same file: ``python tests/budget/bench_analyze.py [LINES]``."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.ledger import Ledger

LINES = 1_000_000
AT_ONCE = 4096
LADDER = (0.0, 0.6, 1.7, 4.0, 8.5, 17.3)


def write_log(path, count):
    """Write a log as LiteLLM before a busy vLLM leaves it: polls, answers, errors with their tracebacks, storms."""
    access = 'INFO:     127.0.0.1:{port} - "{what} HTTP/1.1" {status}\n'.format
    with path.open("w") as log:
        number = written = 0
        while written < count:
            number += 1
            port = 40000 + number % 20000
            block = [access(port=port, what="GET /health/liveliness", status="200 OK")] * 4
            block += [access(port=port, what="POST /v1/messages?beta=true", status="200 OK")] * 3
            block.append(access(port=port, what="POST /v1/messages/count_tokens?beta=true", status="404 Not Found"))
            block.append(
                "(APIServer pid=7) INFO 11-20 18:22:01 [loggers.py:335] Engine 000: Avg prompt throughput: 52.1\n"
            )
            if number % 40 == 0:
                block.append("18:22:01 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - boom\n")
                block += [f'  File "litellm/proxy/route.py", line {line}, in route\n' for line in range(50)]
                block += [access(port=port, what="POST /v1/messages?beta=true", status="500 Internal Server Error")] * 3
            log.writelines(block)
            written += len(block)


def batches(path):
    """Yield the file as a reader hands it on: without times, as history."""
    with path.open() as log:
        while lines := log.readlines(AT_ONCE * 80):
            yield LogBatch("litellm.log", tuple(line.rstrip("\n") for line in lines), time.time(), history=True)


def main(count):
    """Print the rate, the memory, and what grep needs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "litellm.log"
        write_log(path, count)
        ledger, spent, lines = Ledger(), 0.0, 0
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
        f"Ledger.take {spent:.2f} s: {lines / spent:,.0f} lines/s, {spent / grep:.0f} times grep -c ({grep:.2f} s)\n"
        f"report {reporting:.2f} s; memory grew by {(after - before) / 1024:.0f} MiB\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
