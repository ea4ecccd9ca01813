"""What a recording refuses."""

from __future__ import annotations

import pulumi


class RecordingError(pulumi.RunError):
    """The program asked for something that no preview would accept, or that can't be recorded.

    A `RunError`, so that whoever shows those as one line (Pulumi itself does) shows this one too.
    The message is `what: fact; remedy` and holds no values of the program.
    """
