"""Why an installer failed, in a line: the package that the registry lacks, or the installer's own words."""

from __future__ import annotations

import re
import subprocess

_NOT_THERE = re.compile(r"(?P<name>[\w.@/-]+) was not found in the (?:package registry|provided package locations)")
_NO_VERSION = re.compile(r"there is no version of (?P<name>[\w.-]+)(?:\[[\w,.-]*\])?==(?P<version>[\w.!+-]+)")
_TOO_OLD = re.compile(r"only (?P<name>[\w.-]+)[<>=][^ ]* is available")
_NPM = re.compile(r"No matching version found for (\S+?)\.(?:\s|$)|404\s+'([^']+)' is not in this registry")
_PIP = re.compile(r"No matching distribution found for (\S+)")
_NOISE = re.compile(r"^(?:npm (?:error|ERR!)(?: code \S+)?|error:|ERROR:|WARNING:.*)\s*")


def lacking(error: Exception) -> str:
    """Return the Python package that uv did not find in the registry at all, empty if that is not the cause."""
    found = _NOT_THERE.search(_words(error))
    return found["name"] if found else ""


def without_release(error: Exception) -> str:
    """Return the Python package whose wanted release uv did not find, empty if that is not the cause."""
    found = _NO_VERSION.search(_words(error)) or _TOO_OLD.search(_words(error))
    return found["name"] if found else ""


def cause(error: Exception) -> str:
    """Return why an installation failed."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took more than {error.timeout:.0f} s"
    words = _words(error)
    if found := _NOT_THERE.search(words):
        return f"the package registry has no {found['name']}"
    if found := _NO_VERSION.search(words):
        return f"the package registry has no {found['name']} {found['version']}"
    if found := _NPM.search(words) or _PIP.search(words):
        return f"the package registry has no {next(filter(None, found.groups()))}"
    lines = [_NOISE.sub("", line).strip() for line in _stderr(error).splitlines()]
    return "; ".join([line for line in lines if line][:2]) or str(error)


def _stderr(error: Exception) -> str:
    return str(getattr(error, "stderr", None) or "")


def _words(error: Exception) -> str:
    """Return what an installer said without its line breaks: it wraps sentences anywhere."""
    return " ".join(_stderr(error).replace("npm error", " ").split())
