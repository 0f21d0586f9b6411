"""Which rules count: all, some, or all but some, by their codes or what those begin with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules that ``only`` names, or all where it is empty, without those that ``skip`` names."""

    only: tuple[str, ...] = ()
    """Codes, or what they begin with: ``FILE708``, ``FILE``."""
    skip: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Say whether the rule of a code counts."""
        return (not self.only or code.startswith(self.only)) and not code.startswith(self.skip)

    @property
    def is_all(self) -> bool:
        """Say whether every rule counts."""
        return not self.only and not self.skip


ALL = Selection()
