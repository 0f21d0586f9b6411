"""Write files into a new folder that only its owner can read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def write_folder(folder: Path, files: Mapping[str, str]) -> str:
    """Create a folder with these files; return why that failed, or an empty text.

    Whatever already has the folder's name, even a link, is left as it is. The files are created inside the folder that
    was made, whatever gets its name meanwhile; if one cannot be written, everything is removed again.
    """
    try:
        folder.mkdir(_FOLDER_MODE)
    except FileExistsError:
        return f"{folder} is there already and is left as it is; name a new folder"
    except FileNotFoundError:
        return f"there is no folder {folder.parent} to make it in"
    except (OSError, ValueError) as error:
        return f"{folder} cannot be made: {_words(error)}"
    try:
        inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return f"{folder} cannot be opened: {_words(error)}"
    made: list[str] = []
    try:
        os.fchmod(inside, _FOLDER_MODE)
        for name, text in files.items():
            _write(name, text, inside, made)
    except OSError as error:
        _remove(folder, inside, made)
        return f"{folder} cannot be written: {_words(error)}; nothing of it is left"
    finally:
        os.close(inside)
    return ""


def _write(name: str, text: str, inside: int, made: list[str]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, _FILE_MODE, dir_fd=inside)
    made.append(name)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(descriptor, _FILE_MODE)
        stream.write(text.encode("utf-8", "backslashreplace"))
        stream.flush()
        os.fsync(descriptor)


def _remove(folder: Path, inside: int, made: list[str]) -> None:
    for name in made:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=inside)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _words(error: OSError | ValueError) -> str:
    return ((error.strerror if isinstance(error, OSError) else "") or str(error)).lower()
