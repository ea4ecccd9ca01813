"""What a change puts at risk: a module a family, over one model of the change."""

from __future__ import annotations

from preview.risk.assess import assess
from preview.risk.model import TITLES, Assessment, Family, Risk

__all__ = ["TITLES", "Assessment", "Family", "Risk", "assess"]
