"""Whatever a program or a provider says, no policy fails."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from policy.containers import READ
from policy.resources import CONTAINER, UNKNOWN, Resource, holds_unknown
from policy.table import POLICIES

KEYS = sorted(
    {key for names in READ.values() for key in names}
    | {"name", "uploads", "ipamConfigs", "labels", "connection", "sshOpts", "rules", "zoneId"}
    | {"type", "content", "ttl", "proxied", "phase", "kind", "value", "settingId", "create"}
    | {"metadataOptions", "rootBlockDevice", "instanceOptions", "ingress", "cidrIpv4", "protocol"}
    | {"fromPort", "toPort", "ipProtocol", "source", "direction", "tcpOptions", "memorySwap"}
)
INNER = [
    *("adds", "drops", "aliases", "name", "ipv4Address", "subnet", "gateway", "ipRange", "target"),
    *("source", "type", "hostPath", "containerPath", "internal", "external", "ip", "protocol"),
    *("tests", "interval", "timeout", "retries", "label", "value", "host", "expression", "max"),
    *("destinationPortRange", "min", "cidrBlocks", "httpTokens", "encrypted", "readOnly", "file"),
]
TEXTS = [
    *("", "0", "tcp", "udp", "postgres:16", "nginx:latest", "a=b", "/", "/data", "data", "bind"),
    *("volume", "5s", "-1s", "172.30.0.0/16", "172.30.0.300", "10.0.0.0/8", "::/0", "0.0.0.0/0"),
    *("host", "none", "bridge", "container:x", "CMD", "NONE", UNKNOWN, "[secret]", "CNAME", "A"),
    *("no", "always", "ssl", "full", "a.example.com", "\x00", "${X}", "$", "'", "é", "-", "::"),
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 22, 80.0, 5432.0, 65535.0, 65536.0, 2.5, 1e300]),
    st.floats(),
    st.integers(),
    st.sampled_from(TEXTS),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(INNER) | st.text(max_size=4), inner, max_size=5),
    ),
    max_leaves=12,
)
inputs = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), values, max_size=10)


TYPES = sorted({type_ for policy in POLICIES for type_ in policy.types})


@given(
    given_types=st.lists(st.sampled_from(TYPES), min_size=3, max_size=3),
    given_inputs=st.lists(inputs, min_size=3, max_size=3),
    options=inputs,
)
def test_no_policy_fails(
    given_types: list[str], given_inputs: list[dict[str, Any]], options: dict[str, Any]
) -> None:
    urns = ("urn:pulumi:s::p::t::a", "", "b")
    for same in (given_types, [CONTAINER] * 3):
        resources = [
            Resource(type=type_, urn=urn, name=urn, inputs=each)
            for type_, urn, each in zip(same, urns, given_inputs, strict=True)
        ]
        for policy in POLICIES:
            for violation in policy.violations(resources, options):
                assert violation.urn in urns
                assert UNKNOWN not in str(violation)


@given(value=values)
def test_an_unknown_is_found_however_deep(value: object) -> None:
    assert holds_unknown([{"a": [value, UNKNOWN]}])
