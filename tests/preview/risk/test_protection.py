"""Guards that go, grants that come, options and inputs that no longer protect."""

from __future__ import annotations

from typing import Any

import pytest

from graph.summary.guards import KEEPS
from graph.summary.model import Summary
from tests.preview.risk.making import both, said, step

SETTING = "cloudflare:index/zoneSetting:ZoneSetting"


@pytest.mark.parametrize(
    ("before", "after", "fact"),
    [
        ({"x": ("a", "b")}, {"x": ("a",)}, "x loses protection: b"),
        ({"x": ("a",)}, {"x": ("a", "b")}, None),
        ({"x": ("a",)}, {"x": ()}, "x loses protection: a"),
        ({"x": ("a",)}, {}, None),
        (
            {"x": ("calls are limited, to 10 in 10s",)},
            {"x": ("calls are limited, to 100 in 10s",)},
            "x loses protection: calls are limited, to 100 in 10s; before, calls are limited, to "
            "10 in 10s",
        ),
        (
            {"x": ("calls are limited, to 100 in 10s",)},
            {"x": ("calls are limited, to 100 in 1m0s",)},
            None,
        ),
        (
            {"x": ("bodies are limited, to 100 bytes",)},
            {"x": ("bodies are limited, to 99 bytes",)},
            None,
        ),
        (
            {"x": ("rule a: block names b",)},
            {"x": ("rule a: block names c",)},
            "x loses protection: rule a: block names c; before, rule a: block names b",
        ),
    ],
)
def test_guards(before: Any, after: Any, fact: str | None) -> None:
    found = both(Summary(guards=before), Summary(guards=after))
    assert found == ([] if fact is None else [f"protection: {fact}"])


def test_grants_count_also_of_what_is_new() -> None:
    granted = Summary(grants={"x": ("it is privileged",)})
    assert both(Summary(), granted) == ["protection: x may do more: it is privileged"]
    assert both(granted, Summary()) == []


def test_what_every_container_has_is_no_grant_of_a_new_one() -> None:
    kept = {"x": (f"{KEEPS}CHOWN",)}
    new = Summary(guards={"x": ()}, grants=kept)
    assert both(Summary(), new) == []
    assert both(Summary(guards={"x": ()}), new) == [
        "protection: x may do more: it keeps capability CHOWN"
    ]


@pytest.mark.parametrize("op", ["same", "update"])
def test_options_that_no_longer_keep(op: str) -> None:
    kept = {"protect": True, "retain_on_delete": True}
    off = {"protect": False, "retain_on_delete": False, "ignore_changes": ("size",)}
    type_ = "aws:ebs/volume:Volume"
    assert said(step(op, type_, "x", ours=False, was=kept, will=off)) == [
        "protection: aws Volume x is no longer corrected in size (ignoreChanges)",
        "protection: aws Volume x is no longer kept when it is removed from the program "
        "(retainOnDelete)",
        "protection: aws Volume x is no longer protected from being deleted (protect)",
    ]
    assert said(step(op, type_, "x", ours=False, was=off, will=kept)) == []


@pytest.mark.parametrize(
    ("type_", "old", "new", "weaker"),
    [
        (
            "aws:rds/instance:Instance",
            {"storageEncrypted": True},
            {"storageEncrypted": False},
            True,
        ),
        ("aws:rds/instance:Instance", {"deletionProtection": True}, {}, True),
        ("aws:rds/instance:Instance", {}, {"skipFinalSnapshot": True}, True),
        (
            "aws:ec2/instance:Instance",
            {"metadataOptions": {"httpTokens": "required"}},
            {"metadataOptions": {"httpTokens": "optional"}},
            True,
        ),
        (
            SETTING,
            {"settingId": "ssl", "value": "strict"},
            {"settingId": "ssl", "value": "full"},
            True,
        ),
        (
            SETTING,
            {"settingId": "min_tls_version", "value": "1.2"},
            {"settingId": "min_tls_version", "value": "1.0"},
            True,
        ),
        (
            SETTING,
            {"settingId": "brotli", "value": "on"},
            {"settingId": "brotli", "value": "off"},
            False,
        ),
    ],
)
def test_inputs_that_protect(type_: str, old: Any, new: Any, weaker: bool) -> None:
    found = said(step("update", type_, "x", old, new, ours=False))
    assert bool(found) is weaker
    assert all("loses protection" in line for line in found)
    assert said(step("update", type_, "x", new, old, ours=False)) == []
