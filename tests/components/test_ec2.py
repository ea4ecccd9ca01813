"""An instance at EC2 on the first preview, when hardly anything is known yet."""

from __future__ import annotations

import base64
import gzip
import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_command as command
import pulumi_docker as docker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ec2 import (
    USER_DATA_BYTES,
    Ec2Instance,
    Ec2InstanceArgs,
    ExistingEc2Instance,
    ExistingEc2InstanceArgs,
    ec2_provider,
)
from components.instance import Ssh, description, packed
from components.instance import rules as rules_of
from config.cloud import Ec2Settings
from graph.firewall import Opening
from preview.monitor import Invocation
from preview.record import Recording
from preview.value import UNKNOWN, Secret
from rehearsal import sdk
from tests.components.clouds import (
    CANARY,
    KEY,
    MEDIA,
    OPENINGS,
    SSH,
    TUNNELS,
    UNANSWERED,
    WEB,
    golden,
    managed,
    recorded,
    rules,
    user_data,
)

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
INSTANCE = "aws:ec2/instance:Instance"
SETTINGS = Ec2Settings(
    region="eu-central-1", instance_type="t4g.large", public_key=KEY, tags={"team": "ops"}
)


def instance(openings: Sequence[Opening] = OPENINGS, **settings: Any) -> Ec2Instance:
    args = Ec2InstanceArgs(
        settings=SETTINGS.model_copy(update=settings),
        platform="linux/arm64",
        user_data=user_data,
        openings=openings,
        tunnels=TUNNELS,
        user="deploy",
    )
    return Ec2Instance("box", args)


def existing() -> ExistingEc2Instance:
    settings = Ec2Settings(region="eu-central-1", instance="i-0123456789abcdef0")
    args = ExistingEc2InstanceArgs(settings=settings, host_key="ssh-ed25519 AAAA", user="ubuntu")
    return ExistingEc2Instance("theirs", args)


def test_the_golden_list(update_golden: bool) -> None:
    golden("ec2.txt", recorded(instance), update=update_golden)


def test_the_sdk_knows_every_argument() -> None:
    answers = {**UNANSWERED, "aws:ssm/getParameter:getParameter": {"value": "ami-1"}}
    assert sdk.complaints(recorded(instance, answers)) == []
    assert sdk.complaints(recorded(existing)) == []


def test_a_wrong_argument_would_be_told() -> None:
    right = recorded(instance).one("box", INSTANCE)
    wrong = {
        "ami": 1,
        "metadataOptions": {"httpToken": "required"},
        "rootBlockDevice": [],
        "tag": 1,
    }
    found = list(sdk.of_resource(replace(right, inputs=wrong, ignore_changes=("image",))))
    assert [text.partition("box: ")[2].partition(" is none")[0] for text in found] == [
        "ami: 1",
        "metadataOptions: httpToken is unknown",
        "rootBlockDevice: a list",
        "tag is unknown",
        "ignores image",
    ]
    call = Invocation(token="aws:ssm/getParameter:getParameter", args={"nam": "x"})
    assert list(sdk.of_call(call)) == ["aws:ssm/getParameter:getParameter: nam"]


def test_what_depends_on_the_address_is_unknown_and_not_lost() -> None:
    def program() -> None:
        box = instance()
        provider = docker.Provider("box", host=box.docker_host)
        docker.Container(
            "web",
            image="nginx",
            opts=pulumi.ResourceOptions(
                provider=provider, deleted_with=box.instance, replace_with=[box.instance]
            ),
        )
        connection = command.remote.ConnectionArgs(
            host=box.ssh.address, user=box.ssh.user, port=box.ssh.port, host_key=box.ssh.host_key
        )
        command.remote.Command("set-up", connection=connection, create="true")
        pulumi.export("address", box.address)

    recording = recorded(program)
    box = recording.one("box", INSTANCE)
    web, set_up = recording.one("web"), recording.one("set-up")
    assert web.deleted_with == box.urn
    assert web.replace_with == (box.urn,)
    provider = recording.one("box", "pulumi:providers:docker")
    assert provider.inputs["host"] is UNKNOWN
    assert recording.one("box", "aws:ec2/eip:Eip").urn in provider.dependencies
    connection = set_up.inputs["connection"]
    assert connection is UNKNOWN or (isinstance(connection, Secret) and connection.value is UNKNOWN)
    waits_for = {urn.rpartition("$")[2] for urn in set_up.property_dependencies["connection"]}
    assert waits_for == {
        "aws:ec2/eip:Eip::box",
        "aws:ec2/instance:Instance::box",
        "tls:index/privateKey:PrivateKey::box-host-key",
    }
    assert recording.outputs["address"] is UNKNOWN


