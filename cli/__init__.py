"""The ``stackgraph`` command: a thin face over the rooms, with no rules of its own."""
