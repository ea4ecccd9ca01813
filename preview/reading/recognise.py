"""What a text is that is no preview, so that the message can say so."""

from __future__ import annotations

import re
from typing import Final

from preview.reader import REMEDY
from preview.value import Json

_CHANGE: Final = frozenset({"steps", "changeSummary"})
_BEFORE_ANY: Final = frozenset({"diagnostics", "duration"})
"""What is left of a preview that ended before its first step."""

_DOCUMENTS: Final = {
    "deployment": ("is the export of a stack's state", REMEDY),
    "apiVersion": ("is a Kubernetes object", REMEDY),
    "resource_changes": ("is a plan of Terraform", REMEDY),
    "terraform_version": ("is a state of Terraform", REMEDY),
    "resourcePlans": ("is a plan that `pulumi preview --save-plan` saved", REMEDY),
    "summary": ("is the short form that `--output json` writes", "give `--json` instead"),
}
_OUTPUT: Final = re.compile(
    r"^(?:Previewing |Updating \(|Destroying \(|Refreshing \(|\s*Type +Name +(?:Plan|Status)"
    r"|\x1b\[|View (?:in Browser|Live): )",
    re.MULTILINE,
)


def foreign_text(head: bytes) -> str:
    """What a text is that doesn't begin as JSON does: `fact; remedy`."""
    text = head[:65536].decode(errors="replace")
    if _OUTPUT.search(text):
        return "is the text that pulumi shows; give what `pulumi preview --json` wrote"
    if re.search(r"^\{\r?$|^\{\"", text, re.MULTILINE):
        return "has other text before its JSON; keep standard error apart: no `2>&1`"
    return f"is not JSON; {REMEDY}"


def foreign_document(document: Json) -> str | None:
    """What a JSON text is that is no preview, as `fact; remedy`; None if it is one."""
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        return f"is JSON, but {kind}; {REMEDY}"
    if not _CHANGE & document.keys():
        for key, (fact, remedy) in _DOCUMENTS.items():
            if key in document:
                return f"{fact}, no preview; {remedy}"
    if not (_CHANGE | _BEFORE_ANY) & document.keys():
        return f"is JSON, but no preview: it has neither steps nor changeSummary; {REMEDY}"
    if "version" in document:
        return "is of a version that isn't known; update stackgraph"
    return None
