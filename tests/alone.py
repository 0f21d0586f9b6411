"""The real program, but for other servers of the machine that runs the tests: they are none of a test's."""

import functools
import sys

import stormdeck.feed.servers
from stormdeck.__main__ import main
from stormdeck.sources.discovery import discover
from stormdeck.sources.processes import Scan

if __name__ == "__main__":
    stormdeck.feed.servers.discover = functools.partial(discover, ports=(), scan=lambda _: Scan())
    sys.exit(main(sys.argv[1:]))
