"""`stackgraph gate`: what passes, what needs acceptance, what cannot be told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.gate.made import ALLOWED, accept, digest, gate, steps, unclear, write
from tests.workspace import stackgraph


def test_what_has_no_risk_passes(root: Path) -> None:
    answer = gate(root, "fine.json")
    assert (answer.exit_code, answer.err) == (0, "")
    assert answer.out == "dev: pass; no risks; no routine changes\n"


def test_what_blocks_needs_acceptance(root: Path) -> None:
    answer = gate(root, "loss.json")
    assert (answer.exit_code, answer.err) == (1, "")
    assert (
        answer.out
        == f"""\
dev: needs acceptance; 1 risk blocks; no routine changes

Data loss
  blocks: shop-db loses its data [{digest(root)}]
    shop-db is deleted

To accept exactly this change, put under acceptances in gate.yaml, with a reason
  acceptances:
    - risk: "{digest(root)}"
      stack: "dev"
      family: data
      subject: "shop-db"
      reason: ""
      until: 2026-12-05
"""
    )


def test_what_it_says_to_paste_is_taken(root: Path) -> None:
    pasted = gate(root, "loss.json").out.partition("with a reason\n")[2].replace("\n  ", "\n")[2:]
    (root / "gate.yaml").write_text(pasted)
    answer = gate(root, "loss.json")
    assert (answer.exit_code, answer.err) == (
        2,
        "gate.yaml:6: acceptances[0].reason: it is empty; write a text, or remove the key\n",
    )
    (root / "gate.yaml").write_text(pasted.replace('""', '"its data was moved away"'))
    answer = gate(root, "loss.json")
    assert (answer.exit_code, answer.err) == (0, "")
    assert "accepted until 2026-12-05: its data was moved away" in answer.out


def test_an_acceptance_covers_no_other_change(root: Path) -> None:
    accept(root, digest(root))
    assert gate(root, "loss.json").exit_code == 0
    other = gate(root, "image.json")
    assert other.exit_code == 1
    assert "note: nothing here is the risk" in other.out
    assert gate(root, "prod.json").exit_code == 1


def test_an_acceptance_that_has_ended_counts_no_more(root: Path) -> None:
    accept(root, digest(root), until="2026-11-20")
    answer = gate(root, "loss.json")
    assert answer.exit_code == 1
    assert "its acceptance ended 2026-11-20" in answer.out
    assert stackgraph(root, "gate", "loss.json", "--today", "2026-11-20").exit_code == 0


def test_a_stack_of_its_own_levels(root: Path) -> None:
    (root / "gate.yaml").write_text("stacks: {dev: {data: warn}}\n")
    assert [gate(root, f"{name}.json").exit_code for name in ("loss", "prod")] == [0, 1]


def test_another_policy(root: Path) -> None:
    (root / "strict.yaml").write_text("families: {data: block}\n")
    (root / "gate.yaml").write_text("families: {data: warn}\n")
    assert gate(root, "loss.json").exit_code == 0
    assert gate(root, "loss.json", "--policy", "strict.yaml").exit_code == 1


@pytest.mark.parametrize("policy", ["", ALLOWED])
@pytest.mark.parametrize("op", ["refresh", "same"])
def test_what_cannot_be_told_never_passes(policy: str, op: str, root: Path) -> None:
    (root / "gate.yaml").write_text(policy)
    plan = unclear(steps("shop-db", op=op))
    last = replace(plan.steps[-1], new=plan.steps[-1].old)
    write(root, "unclear", replace(plan, steps=(plan.steps[0], last)))
    answer = gate(root, "unclear.json")
    assert answer.exit_code == 2
    assert re.fullmatch(r"(unclear\.json: )?shop-db: its digest is not known\n", answer.err)
    assert answer.out.startswith("dev: cannot tell; ")


def test_several_files_give_the_worst(root: Path) -> None:
    answer = gate(root, "fine.json", "prod.json")
    assert answer.exit_code == 1
    assert [line for line in answer.out.splitlines() if re.match("dev:|prod:", line)] == [
        "dev: pass; no risks; no routine changes",
        "prod: needs acceptance; 1 risk blocks; no routine changes",
    ]
    assert gate(root, "fine.json", "prod.json", "nothing.json").exit_code == 2


def test_what_one_stack_uses_is_not_unused_for_another(root: Path) -> None:
    accept(root, digest(root))
    assert "note:" not in gate(root, "loss.json", "prod.json").out
    assert gate(root, "fine.json", "prod.json").out.count("note:") == 2
