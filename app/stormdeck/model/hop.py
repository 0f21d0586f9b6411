"""The places on the path where it can break."""

from __future__ import annotations

from enum import StrEnum


class HopKind(StrEnum):
    """The four places where it can break, in path order."""

    CLIENT = "client"
    PROXY = "proxy"
    SERVER = "vLLM"
    GPU = "GPU"
