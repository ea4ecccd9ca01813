"""pulumi-command 1.2.1.

From its schema (`pulumi package get-schema`: `replaceOnChanges`); the controllers' sources say
that an update runs the command again, so what it prints is unknown until then.
"""

from __future__ import annotations

from typing import Final

from preview.against.kind import kind

_RUNS: Final = {"sees_secrecy": True, "names_reasons": False, "keeps_outputs": False}

COMMAND: Final = {
    "command:local:Command": kind("triggers", **_RUNS),
    "command:remote:Command": kind("triggers", **_RUNS),
    "command:remote:CopyToRemote": kind("triggers", **_RUNS),
}
