"""Changes of resources that no system tells of, and of systems that do not tell."""

from __future__ import annotations

from typing import Any

import pytest

from preview.plan import Step
from tests.preview.risk.making import (
    COMMAND,
    CONTAINER,
    RECORD,
    VOLUME,
    WEB,
    said,
    step,
    summary,
)

PLAIN: dict[str, Any] = {"name": "x"}


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            step("update", RECORD, "x", {"proxied": True}, {"proxied": False}, ours=False),
            ["reach: cloudflare DnsRecord x is reached from the internet; before, only from "
             "Cloudflare's edge"],
        ),
        (step("update", RECORD, "x", {"proxied": False}, {"proxied": True}, ours=False), []),
        (
            step("update", RECORD, "x", {"name": "a", "content": "192.0.2.1"},
                 {"name": "a", "content": "192.0.2.2"}, ours=False),
            ["identity: cloudflare DnsRecord x says another content: 192.0.2.2, and said "
             "192.0.2.1"],
        ),
        (
            step("create", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "x",
                 new={"cidrIpv4": "0.0.0.0/0"}, ours=False),
            ["reach: aws SecurityGroupIngressRule x is reached from 0.0.0.0/0"],
        ),
        (
            step("create", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "x",
                 new={"cidrIpv4": "0.0.0.0/0"}, ours=False),
            [],
        ),
        (
            step("update", "aws:ec2/securityGroup:SecurityGroup", "x",
                 {"ingress": [{"cidrBlocks": ["192.0.2.0/24"]}]},
                 {"ingress": [{"cidrBlocks": ["192.0.2.0/25"]}]}, ours=False),
            [],
        ),
        (
            step("create", CONTAINER, "x", new={"ports": [{"external": 80}]}, ours=False),
            ["reach: port 80/tcp of container x is reached from the internet"],
        ),
        (
            step("create", CONTAINER, "x",
                 new={"ports": [{"external": 80, "ip": "127.0.0.1"}]}, ours=False),
            [],
        ),
        (
            step("replace", CONTAINER, "x", PLAIN, ours=False),
            ["downtime: container x is replaced; who uses it is not known"],
        ),
        (
            step("delete", "aws:s3/bucketV2:BucketV2", "x", ours=False),
            ["data: aws BucketV2 x is deleted, with what it holds"],
        ),
        (
            step("replace", "gcp:sql/databaseInstance:DatabaseInstance", "x", ours=False),
            ["data: gcp DatabaseInstance x is replaced; what it holds is lost"],
        ),
        (
            step("replace", "tls:index/privateKey:PrivateKey", "x", ours=False),
            ["secrets: tls PrivateKey x is made anew: who has the old one is no longer believed"],
        ),
        (
            step("delete", "acme:index/gadget:Gadget", "x", ours=False),
            ["cannot tell: acme Gadget x is deleted: whether it holds data is not known"],
        ),
        (step("update", "acme:index/gadget:Gadget", "x", ours=False), []),
        (step("delete", "aws:ec2/subnet:Subnet", "x", ours=False), []),
        (
            step("update", COMMAND, "x", uncertain=("its stdin is made later",), ours=False),
            ["cannot tell: command x: its stdin is made later"],
        ),
        (
            step("update", RECORD, "x", {"proxied": True},
                 {"proxied": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}, ours=False),
            ["cannot tell: cloudflare DnsRecord x: only the deployment tells its proxied, which "
             "decides who reaches it"],
        ),
    ],
)  # fmt: skip
def test_resources_that_no_system_tells_of(change: Step, lines: list[str]) -> None:
    assert said(change) == lines


def test_a_system_that_does_not_tell_cannot_be_judged() -> None:
    told = {"graph": summary(WEB, reach={"x": ("internet",)}, grants={"x": ("all",)}).data()}
    silent = step("update", "stackgraph:index:System", "s", {}, told, ours=False)
    gone = step("delete", VOLUME, "s-app-data", {"name": "app_data"})
    assert said(silent, gone) == [
        "data: volume app_data is deleted, with what it holds",
        "cannot tell: system s: what is deployed does not tell what it means; deploy it once with "
        "this version, then changes of it can be judged",
    ]
    # Nor where the preview leaves it out, while something of it goes.
    assert said(gone)[-1] == (
        "cannot tell: volume app_data: the preview does not show its system; make it with "
        "--show-sames"
    )
    routes = step("update", COMMAND, "s-one-ingress-routes", {"stdin": "a"}, {"stdin": "b"})
    assert said(routes) == []
