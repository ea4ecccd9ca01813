"""Verdicts of the gate as texts: for a terminal, for a pull request, for other programs."""

from __future__ import annotations

from preview.report.data import to_data
from preview.report.junit import junit
from preview.report.markdown import markdown
from preview.report.terminal import Line, Tone, lines

__all__ = ["Line", "Tone", "junit", "lines", "markdown", "to_data"]
