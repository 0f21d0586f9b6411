"""Collect what is known of the client, its files and the servers, and run the rules over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stormdeck.commands.check.servers import ServerAnswers
from stormdeck.commands.client_settings import read
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.rules.collect import findings_of, raw_findings
from stormdeck.model.rules.locations import located
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.client import Exposure
from stormdeck.model.snapshots.client_state import ClientState
from stormdeck.options import Options
from stormdeck.options.declared import own_servers
from stormdeck.paths import UserPaths, user_paths
from stormdeck.sources.client.state import read_client_state
from stormdeck.sources.client.version import ClientVersion, find_client_version
from stormdeck.sources.settings.exposure import exposures


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that the rules need to know."""

    options: Options
    paths: UserPaths
    settings: SettingsSnapshot
    client: ClientVersion
    seen: ServerAnswers
    proxy_config: ProxyConfig | None
    exposures: tuple[Exposure, ...]
    state: ClientState

    def deck(self, settings: SettingsSnapshot) -> Deck:
        """Return everything that was found as a deck, with these settings."""
        return Deck(
            discovery=self.seen.discovery,
            settings=settings,
            vllm=self.seen.vllm,
            proxy=self.seen.proxy,
            client_version=self.client.version,
            exposures=self.exposures,
            proxy_config=self.proxy_config,
            probe=self.seen.probe,
            client=self.state,
            named=own_servers(self.options),
        )

    def findings(self, settings: SettingsSnapshot) -> tuple[Finding, ...]:
        """Return the findings for these settings; none if there are no settings at all."""
        return findings_of(self.deck(settings))

    def raw_findings(self, settings: SettingsSnapshot) -> tuple[Finding, ...]:
        """Return the findings with untested fixes. ``safe_fixes`` calls this after each step."""
        return raw_findings(self.deck(settings), settings)

    def report(self) -> tuple[Finding, ...]:
        """Return the findings with their places, in the order of the report."""
        return located(self.settings, self.findings(self.settings))

    def texts(self) -> dict[str, str]:
        """Return the texts of the files that a report may quote, by path."""
        texts = {str(file.path): file.text for file in self.settings.files}
        if self.proxy_config is not None:
            texts[self.proxy_config.file] = "\n".join(self.proxy_config.lines)
            texts |= {one.file: "\n".join(one.lines) for one in self.proxy_config.included}
        return texts


def has_settings(settings: SettingsSnapshot) -> bool:
    """Return whether there is a settings file, or a variable of the client in the shell."""
    return any(file.exists for file in settings.files) or bool(settings.shell)


def learn(options: Options, environ: Mapping[str, str], *, offline: bool, quick: bool = False) -> Knowledge:
    """Read the settings and, unless ``offline``, ask the servers once; never raises.

    ``quick``: wait no longer than a status bar can.
    """
    paths = user_paths(environ, options.home, options.project)
    settings = read(options, paths, environ)
    seen, yaml = ServerAnswers(), options.litellm_config
    if not offline:
        from stormdeck.commands.check.servers import PATIENT, QUICK, ask_servers, proxy_yaml

        seen = ask_servers(options, settings, QUICK if quick else PATIENT)
        yaml = proxy_yaml(options, seen)
    proxy_config = None
    if yaml is not None:
        from stormdeck.sources.litellm_yaml import read_proxy_config

        proxy_config = read_proxy_config(yaml)
    return Knowledge(
        options,
        paths,
        settings,
        client_version(options, paths, environ),
        seen,
        proxy_config,
        exposures(settings.files),
        read_client_state(paths),
    )


def client_version(options: Options, paths: UserPaths, environ: Mapping[str, str]) -> ClientVersion:
    """Return the client's version. With ``--home``, ``PATH`` is not searched."""
    search_path = "" if options.home is not None else environ.get("PATH", "")
    return find_client_version(paths.claude, paths.home, search_path, options.client_version)


def missing(options: Options) -> Path | None:
    """Return the file that ``--settings`` names if it does not exist."""
    return options.settings if options.settings is not None and not options.settings.exists() else None
