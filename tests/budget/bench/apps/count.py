"""What one writes in five minutes: count requests by status in a log. ``python count.py FILE``."""

import re
import sys
from collections import Counter

ACCESS = re.compile(r'"POST /v1/messages\S* HTTP/1\.1" (\d{3})')

if __name__ == "__main__":
    counts = Counter()
    with open(sys.argv[1]) as log:  # noqa: PTH123
        for line in log:
            if found := ACCESS.search(line):
                counts[found[1]] += 1
    print(counts)  # noqa: T201
