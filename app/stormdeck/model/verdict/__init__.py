"""The verdict: what is the matter on the path, the most useful true statement first."""

from stormdeck.model.verdict.ranking import statements, verdict
from stormdeck.model.verdict.statement import Clock, Statement

Verdict = Statement

__all__ = ["Clock", "Statement", "Verdict", "statements", "verdict"]
