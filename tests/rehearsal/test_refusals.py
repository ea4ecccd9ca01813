"""What the clouds refuse: a case each way, so that no check is always silent or always loud."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from preview.value import UNKNOWN, Secret
from rehearsal.refusals import refusals

EC2 = "aws:ec2/instance:Instance"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OCI = "oci:Core/instance:Instance"
OCI_RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"
KEY = "aws:ec2/keyPair:KeyPair"

SMALL = base64.b64encode(b"x" * 100).decode()
LARGE = base64.b64encode(b"x" * 16_385).decode()
A_RULE = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "192.0.2.0/24"}
FLEXIBLE = {"shape": "VM.Standard.A1.Flex", "shapeConfig": {"ocpus": 2, "memoryInGbs": 12}}
UDP = {
    "direction": "INGRESS",
    "protocol": "17",
    "source": "192.0.2.0/24",
    "udpOptions": {"destinationPortRange": {"min": 50000, "max": 60000}},
}

ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    (EC2, {"userDataBase64": SMALL, "primaryNetworkInterface": {}}),
    (EC2, {"userDataBase64": UNKNOWN}),
    (RULE, A_RULE),
    (RULE, {"ipProtocol": "-1", "cidrIpv6": "::/0"}),
    (KEY, {"publicKey": "ssh-ed25519 AAAA op@example.com"}),
    (OCI, {**FLEXIBLE, "metadata": {"user_data": Secret("x" * 1000)}}),
    (OCI, {"availabilityDomain": "Uocm:CA-TORONTO-1-AD-1"}),
    (OCI_RULE, UDP),
    ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.77.0.0/24"}),
    ("tls:index/privateKey:PrivateKey", {"algorithm": "ED25519"}),
]
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (EC2, {"userDataBase64": LARGE}, "limited to 16384"),
    (EC2, {"userDataBase64": Secret("?")}, "BASE64"),
    (EC2, {"primaryNetworkInterface": {}, "subnetId": "subnet-1"}, "subnetId"),
    (EC2, {"metadataOptions": {"httpPutResponseHopLimit": 0}}, "HopLimit"),
    (RULE, {**A_RULE, "cidrIpv6": "::/0"}, "exactly one source"),
    (RULE, {**A_RULE, "cidrIpv4": "192.0.2.1/24"}, "malformed"),
    (RULE, {**A_RULE, "cidrIpv4": "::/0"}, "not of IPv4"),
    (RULE, {**A_RULE, "toPort": 21}, "Invalid port range"),
    (RULE, {**A_RULE, "toPort": 65_536}, "Invalid port range"),
    (RULE, {**A_RULE, "ipProtocol": "-1"}, "ports with protocol"),
    (RULE, {**A_RULE, "description": "a < b"}, "description"),
    (KEY, {"publicKey": "ecdsa-sha2-nistp256 AAAA"}, "OpenSSH"),
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/8"}, "/16 to /28"),
    (OCI, {"metadata": {"user_data": Secret("x" * 32_000)}}, "maximum is 32000"),
    (OCI, {"availabilityDomain": "AD-1"}, "availability domain"),
    (OCI, {"shape": "VM.Standard.A1.Flex"}, "needs ocpus"),
    (OCI, {**FLEXIBLE, "shapeConfig": {"ocpus": 1.5, "memoryInGbs": 6}}, "whole"),
    (OCI, {**FLEXIBLE, "shapeConfig": {"ocpus": 1, "memoryInGbs": 65}}, "1 to 64"),
    (OCI, {**FLEXIBLE, "shape": "VM.Standard2.1"}, "fixed shape"),
    (OCI, {"sourceDetails": {"bootVolumeSizeInGbs": "47"}}, "50 GB"),
    (OCI_RULE, {**UDP, "protocol": "6"}, "udpOptions with protocol 6"),
    (OCI_RULE, {**UDP, "source": None}, "needs a source"),
    (OCI_RULE, {**UDP, "udpOptions": {"destinationPortRange": {"min": 2, "max": 1}}}, "2 to 1"),
]


@pytest.mark.parametrize(("type_", "inputs"), ACCEPTED)
def test_what_the_clouds_take(type_: str, inputs: dict[str, Any]) -> None:
    assert list(refusals(type_, inputs)) == []


@pytest.mark.parametrize(("type_", "inputs", "reason"), REFUSED)
def test_what_the_clouds_refuse(type_: str, inputs: dict[str, Any], reason: str) -> None:
    (found,) = refusals(type_, inputs)
    assert reason in found
