"""The real program, but for other servers of the machine that runs the tests: they are none of a test's."""

import functools
import sys

import stormdeck.feed.servers
from stormdeck.__main__ import main
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.processes.scan import Scan

discover_named = functools.partial(discover, ports=(), scan=lambda _: Scan())
"""Finds what a flag or the settings name, and nothing else."""

if __name__ == "__main__":
    stormdeck.feed.servers.discover = discover_named
    sys.exit(main(sys.argv[1:]))
