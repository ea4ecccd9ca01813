"""Oracle Cloud (OCI): an instance with all that it needs, or one that somebody else owns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

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
from config.cloud import GIBIBYTE, OciSettings

METADATA_BYTES = 32_000
"""What OCI takes of all metadata, in Base64."""

_MEMBER = "oci:Core/instance:Instance"
_PROTOCOLS = {"icmp": "1", "tcp": "6", "udp": "17"}
_CIDR = "CIDR_BLOCK"


@dataclass(frozen=True, slots=True, kw_only=True)
class OciInstanceArgs:
    """``user_data`` gives cloud-init's text and delivers the host key that it is given.

    ``cpus`` and ``memory`` (in bytes) are for flexible shapes. ``user`` and ``port`` are where SSH
    answers once the instance has been set up. Sources of ``openings`` that lie in ``tunnels`` (a
    mesh's networks) need no rule.
    """

    settings: OciSettings
    cpus: float
    memory: int
    user_data: FirstBoot
    openings: Sequence[Opening] = ()
    tunnels: Sequence[str] = ()
    user: str = "root"
    port: int = 22


class OciInstance(Instance):
    """A machine at OCI with an address of its own, which only its openings reach.

    OCI attaches a reserved address to a machine that exists already: the first boot begins without
    the internet, and user data must wait for it. The instance has the image, key and user data
    of when it is made, and keeps them: no others replace it. It boots with a host key from the
    user data, which whoever may read that sees, too: root on the machine, those who may inspect
    instances in the compartment, and, unlike at EC2, **any container on it that reaches
    169.254.169.254**: version 2 of the metadata service asks for a fixed header and counts no
    hops. The machine's own firewall must refuse TCP to that address from containers.

    It takes an OCI provider from its options, whose region must be that of the settings, or makes
    one. It installs nothing, makes no backup, opens no port that is not in its openings, gives its
    own network no IPv6, and replaces no machine while ``protect`` is on. In an existing subnet it
    leaves the security lists as they are, and they open what they open: OCI's default one opens
    SSH to everybody.
    """

    instance: pulumi.CustomResource
    """The machine itself, for ``deleted_with`` and ``replace_with`` of what lives on it."""

    def __init__(
        self, name: str, args: OciInstanceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:oci:Instance", name, None, opts)
        settings = args.settings
        if not settings.creates:
            msg = f"{name}: settings name an existing instance; use ExistingOciInstance for it"
            raise ValueError(msg)
        self._name, self._settings = name, settings
        self._provider = self.get_provider(_MEMBER) or oci_provider(name, settings, self)
        key = HostKey(
            f"{name}-host-key", pulumi.ResourceOptions(parent=self, protect=settings.protect)
        )
        vcn, subnet = self._network()
        group, let = self._security_group(vcn, rules(args.openings, tunnels=args.tunnels))
        self.instance = self._instance(args, key, subnet, group, let)
        reserved = self._reserved_address(self.instance)
        # Whoever uses the address waits for the machine, also where another one gets it.
        address = pulumi.Output.all(reserved.ip_address, self.instance.id).apply(
            lambda both: str(both[0])
        )
        self._reached_at(address, key.public, args.user, args.port)

    def _options(
        self, *, protect: bool | None = None, alone: bool = False
    ) -> pulumi.ResourceOptions:
        """Give what all resources share; ``alone`` is what two of cannot be there at once."""
        return pulumi.ResourceOptions(
            parent=self,
            provider=self._provider,
            protect=protect,
            delete_before_replace=alone or None,
        )

    def _network(self) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
        """Give a network (VCN) and its subnet, which the internet reaches."""
        settings, name = self._settings, self._name
        if settings.vcn is not None and settings.subnet is not None:
            return settings.vcn, settings.subnet
        vcn = oci.core.Vcn(
            name,
            compartment_id=settings.compartment,
            cidr_blocks=[settings.cidr],
            display_name=name,
            freeform_tags=settings.tags,
            opts=self._options(),
        )
        gateway = oci.core.InternetGateway(
            name,
            compartment_id=settings.compartment,
            vcn_id=vcn.id,
            display_name=name,
            freeform_tags=settings.tags,
            opts=self._options(),
        )
        table = oci.core.RouteTable(
            name,
            compartment_id=settings.compartment,
            vcn_id=vcn.id,
            route_rules=[
                oci.core.RouteTableRouteRuleArgs(
                    destination=ANYWHERE["ipv4"],
                    destination_type=_CIDR,
                    network_entity_id=gateway.id,
                )
            ],
            display_name=name,
            freeform_tags=settings.tags,
            opts=self._options(),
        )
        subnet = oci.core.Subnet(
            name,
            compartment_id=settings.compartment,
            vcn_id=vcn.id,
            cidr_block=settings.cidr,
            route_table_id=table.id,
            # The network's default list would open SSH to everybody, whatever the group says.
            security_list_ids=[self._security_list(vcn).id],
            prohibit_public_ip_on_vnic=False,
            display_name=name,
            freeform_tags=settings.tags,
            # Of one range there is one subnet.
            opts=self._options(alone=True),
        )
        return vcn.id, subnet.id

    def _security_list(self, vcn: oci.core.Vcn) -> oci.core.SecurityList:
        return oci.core.SecurityList(
            self._name,
            compartment_id=self._settings.compartment,
            vcn_id=vcn.id,
            ingress_security_rules=[
                oci.core.SecurityListIngressSecurityRuleArgs(
                    protocol=_PROTOCOLS["icmp"],
                    source=ANYWHERE["ipv4"],
                    source_type=_CIDR,
                    icmp_options=oci.core.SecurityListIngressSecurityRuleIcmpOptionsArgs(
                        type=3, code=4
                    ),
                    description="path MTU discovery",
                )
            ],
            egress_security_rules=[],
            display_name=self._name,
            freeform_tags=self._settings.tags,
            opts=self._options(),
        )

    def _security_group(
        self, vcn: pulumi.Input[str], ingress: Sequence[Rule]
    ) -> tuple[oci.core.NetworkSecurityGroup, Sequence[pulumi.Resource]]:
        """Give a group, and its rules."""
        group = oci.core.NetworkSecurityGroup(
            self._name,
            compartment_id=self._settings.compartment,
            vcn_id=vcn,
            display_name=self._name,
            freeform_tags=self._settings.tags,
            opts=self._options(),
        )
        families = ("ipv4", "ipv6") if self._settings.ipv6 else ("ipv4",)
        let_in = [self._let_in(group, rule) for rule in ingress if rule.family in families]
        out = [
            oci.core.NetworkSecurityGroupSecurityRule(
                f"{self._name}-out-{family}",
                network_security_group_id=group.id,
                direction="EGRESS",
                protocol="all",
                destination=cidr,
                destination_type=_CIDR,
                description="everything out",
                opts=self._options(),
            )
            for family, cidr in ANYWHERE.items()
            if family in families
        ]
        return group, [*let_in, *out]

    def _let_in(self, group: oci.core.NetworkSecurityGroup, rule: Rule) -> pulumi.Resource:
        core = oci.core
        first, last = rule.ports.start, rule.ports.stop - 1
        tcp, udp = None, None
        if rule.protocol == "tcp":
            tcp = core.NetworkSecurityGroupSecurityRuleTcpOptionsArgs(
                destination_port_range=(
                    core.NetworkSecurityGroupSecurityRuleTcpOptionsDestinationPortRangeArgs(
                        min=first, max=last
                    )
                )
            )
        else:
            udp = core.NetworkSecurityGroupSecurityRuleUdpOptionsArgs(
                destination_port_range=(
                    core.NetworkSecurityGroupSecurityRuleUdpOptionsDestinationPortRangeArgs(
                        min=first, max=last
                    )
                )
            )
        made: pulumi.Resource = core.NetworkSecurityGroupSecurityRule(
            f"{self._name}-{rule.name}",
            network_security_group_id=group.id,
            direction="INGRESS",
            protocol=_PROTOCOLS[rule.protocol],
            source=rule.source,
            source_type=_CIDR,
            stateless=False,
            tcp_options=tcp,
            udp_options=udp,
            description=description(rule.why),
            opts=self._options(),
        )
        return made

    def _instance(
        self,
        args: OciInstanceArgs,
        key: HostKey,
        subnet: pulumi.Input[str],
        group: oci.core.NetworkSecurityGroup,
        after: Sequence[pulumi.Resource],
    ) -> oci.core.Instance:
        settings, name, core = self._settings, self._name, oci.core
        user_data = packed(args.user_data(key), limit=_user_data_bytes(settings), cloud="OCI")
        shape = core.InstanceShapeConfigArgs(
            ocpus=settings.ocpus(args.cpus), memory_in_gbs=args.memory / GIBIBYTE
        )
        return core.Instance(
            name,
            availability_domain=settings.availability_domain,
            compartment_id=settings.compartment,
            shape=settings.shape,
            shape_config=shape if settings.flexible else None,
            source_details=core.InstanceSourceDetailsArgs(
                source_type="image",
                source_id=settings.image,
                boot_volume_size_in_gbs=str(settings.volume_size // GIBIBYTE),
            ),
            create_vnic_details=core.InstanceCreateVnicDetailsArgs(
                subnet_id=subnet, assign_public_ip="false", nsg_ids=[group.id]
            ),
            metadata={"ssh_authorized_keys": settings.public_key or "", "user_data": user_data},
            instance_options=core.InstanceInstanceOptionsArgs(
                are_legacy_imds_endpoints_disabled=True
            ),
            # Bare metal has its volumes over the network itself.
            is_pv_encryption_in_transit_enabled=not settings.shape.startswith("BM."),
            display_name=name,
            freeform_tags=settings.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._provider,
                protect=settings.protect,
                depends_on=list(after),
                # The first boot looks at them, and no other; OCI refuses to change metadata.
                ignore_changes=["metadata", "sourceDetails.sourceId"],
                # A second one beside it is often more than the account or the zone has room for.
                delete_before_replace=True,
                # A key that changed is not the one that the machine booted with.
                replacement_trigger=key.public,
            ),
        )

    def _reserved_address(self, instance: oci.core.Instance) -> oci.core.PublicIp:
        settings = self._settings
        look = pulumi.InvokeOutputOptions(parent=self, provider=self._provider)
        attachments = oci.core.get_vnic_attachments_output(
            compartment_id=settings.compartment, instance_id=instance.id, opts=look
        )
        interface = attachments.apply(lambda found: found.vnic_attachments[0].vnic_id)
        addresses = oci.core.get_private_ips_output(vnic_id=interface, opts=look)
        # An answer that is unknown has lost what it depends on; with the id it is back.
        private = pulumi.Output.all(instance.id, addresses).apply(
            lambda both: next(ip.id for ip in both[1].private_ips if ip.is_primary)
        )
        return oci.core.PublicIp(
            self._name,
            compartment_id=settings.compartment,
            lifetime="RESERVED",
            private_ip_id=private,
            display_name=self._name,
            freeform_tags=settings.tags,
            opts=self._options(protect=settings.protect),
        )


def _user_data_bytes(settings: OciSettings) -> int:
    """Give how long user data may be before Base64 makes it a third longer."""
    return (METADATA_BYTES - len(settings.public_key or "") - 100) * 3 // 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingOciInstanceArgs:
    """``host_key`` is the public key that the instance shows, as in known_hosts."""

    settings: OciSettings
    host_key: pulumi.Input[str]
    user: str = "root"
    port: int = 22


class ExistingOciInstance(Instance):
    """An instance that somebody else owns: its address is read, and nothing is made or changed."""

    def __init__(
        self, name: str, args: ExistingOciInstanceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:oci:ExistingInstance", name, None, opts)
        id_ = args.settings.instance
        if id_ is None:
            msg = f"{name}: settings name no existing instance; use OciInstance to make one"
            raise ValueError(msg)
        provider = self.get_provider(_MEMBER) or oci_provider(name, args.settings, self)
        found = oci.core.get_instance_output(
            instance_id=id_, opts=pulumi.InvokeOutputOptions(parent=self, provider=provider)
        )
        address = found.apply(lambda instance: public_address(instance.public_ip, id_))
        host_key = pulumi.Output.from_input(args.host_key)
        self._reached_at(address, host_key, args.user, args.port)


def oci_provider(name: str, settings: OciSettings, parent: pulumi.Resource) -> oci.Provider:
    """Declare a provider for a region, with the credentials that the environment has."""
    return oci.Provider(
        name,
        region=settings.region,
        config_file_profile=settings.profile,
        opts=pulumi.ResourceOptions(parent=parent),
    )
