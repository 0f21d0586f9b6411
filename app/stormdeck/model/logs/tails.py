"""What the ends of the servers' logs tell, by the path of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stormdeck.model.logs.endings import Ending


@dataclass(frozen=True, slots=True)
class LogTails:
    """The ends of the logs that are read. Empty: nothing is known of them."""

    last_lines: Mapping[str, str] = field(default_factory=dict)
    """The newest line of each, raw: clean it before it is shown."""
    endings: Mapping[str, Ending] = field(default_factory=dict)
    """Only of logs whose server's life has ended."""
