"""Read Claude Code's settings as the options of a command say."""

from __future__ import annotations

from collections.abc import Mapping

from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.options import Options
from stormdeck.paths import UserPaths
from stormdeck.sources.settings.read import read_settings


def read(options: Options, paths: UserPaths, environ: Mapping[str, str]) -> SettingsSnapshot:
    """Return the settings of all scopes. With ``--home``, the caller's environment is ignored."""
    shell = {} if options.home is not None else environ
    named = (options.vllm, options.proxy)
    return read_settings(paths, shell, options.settings, managed=paths.managed, named=named)
