"""Which sign stands for which operation."""

from __future__ import annotations

from typing import Final

from preview.change import Operation

SIGNS: Final = {
    Operation.CREATE: "+",
    Operation.IMPORT: "=",
    Operation.UPDATE: "~",
    Operation.REPLACE: "±",
    Operation.DELETE: "−",
    Operation.FORGET: "○",
    Operation.READ: ">",
    Operation.SAME: "",
}
"""One character for each, so that no meaning hangs on a colour."""
