"""The gate: what a policy says of a change's risks. It knows no files, no terminal and no clock."""

from __future__ import annotations

from preview.gate.judge import judge, unreadable
from preview.gate.model import Judged, Outcome, Verdict, worst

__all__ = ["Judged", "Outcome", "Verdict", "judge", "unreadable", "worst"]
