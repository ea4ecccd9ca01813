"""EC2: an instance with all that it needs, or one that somebody else owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.instance import (
    ANYWHERE,
    FirstBoot,
    HostKey,
    Instance,
    Opening,
    Rule,
    description,
    packed,
    public_address,
    rules,
)
from config.cloud import GIBIBYTE, Ec2Settings
from config.host import Platform

USER_DATA_BYTES = 16_384
_MEMBER = "aws:ec2/instance:Instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2InstanceArgs:
    """``user_data`` gives cloud-init's text and delivers the host key that it is given.

    ``user`` and ``port`` are where SSH answers once the instance has been set up. Sources of
    ``openings`` that lie in ``tunnels`` (a mesh's networks) need no rule.
    """

    settings: Ec2Settings
    platform: Platform
    user_data: FirstBoot
    openings: Sequence[Opening] = ()
    tunnels: Sequence[str] = ()
    user: str = "root"
    port: int = 22


class Ec2Instance(Instance):
    """A machine at EC2 with an address of its own, which only its openings reach.

    The address stands before the machine boots, on a network interface that outlives it. The
    instance has the current image, key and user data when it is made, and keeps them: no newer
    one replaces or stops it. It boots with a host key from
    the user data, which whoever may read that sees, too: root on the machine, and in the account
    those with ``ec2:DescribeInstanceAttribute``. Containers don't: the metadata service answers
    version 2 only, and no further than one hop.

    It takes an AWS provider from its options, whose region must be that of the settings, or makes
    one. It installs nothing, has no role in the account, makes no backup, opens no port that is
    not in its openings, gives its own network no IPv6, and replaces no machine while ``protect``
    is on.
    """

    instance: pulumi.CustomResource
    """The machine itself, for ``deleted_with`` and ``replace_with`` of what lives on it."""

    def __init__(
        self, name: str, args: Ec2InstanceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:ec2:Instance", name, None, opts)
        settings = args.settings
        if not settings.creates:
            msg = f"{name}: settings name an existing instance; use ExistingEc2Instance for it"
            raise ValueError(msg)
        self._name, self._settings = name, settings
        self._provider = self.get_provider(_MEMBER) or ec2_provider(name, settings, self)
        self._tags = {"Name": name, **settings.tags}
        key = HostKey(
            f"{name}-host-key", pulumi.ResourceOptions(parent=self, protect=settings.protect)
        )
        vpc, subnet, attached = self._network()
        group, let = self._security_group(vpc, rules(args.openings, tunnels=args.tunnels))
        interface = aws.ec2.NetworkInterface(
            name,
            subnet_id=subnet,
            security_groups=[group.id],
            description=name,
            tags=self._tags,
            opts=self._options(),
        )
        elastic = aws.ec2.Eip(
            name, domain="vpc", tags=self._tags, opts=self._options(protect=settings.protect)
        )
        association = aws.ec2.EipAssociation(
            name,
            allocation_id=elastic.allocation_id,
            network_interface_id=interface.id,
            # An address reaches an interface only where its network has a gateway.
            opts=self._options(depends_on=attached),
        )
        self.instance = self._instance(args, key, interface, [*attached, association, *let])
        # Whoever uses the address waits for the machine, and so for all that leads to it.
        address = pulumi.Output.all(elastic.public_ip, self.instance.id).apply(
            lambda both: str(both[0])
        )
        self._reached_at(address, key.public, args.user, args.port)

    def _options(
        self,
        *,
        protect: bool | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
        alone: bool = False,
    ) -> pulumi.ResourceOptions:
        """Give what all resources share; ``alone`` is what two of cannot be there at once."""
        return pulumi.ResourceOptions(
            parent=self,
            provider=self._provider,
            protect=protect,
            depends_on=list(depends_on),
            delete_before_replace=alone or None,
        )

    def _network(
        self,
    ) -> tuple[pulumi.Input[str], pulumi.Input[str], Sequence[pulumi.Resource]]:
        """Give a VPC and its subnet, and what makes the internet reach it."""
        settings, name, tags = self._settings, self._name, self._tags
        if settings.vpc is not None and settings.subnet is not None:
            return settings.vpc, settings.subnet, ()
        vpc = aws.ec2.Vpc(
            name,
            cidr_block=settings.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=tags,
            opts=self._options(),
        )
        gateway = aws.ec2.InternetGateway(name, vpc_id=vpc.id, tags=tags, opts=self._options())
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=vpc.id,
            cidr_block=settings.cidr,
            availability_zone=settings.availability_zone,
            tags=tags,
            # Of one range there is one subnet.
            opts=self._options(alone=True),
        )
        table = aws.ec2.RouteTable(name, vpc_id=vpc.id, tags=tags, opts=self._options())
        route = aws.ec2.Route(
            name,
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE["ipv4"],
            gateway_id=gateway.id,
            opts=self._options(),
        )
        association = aws.ec2.RouteTableAssociation(
            name, route_table_id=table.id, subnet_id=subnet.id, opts=self._options()
        )
        return vpc.id, subnet.id, (route, association)

    def _security_group(
        self, vpc: pulumi.Input[str], ingress: Sequence[Rule]
    ) -> tuple[aws.ec2.SecurityGroup, Sequence[pulumi.Resource]]:
        """Give a group, and its rules."""
        # No inline rules: they and rules of their own would take each other away.
        group = aws.ec2.SecurityGroup(
            self._name,
            vpc_id=vpc,
            description=f"What reaches {self._name}",
            tags=self._tags,
            opts=self._options(),
        )
        let_in = [
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-{rule.name}",
                security_group_id=group.id,
                ip_protocol=rule.protocol,
                from_port=rule.ports.start,
                to_port=rule.ports.stop - 1,
                cidr_ipv4=rule.source if rule.family == "ipv4" else None,
                cidr_ipv6=rule.source if rule.family == "ipv6" else None,
                description=description(rule.why),
                tags=self._tags,
                opts=self._options(),
            )
            for rule in ingress
        ]
        out = [
            aws.vpc.SecurityGroupEgressRule(
                f"{self._name}-out-{family}",
                security_group_id=group.id,
                ip_protocol="-1",
                cidr_ipv4=cidr if family == "ipv4" else None,
                cidr_ipv6=cidr if family == "ipv6" else None,
                description="everything out",
                tags=self._tags,
                opts=self._options(),
            )
            for family, cidr in ANYWHERE.items()
        ]
        return group, [*let_in, *out]

    def _instance(
        self,
        args: Ec2InstanceArgs,
        key: HostKey,
        interface: aws.ec2.NetworkInterface,
        after: Sequence[pulumi.Resource],
    ) -> aws.ec2.Instance:
        settings, name = self._settings, self._name
        login = aws.ec2.KeyPair(
            name, public_key=settings.public_key, tags=self._tags, opts=self._options()
        )
        return aws.ec2.Instance(
            name,
            ami=self._image(args.platform),
            instance_type=settings.instance_type,
            key_name=login.key_name,
            primary_network_interface=aws.ec2.InstancePrimaryNetworkInterfaceArgs(
                network_interface_id=interface.id
            ),
            user_data_base64=packed(args.user_data(key), limit=USER_DATA_BYTES, cloud="EC2"),
            user_data_replace_on_change=False,
            metadata_options=aws.ec2.InstanceMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
                encrypted=True,
                volume_type="gp3",
                volume_size=settings.volume_size // GIBIBYTE,
                tags=self._tags,
            ),
            disable_api_termination=settings.protect,
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._provider,
                protect=settings.protect,
                depends_on=list(after),
                # The first boot looks at them, and no other: EC2 would stop or replace the machine.
                ignore_changes=["ami", "key_name", "user_data_base64"],
                # Its interface can be in one machine only.
                delete_before_replace=True,
                # A key that changed is not the one that the machine booted with.
                replacement_trigger=key.public,
            ),
        )

    def _image(self, platform: Platform) -> pulumi.Output[str]:
        found = aws.ssm.get_parameter_output(
            name=self._settings.image_for(platform),
            opts=pulumi.InvokeOutputOptions(parent=self, provider=self._provider),
        )
        # The provider takes every parameter for a secret; which image runs is none.
        return pulumi.Output.unsecret(found.apply(lambda parameter: parameter.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingEc2InstanceArgs:
    """``host_key`` is the public key that the instance shows, as in known_hosts."""

    settings: Ec2Settings
    host_key: pulumi.Input[str]
    user: str = "root"
    port: int = 22


class ExistingEc2Instance(Instance):
    """An instance that somebody else owns: its address is read, and nothing is made or changed."""

    def __init__(
        self, name: str, args: ExistingEc2InstanceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:ec2:ExistingInstance", name, None, opts)
        id_ = args.settings.instance
        if id_ is None:
            msg = f"{name}: settings name no existing instance; use Ec2Instance to make one"
            raise ValueError(msg)
        provider = self.get_provider(_MEMBER) or ec2_provider(name, args.settings, self)
        found = aws.ec2.get_instance_output(
            instance_id=id_, opts=pulumi.InvokeOutputOptions(parent=self, provider=provider)
        )
        address = found.apply(lambda instance: public_address(instance.public_ip, id_))
        host_key = pulumi.Output.from_input(args.host_key)
        self._reached_at(address, host_key, args.user, args.port)


def ec2_provider(name: str, settings: Ec2Settings, parent: pulumi.Resource) -> aws.Provider:
    """Declare a provider for a region, with the credentials that the environment has."""
    return aws.Provider(
        name,
        region=settings.region,
        profile=settings.profile,
        allowed_account_ids=[settings.account] if settings.account else None,
        opts=pulumi.ResourceOptions(parent=parent),
    )
