"""The machine of a host at its cloud: made there, or read there. No other cloud's SDK is loaded."""

from __future__ import annotations

from dataclasses import replace

import pulumi

from components.instance import FirstBoot, HostKey, Ssh
from components.ssh import SshConnection
from config.cloud import Ec2Settings, OciSettings
from config.stack import HostAccess
from graph.firewall import openings
from graph.model import Host, StackGraph
from render.cloud_init import user_data


def machine(
    graph: StackGraph, host: Host, access: HostAccess, opts: pulumi.ResourceOptions
) -> tuple[SshConnection, pulumi.Resource | None]:
    """Declare where a host's connection leads, and the resource of its machine if it is made here.

    A host that no cloud has is what its settings say.
    """
    connection = SshConnection.of(access)
    cloud = access.cloud
    if cloud is None:
        return connection, None
    if not cloud.creates:
        ssh = _existing(host, access, cloud, opts)
        return replace(connection, address=ssh.address, host_key=ssh.host_key), None
    mesh = graph.mesh_of(host.system)
    tunnels = (mesh.cidr,) if mesh and host.id in mesh.members else ()
    if isinstance(cloud, Ec2Settings):
        from components.ec2 import Ec2Instance, Ec2InstanceArgs

        made: Ec2Instance | OciInstance = Ec2Instance(
            host.logical_name,
            Ec2InstanceArgs(
                settings=cloud,
                platform=host.platform,
                user_data=_first_boot(graph, host),
                openings=openings(graph, host),
                tunnels=tunnels,
                user=access.user,
                port=access.port,
            ),
            opts,
        )
    else:
        from components.oci import OciInstance, OciInstanceArgs

        made = OciInstance(
            host.logical_name,
            OciInstanceArgs(
                settings=cloud,
                cpus=host.cpus,
                memory=host.memory,
                user_data=_first_boot(graph, host),
                openings=openings(graph, host),
                tunnels=tunnels,
                user=access.user,
                port=access.port,
            ),
            opts,
        )
    return replace(connection, address=made.address, host_key=made.host_key), made.instance


def living_on(made: pulumi.Resource | None, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """Give the options of a component that lives on a machine, for itself and all below it.

    Where this program makes the machine, nothing is deleted there when the machine goes, and all
    is made anew on the one that comes after it. A Docker provider that is replaced does not do
    that: the engine compares its settings, and another machine has the same ones.
    """
    if made is None:
        return pulumi.ResourceOptions(parent=parent)

    def along(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        if not isinstance(args.resource, pulumi.CustomResource):
            return None
        with_it = pulumi.ResourceOptions(replace_with=[made])
        options = pulumi.ResourceOptions.merge(args.opts, with_it)
        return pulumi.ResourceTransformationResult(args.props, options)

    return pulumi.ResourceOptions(parent=parent, deleted_with=made, transformations=[along])


def _existing(
    host: Host,
    access: HostAccess,
    cloud: Ec2Settings | OciSettings,
    opts: pulumi.ResourceOptions,
) -> Ssh:
    name, key = host.logical_name, access.host_key or ""
    if isinstance(cloud, Ec2Settings):
        from components.ec2 import ExistingEc2Instance, ExistingEc2InstanceArgs

        ec2 = ExistingEc2InstanceArgs(
            settings=cloud, host_key=key, user=access.user, port=access.port
        )
        return ExistingEc2Instance(name, ec2, opts).ssh
    from components.oci import ExistingOciInstance, ExistingOciInstanceArgs

    oci = ExistingOciInstanceArgs(settings=cloud, host_key=key, user=access.user, port=access.port)
    return ExistingOciInstance(name, oci, opts).ssh


def _first_boot(graph: StackGraph, host: Host) -> FirstBoot:
    """Give what a new machine does at its first boot: it shows the host key that it is given."""

    def data(key: HostKey) -> pulumi.Output[str]:
        return pulumi.Output.all(key.public, key.private).apply(
            lambda pair: user_data(
                graph, host, {"ed25519_public": pair[0], "ed25519_private": pair[1]}
            )
        )

    return data
