"""URNs, the types in them, and former ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import alias_pb2

from preview import urn as urns

BOX = "urn:pulumi:dev::small::a:b:Box::box"
LEAF = "urn:pulumi:dev::small::a:b:Box$c:d:Leaf::box-leaf"
STACK = "urn:pulumi:dev::small::pulumi:pulumi:Stack::small-dev"


def former(*specs: dict[str, object] | str, of: dict[str, list[str]] | None = None) -> list[str]:
    declared = [
        alias_pb2.Alias(urn=spec)
        if isinstance(spec, str)
        else alias_pb2.Alias(spec=alias_pb2.Alias.Spec(**spec))  # type: ignore[arg-type]
        for spec in specs
    ]
    return list(urns.aliases(LEAF, BOX, declared, of or {}))


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("", "urn:pulumi:dev::small::c:d:Leaf::n"),
        (STACK, "urn:pulumi:dev::small::c:d:Leaf::n"),
        (BOX, "urn:pulumi:dev::small::a:b:Box$c:d:Leaf::n"),
        (LEAF, "urn:pulumi:dev::small::a:b:Box$c:d:Leaf$c:d:Leaf::n"),
    ],
)
def test_a_urn_has_the_types_of_its_parents(parent: str, expected: str) -> None:
    assert urns.make("dev", "small", parent, "c:d:Leaf", "n") == expected
    assert urns.split(expected).type == "c:d:Leaf"


@given(st.text(min_size=1))
def test_any_name_comes_out_again(name: str) -> None:
    assert urns.split(urns.make("dev", "small", BOX, "c:d:Leaf", name)) == (
        "dev",
        "small",
        "a:b:Box$c:d:Leaf",
        name,
    )


@pytest.mark.parametrize("text", ["", "urn:pulumi:dev::small::type", "urn:other:a::b::c::d"])
def test_what_is_no_urn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no URN"):
        urns.split(text)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"name": "old"}, "urn:pulumi:dev::small::a:b:Box$c:d:Leaf::old"),
        ({"type": "x:y:Z"}, "urn:pulumi:dev::small::a:b:Box$x:y:Z::box-leaf"),
        ({"noParent": True}, "urn:pulumi:dev::small::c:d:Leaf::box-leaf"),
        ({"parentUrn": STACK}, "urn:pulumi:dev::small::c:d:Leaf::box-leaf"),
        ({"stack": "s", "project": "p"}, "urn:pulumi:s::p::a:b:Box$c:d:Leaf::box-leaf"),
        ("urn:pulumi:a::b::c:d:E::f", "urn:pulumi:a::b::c:d:E::f"),
    ],
)
def test_an_alias_stands_for_a_former_urn(spec: dict[str, object] | str, expected: str) -> None:
    assert former(spec) == [expected]


def test_an_alias_that_is_the_urn_itself_is_none() -> None:
    assert former({"name": "box-leaf"}) == []


def test_children_follow_the_former_urns_of_their_parent() -> None:
    old_box = "urn:pulumi:dev::small::a:b:OldBox::bag"
    assert former(of={BOX: [old_box]}) == ["urn:pulumi:dev::small::a:b:OldBox$c:d:Leaf::bag-leaf"]
    assert former({"name": "twig"}, of={BOX: [old_box]}) == [
        "urn:pulumi:dev::small::a:b:Box$c:d:Leaf::twig",
        "urn:pulumi:dev::small::a:b:OldBox$c:d:Leaf::bag-leaf",
        "urn:pulumi:dev::small::a:b:OldBox$c:d:Leaf::twig",
    ]


def test_an_alias_that_names_a_parent_follows_the_former_urns_of_that_one() -> None:
    other, old = BOX.replace("box", "other"), BOX.replace("Box::box", "Bag::bag")
    assert former({"parentUrn": other}, of={other: [old]}) == [
        "urn:pulumi:dev::small::a:b:Bag$c:d:Leaf::box-leaf",
    ]


@pytest.mark.parametrize(
    ("version", "url", "name"),
    [
        ("", "", "default"),
        ("1.2.1", "", "default_1_2_1"),
        ("1.2.1-alpha.3+b-1", "", "default_1_2_1_alpha_3_b_1"),
        ("1.0.0", "github://api.github.com/o", "default_1_0_0_github_/api.github.com/o"),
    ],
)
def test_the_default_provider_has_its_version_in_its_name(
    version: str, url: str, name: str
) -> None:
    expected = f"urn:pulumi:dev::small::pulumi:providers:pkg::{name}"
    assert urns.default_provider("dev", "small", "pkg", version, url) == expected


@pytest.mark.parametrize(
    ("type_", "shown"),
    [
        ("docker:index/network:Network", "docker:index:Network"),
        ("docker:index/remoteImage:RemoteImage", "docker:index:RemoteImage"),
        ("aws:s3/bucket:BucketV2", "aws:s3/bucket:BucketV2"),
        ("command:local:Command", "command:local:Command"),
        ("pulumi:pulumi:Stack", "pulumi:pulumi:Stack"),
        ("odd", "odd"),
        ("a:b/c:", "a:b/c:"),
    ],
)
def test_types_are_displayed_as_pulumi_does(type_: str, shown: str) -> None:
    assert urns.display_type(type_) == shown
