"""The panel's own options: flags > environment > YAML file > defaults, each declared once."""

from __future__ import annotations

from stormdeck.options.declared import DECLARED, Declaration, Group, Options, Origin, OriginKind
from stormdeck.options.file import Problem
from stormdeck.options.load import Loaded, load

__all__ = ["DECLARED", "Declaration", "Group", "Loaded", "Options", "Origin", "OriginKind", "Problem", "load"]
