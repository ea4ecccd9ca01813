"""Comparisons of two revisions with no engine: what would change, be replaced, come and go.

`compare` runs the program over a `Baseline`: what another revision's recording, a state or an
earlier plan tells is there. It decides as Pulumi's engine does; what that would ask providers is
written down in `kinds`. Where it can't know, the step says so (`Step.uncertain`).
"""

from __future__ import annotations

from preview.against.baseline import Baseline
from preview.against.compare import compare, compared

__all__ = ["Baseline", "compare", "compared"]
