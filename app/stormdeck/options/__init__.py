"""Load the panel's own options: flags > environment > YAML file > defaults. Each option is declared once.

>>> loaded = load({"poll": ["5"]}, {"STORMDECK_THEME": "light"}, with_file=False)
>>> loaded.options.poll, loaded.options.theme, str(loaded.options.origin("theme"))
(5, 'light', 'STORMDECK_THEME')

To add an option: add a field to ``Options`` in ``declared``, with a kind from ``kinds``. Flag, variable, file key, help
and completion follow from it.
"""

from __future__ import annotations

from stormdeck.options.declared import DECLARED, Declaration, Group, Options, Origin, OriginKind
from stormdeck.options.file import Problem
from stormdeck.options.load import Loaded, load

__all__ = ["DECLARED", "Declaration", "Group", "Loaded", "Options", "Origin", "OriginKind", "Problem", "load"]
