"""Call NVML, with every error of the driver and its binding turned into ``NvmlError`` or a default.

NVML is the library of the NVIDIA driver, ``pynvml`` its binding (package ``nvidia-ml-py``). The binding costs
19 ms to import (measured) and is imported at the first call.
"""

from __future__ import annotations

import re
import sys
from enum import IntEnum
from importlib.util import find_spec


class Code(IntEnum):
    """The NVML return codes that the panel explains; nvml.h defines the numbers."""

    NO_BINDING = -1
    """Not an NVML code: the Python package is missing."""
    UNINITIALIZED = 1
    NOT_SUPPORTED = 3
    NO_PERMISSION = 4
    INSUFFICIENT_POWER = 8
    DRIVER_NOT_LOADED = 9
    TIMEOUT = 10
    LIBRARY_NOT_FOUND = 12
    FUNCTION_NOT_FOUND = 13
    GPU_IS_LOST = 15
    RESET_REQUIRED = 16
    LIBRARY_MISMATCH = 18
    GPU_NOT_FOUND = 28
    UNKNOWN = 999


GPU_FAULTS = frozenset({Code.GPU_IS_LOST, Code.RESET_REQUIRED})
"""One GPU is lost; the others still answer."""

DRIVER_FAULTS = frozenset(
    {Code.UNINITIALIZED, Code.DRIVER_NOT_LOADED, Code.TIMEOUT, Code.LIBRARY_NOT_FOUND, Code.LIBRARY_MISMATCH}
)
"""The driver itself fails, so no further call is made."""

LIBRARY = "libnvidia-ml.so.1"
"""The file that the binding loads on Linux."""

MEMORY_V2 = 0x02000028
"""``nvmlMemory_v2``: the struct version whose ``used`` excludes the driver's reserve."""


class NvmlError(Exception):
    """An error code of NVML. Not raised outside this package."""

    def __init__(self, code: int, text: str, call: str) -> None:
        super().__init__(f"{call}: {text}")
        self.code = code
        self.text = text


class Nvml:
    """The binding, used from one thread. Tests pass a module of their own."""

    def __init__(self, module: object | None = None) -> None:
        self._module = module
        # With the number of arguments: the binding uses one name for several driver functions.
        self._missing: set[tuple[str, int]] = set()
        self._open = False

    def open(self) -> None:
        """Open the driver, once; raises ``NvmlError``."""
        if self._open:
            return
        self.require("nvmlInit")
        self._open = True

    def close(self) -> None:
        """Close the driver, whatever its state, so that the next ``open`` starts anew."""
        if self._open:
            self._open = False
            self.call("nvmlShutdown")
        self._missing.clear()

    def number(self, name: str, *args: object) -> int | None:
        """Return a function's integer, ``None`` where there is none."""
        return whole(self.call(name, *args))

    def text(self, name: str, *args: object) -> str | None:
        """Return a function's text, ``None`` where there is none."""
        value = self.call(name, *args)
        return value if isinstance(value, str) else None

    def call(self, name: str, *args: object, default: object = None) -> object:
        """Return a function's result, ``default`` where this GPU, driver, binding or user gets none.

        Raises only errors that end the reading of a GPU or of all: ``GPU_FAULTS``, ``DRIVER_FAULTS``.
        """
        if (name, len(args)) in self._missing:
            return default
        try:
            return self.require(name, *args)
        except NvmlError as error:
            if self._open and error.code in GPU_FAULTS | DRIVER_FAULTS:
                raise
            if error.code == Code.FUNCTION_NOT_FOUND:
                self._missing.add((name, len(args)))
            return default

    def require(self, name: str, *args: object) -> object:
        """Return a function's result; raises ``NvmlError`` for any failure."""
        function = getattr(self._binding(), name, None)
        if function is None:
            raise NvmlError(Code.FUNCTION_NOT_FOUND, "the binding lacks it", name)
        try:
            value: object = function(*args)
        except Exception as error:
            # The binding raises other errors too: for a driver older than a struct, and for bytes that are not text.
            raise NvmlError(_code_of(error), _text_of(error), name) from error
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def _binding(self) -> object:
        if self._module is None:
            _require_driver()
            try:
                import pynvml
            except ImportError as error:
                raise NvmlError(Code.NO_BINDING, str(error), "pynvml") from error
            self._module = pynvml
        return self._module


def _require_driver() -> None:
    """Raise ``NvmlError`` if the driver's library cannot be loaded: then its binding, 2 MiB, is not imported."""
    if sys.platform == "linux" and find_spec("pynvml") is not None:
        import ctypes

        try:
            ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise NvmlError(Code.LIBRARY_NOT_FOUND, "NVML Shared Library Not Found", "nvmlInit") from error


def whole(value: object) -> int | None:
    """Return a foreign value if it is an integer."""
    return value if isinstance(value, int) else None


def _text_of(error: Exception) -> str:
    """Return an error's text; the binding gives the driver's text as the repr of bytes, ``b'...'``."""
    text = str(error)
    spelt = re.fullmatch(r"b(['\"])(.*)\1", text, re.DOTALL)
    return (spelt[2] if spelt else text) or type(error).__name__


def _code_of(error: Exception) -> int:
    """Return NVML's code, which ``NVMLError`` carries as ``value``."""
    code = whole(getattr(error, "value", None))
    if code is not None:
        return code
    return Code.FUNCTION_NOT_FOUND if type(error).__name__ == "NVMLLibraryMismatchError" else Code.UNKNOWN
