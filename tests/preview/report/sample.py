"""Verdicts that all reports are shown with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from preview.change import Operation
from preview.gate import Verdict, unreadable
from preview.risk import Family
from preview.value import MASK, UNKNOWN
from tests.preview.gate.made import DOWN, LOSS, PORT, TODAY, accepting, change, verdict

CADDYFILE = "\n".join(["shop.example.com {", *(f"\t# {n}" for n in range(9)), "}"])

CHANGES = (
    change(
        "dyniq-n8n",
        old={"image": "n8n:1", "envs": ["A=1"], "memory": 64, "password": MASK},
        new={"image": "n8n:2", "envs": ["A=1", "B=2"], "ip": UNKNOWN.value, "password": MASK},
        told=("password",),
    ),
    change(
        "dyniq-ingress-routes",
        type="command:local:Command",
        old={"stdin": CADDYFILE},
        new={"stdin": CADDYFILE.replace("# 5", "# five")},
    ),
    change("dyniq-web", Operation.CREATE, new={"image": "web:1"}),
    change("dyniq-old", Operation.DELETE, old={"image": "old:1"}),
)

POLICY = (
    "families: {downtime: warn, identity: allow}\n"
    + accepting(PORT, until="2026-12-24", more=", by: ann")
    + accepting(LOSS, until="2026-11-01").partition("\n")[2]
    + '  - {risk: "00e000000000", reason: done long ago, until: 2026-12-01}\n'
)


def samples() -> dict[str, Verdict]:
    """Give a verdict of each kind, by the name of its golden files."""
    moved = replace(DOWN, family=Family.IDENTITY, fact="has another address", chain=("a", "b"))
    every = (LOSS, DOWN, PORT, moved)
    return {
        "pass": verdict(routine=CHANGES),
        "needs-acceptance": verdict(*every, text=POLICY, routine=CHANGES),
        "cannot-tell": replace(
            verdict(LOSS, unclear=("the volume n8n_postgres: its driver is not known",)),
            basis="Compared offline with main; no host was looked at.",
        ),
        "unreadable": unreadable(["preview.json: is empty; preview again"], TODAY, stack="dev"),
    }


def golden(name: str, text: str, *, update: bool) -> None:
    """Compare a text with a file in `golden/`, or write it."""
    file = Path(__file__).parent / "golden" / name
    if update:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), (
        "run pytest with --update-golden if it is right"
    )
