"""What ``check`` knows of the client, its files and the servers, and what the rules say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stormdeck.commands.located import located
from stormdeck.commands.look import Look
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding
from stormdeck.model.path import HopKind
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.live import live_of
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.options import Options
from stormdeck.paths import UserPaths, user_paths
from stormdeck.sources.settings.read import read_settings


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that is known before the rules speak."""

    options: Options
    paths: UserPaths
    settings: SettingsSnapshot
    seen: Look

    def findings(self, settings: SettingsSnapshot) -> tuple[Finding, ...]:
        """Return what the rules say about settings, with everything else as it was found, in the order of a report.

        Where there are no settings at all, nothing is wrong with them.
        """
        deck = Deck(discovery=self.seen.discovery, settings=settings, vllm=self.seen.vllm, proxy=self.seen.proxy)
        facts = Facts.effective(settings, self.options.client_version, live=live_of(deck))
        found = check(facts)
        if not has_settings(settings):
            found = tuple(finding for finding in found if finding.hop is not HopKind.CLIENT)
        return located(settings, found)

    def texts(self) -> dict[str, str]:
        """Return the texts that a report may quote, by path."""
        return {str(file.path): file.text for file in self.settings.files}


def has_settings(settings: SettingsSnapshot) -> bool:
    """Say whether there is a settings file, or a variable of the client in the shell."""
    return any(file.exists for file in settings.files) or bool(settings.shell)


def learn(options: Options, environ: Mapping[str, str], *, offline: bool) -> Knowledge:
    """Read the settings and, unless offline, ask the servers once; never raises."""
    paths = user_paths(environ, options.home, options.project)
    settings = read(options, paths, environ)
    if offline:
        return Knowledge(options, paths, settings, Look())
    from stormdeck.commands.asking import look

    return Knowledge(options, paths, settings, look(options, settings))


def read(options: Options, paths: UserPaths, environ: Mapping[str, str]) -> SettingsSnapshot:
    """Return the settings of every scope; with a home of its own, the caller's shell is left out."""
    shell = {} if options.home is not None else environ
    return read_settings(paths, shell, options.settings, managed=paths.managed)


def missing(options: Options) -> Path | None:
    """Return the file that ``--settings`` names where there is none."""
    return options.settings if options.settings is not None and not options.settings.exists() else None