def test_it_boots_with_its_address_and_its_rules() -> None:
    recording = recorded(instance)
    box = recording.one("box", INSTANCE)
    for type_ in ("ec2/eipAssociation:EipAssociation", "ec2/route:Route"):
        assert recording.one("box", f"aws:{type_}").urn in box.dependencies
    for rule in ("out-ipv4", "out-ipv6", "tcp-22-198.51.100.0-24"):
        assert recording.one(f"box-{rule}").urn in box.dependencies
    assert box.protect
    assert box.inputs["disableApiTermination"] is True
    assert box.delete_before_replace is True


def test_unprotected_it_may_go() -> None:
    recording = recorded(lambda: instance(protect=False))
    assert not [each.name for each in recording.resources if each.protect]
    assert recording.one("box", INSTANCE).inputs["disableApiTermination"] is False


def test_a_network_that_exists_is_left_as_it_is() -> None:
    given: dict[str, Any] = {"vpc": "vpc-0123456789abcdef0", "subnet": "subnet-0123456789abcdef0"}
    recording = recorded(lambda: instance(**given))
    types = {each.type.rpartition(":")[2] for each in managed(recording)}
    assert not types & {"Vpc", "Subnet", "InternetGateway", "RouteTable", "Route"}
    group = recording.one("box", "aws:ec2/securityGroup:SecurityGroup")
    assert group.inputs["vpcId"] == given["vpc"]
    interface = recording.one("box", "aws:ec2/networkInterface:NetworkInterface")
    assert interface.inputs["subnetId"] == given["subnet"]


def test_what_others_own_is_only_read() -> None:
    found = {"publicIp": "203.0.113.40"}
    answers = {**UNANSWERED, "aws:ec2/getInstance:getInstance": found}

    def program() -> None:
        theirs = existing()
        pulumi.export("url", theirs.docker_host)
        pulumi.export("key", theirs.host_key)

    recording = recorded(program, answers)
    assert managed(recording) == []
    assert recording.outputs["url"] == "ssh://ubuntu@203.0.113.40:22"
    assert recording.outputs["key"] == "ssh-ed25519 AAAA"
    (call,) = recording.invocations
    assert call.args == {"instanceId": "i-0123456789abcdef0"}
    assert call.provider
    assert recorded(program).outputs["url"] is UNKNOWN


def test_one_without_a_public_address_is_told() -> None:
    answers = {**UNANSWERED, "aws:ec2/getInstance:getInstance": {"publicIp": ""}}
    with pytest.raises(pulumi.RunError, match="i-0123456789abcdef0: it has no public address"):
        recorded(lambda: pulumi.export("url", existing().docker_host), answers)


def test_a_provider_of_the_callers_is_taken() -> None:
    def program() -> None:
        class Outer(pulumi.ComponentResource):
            def __init__(self) -> None:
                super().__init__("test:index:Outer", "outer")
                provider = ec2_provider("theirs", SETTINGS, self)
                args = Ec2InstanceArgs(
                    settings=SETTINGS, platform="linux/arm64", user_data=user_data
                )
                inner = pulumi.ResourceOptions(parent=self, providers=[provider])
                Ec2Instance("box", args, inner)

        Outer()

    recording = recorded(program)
    providers = [each.name for each in recording.resources if each.type == "pulumi:providers:aws"]
    assert providers == ["theirs"]
    clouds = [each for each in managed(recording) if each.type.startswith("aws:")]
    assert all("theirs" in (each.provider or "") for each in clouds)
    assert all("theirs" in (call.provider or "") for call in recording.invocations)


# Rules


def ingress(openings: Sequence[Opening]) -> dict[str, Any]:
    return rules(recorded(lambda: instance(openings)), INGRESS)


def test_one_opening_more_is_one_resource_more() -> None:
    before = recorded(instance)
    more = Opening("tcp", range(25, 26), ("192.0.2.0/24",), "mail", container=False)
    after = recorded(lambda: instance((more, *OPENINGS)))
    old, new = ({each.urn for each in one.resources} for one in (before, after))
    assert old < new
    assert [urn.rpartition("::")[2] for urn in new - old] == ["box-tcp-25-192.0.2.0-24"]
    inputs = {each.urn: each.inputs for each in after.resources}
    assert {each.urn: each.inputs for each in before.resources}.items() <= inputs.items()


def test_rules_are_named_by_what_they_say() -> None:
    found = ingress(OPENINGS)
    assert sorted(found) == [
        "box-tcp-22-198.51.100.0-24",
        "box-tcp-443-any-ipv4",
        "box-tcp-443-any-ipv6",
        "box-udp-10000-10100-any-ipv4",
        "box-udp-10000-10100-any-ipv6",
    ]
    assert ingress(tuple(reversed(OPENINGS))) == found
    assert found["box-tcp-443-any-ipv6"].inputs["cidrIpv6"] == "::/0"
    assert "cidrIpv4" not in found["box-tcp-443-any-ipv6"].inputs


def test_two_for_the_same_are_one_rule() -> None:
    again = replace(WEB, why="another", container=False)
    (rule,) = [r for r in rules_of((WEB, again)) if r.family == "ipv4"]
    assert rule.why == "Ingress’s routes; another"
    assert description(rule.why) == "Ingress-s routes; another"
    assert rules_of(()) == rules_of((SSH,), tunnels=("100.0.0.0/8", "198.51.100.0/24")) == ()


