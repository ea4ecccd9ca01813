"""What a deployment keeps of a system's meaning, so that a preview can tell what it changes.

A Pulumi preview knows resources: that a container is replaced, not that a password is no longer
asked for, or who is down meanwhile. So each system's component has this summary among its inputs
(``graph``). It is in the state, and every preview, plan and diff of two revisions shows the one
that was and the one that will be. It holds no secret, and nothing that a run by itself changes:
the same files and configuration give the same summary.
"""

from __future__ import annotations

from graph.summary.build import summarize
from graph.summary.model import RouteFacts, ServiceFacts, Summary, Volume, read_summary

__all__ = ["RouteFacts", "ServiceFacts", "Summary", "Volume", "read_summary", "summarize"]
