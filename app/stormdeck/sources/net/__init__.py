"""Ask HTTP servers within bounds of time and size."""

import sys

# httpx imports its own command line where it can, and with it click, pygments and rich's progress bars: 3 MiB that
# nothing here uses (measured, httpx 0.28). An import that fails is what httpx expects where these are not installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