networks = st.one_of(
    st.ip_addresses(v=4).flatmap(
        lambda ip: st.integers(0, 32).map(lambda n: ipaddress.ip_network((ip, n), strict=False))
    ),
    st.ip_addresses(v=6).flatmap(
        lambda ip: st.integers(0, 128).map(lambda n: ipaddress.ip_network((ip, n), strict=False))
    ),
).map(str)
ports = st.tuples(st.integers(1, 65_535), st.integers(0, 99)).map(
    lambda pair: range(pair[0], min(pair[0] + pair[1], 65_535) + 1)
)
some_openings = st.lists(
    st.builds(
        Opening,
        st.sampled_from(["tcp", "udp"]),
        ports,
        st.none() | st.lists(networks, max_size=4).map(tuple),
        st.sampled_from(["a", "b"]),
        st.booleans(),
    ),
    max_size=5,
)


@given(some_openings, st.randoms(use_true_random=False))
def test_every_source_has_its_rule_in_any_order(openings: list[Opening], random: Any) -> None:
    found = rules_of(openings)
    told = {(r.protocol, r.ports.start, r.ports.stop, r.source) for r in found}
    assert told == {
        (each.protocol, each.ports.start, each.ports.stop, source)
        for each in openings
        for source in (("0.0.0.0/0", "::/0") if each.sources is None else each.sources)
    }
    assert len({rule.name for rule in found}) == len(found) == len(told)
    assert not [rule.name for rule in found if ":" in rule.name or "/" in rule.name]
    shuffled = random.sample(openings, len(openings))
    assert [r.name for r in rules_of(shuffled)] == [r.name for r in found]


# Secrets, and the first boot


def with_a_known_key(program: Any) -> Recording:
    """Record as if the host key were made already."""
    import pulumi_tls

    class Known(pulumi.ComponentResource):
        def __init__(self, name: str, **_options: Any) -> None:
            super().__init__("test:index:Known", name)
            self.public_key_openssh = pulumi.Output.from_input("ssh-ed25519 AAAA comment\n")
            self.private_key_openssh = pulumi.Output.from_input("PRIVATE-HALF")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi_tls, "PrivateKey", Known)
        return recorded(program)


def test_the_key_goes_in_with_the_user_data_and_nowhere_in_plain() -> None:
    def program() -> None:
        box = instance()
        pulumi.export("key", box.host_key)

    recording = with_a_known_key(program)
    box = recording.one("box", INSTANCE)
    data = box.inputs["userDataBase64"]
    assert isinstance(data, Secret)
    text = gzip.decompress(base64.b64decode(data.value)).decode()
    assert text == f"#cloud-config\n# {CANARY}\nPRIVATE-HALF\n"
    assert recording.outputs["key"] == "ssh-ed25519 AAAA"
    plain = [(each.name, each.inputs) for each in recording.resources]
    assert "PRIVATE-HALF" not in repr(plain) + repr(recording.outputs)
    assert data.value not in repr(plain)
    assert box.replacement_trigger == "ssh-ed25519 AAAA"


def test_user_data_that_is_too_long_is_told_before_anything_is_made() -> None:
    noise = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(256)) * 4

    def program() -> None:
        packed(f"{noise}{noise[::-1]}", limit=USER_DATA_BYTES, cloud="EC2")

    with pytest.raises(
        pulumi.RunError, match=r"user data of \d+ bytes, compressed; EC2 takes 16384"
    ):
        recorded(program)


def test_made_and_read_are_not_mixed_up() -> None:
    theirs = Ec2Settings(region="eu-central-1", instance="i-0123456789abcdef0")
    made = Ec2InstanceArgs(settings=theirs, platform="linux/arm64", user_data=user_data)
    with pytest.raises(ValueError, match="use ExistingEc2Instance"):
        recorded(lambda: Ec2Instance("box", made))
    read = ExistingEc2InstanceArgs(settings=SETTINGS, host_key="x")
    with pytest.raises(ValueError, match="use Ec2Instance"):
        recorded(lambda: ExistingEc2Instance("box", read))


def test_an_address_of_either_family_makes_a_url() -> None:
    def program() -> None:
        for name, address in (("four", "192.0.2.1"), ("six", "2001:db8::1")):
            key = pulumi.Output.from_input("k")
            ssh = Ssh(
                address=pulumi.Output.from_input(address), host_key=key, user="root", port=2222
            )
            pulumi.export(name, ssh.url)

    assert recorded(program).outputs == {
        "four": "ssh://root@192.0.2.1:2222",
        "six": "ssh://root@[2001:db8::1]:2222",
    }


def test_media_ports_are_one_rule_a_family() -> None:
    found = ingress((MEDIA,))["box-udp-10000-10100-any-ipv4"].inputs
    assert (found["fromPort"], found["toPort"]) == (10_000, 10_100)
