"""Acceptances of what blocks, ready to be pasted into the policy."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

import yaml

from preview.gate.model import Judged
from preview.report.words import visible

FOR: Final = datetime.timedelta(days=14)
"""How long a proposed acceptance holds: time to review, merge and deploy."""


class _Dumper(yaml.SafeDumper):
    """Texts in double quotes: a digest of digits only is no number, and each stays in its line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Set lists in, as people write them."""
        super().increase_indent(flow, False)


class _Text(str):
    """A text that is quoted; keys are not."""

    __slots__ = ()


def _quoted(dumper: yaml.SafeDumper, value: _Text) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(value), style='"')


_Dumper.add_representer(_Text, _quoted)


def acceptances(judged: Sequence[Judged], stack: str, today: datetime.date) -> str:
    """Give YAML that accepts risks; the reason is empty, and has to be written by somebody."""
    entries = [
        {
            "risk": _Text(each.digest),
            "stack": _Text(stack),
            "family": str(each.risk.family),
            "subject": _Text(each.risk.subject),
            "reason": _Text(""),
            "until": today + FOR,
        }
        for each in judged
    ]
    text: str = yaml.dump(
        {"acceptances": entries},
        Dumper=_Dumper,
        sort_keys=False,
        # What nobody sees is written as an escape.
        allow_unicode=all(visible(e.risk.subject) == e.risk.subject for e in judged),
        width=float("inf"),
    )
    return text
