"""What goes with a resource, by its type: also of clouds that this program does not use."""

from __future__ import annotations

import pytest

from preview.risk.types import Nature, nature

TYPES = {
    Nature.DATA: (
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketV2:BucketV2",
        "aws:rds/instance:Instance",
        "aws:rds/cluster:Cluster",
        "aws:dynamodb/table:Table",
        "aws:ebs/volume:Volume",
        "aws:efs/fileSystem:FileSystem",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:sqs/queue:Queue",
        "azure-native:dbforpostgresql:Server",
        "cloudflare:index/d1Database:D1Database",
        "cloudflare:index/r2Bucket:R2Bucket",
        "cloudflare:index/workersKvNamespace:WorkersKvNamespace",
        "digitalocean:index/databaseCluster:DatabaseCluster",
        "docker:index/volume:Volume",
        "gcp:compute/disk:Disk",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "hcloud:index/volume:Volume",
        "kubernetes:core/v1:PersistentVolumeClaim",
        "mongodbatlas:index/cluster:Cluster",
        "oci:Core/volume:Volume",
        "oci:Database/dbSystem:DbSystem",
        "oci:ObjectStorage/bucket:Bucket",
        "postgresql:index/database:Database",
    ),
    Nature.MACHINE: (
        "aws:ec2/instance:Instance",
        "azure-native:compute:VirtualMachine",
        "digitalocean:index/droplet:Droplet",
        "gcp:compute/instance:Instance",
        "hcloud:index/server:Server",
        "oci:Core/instance:Instance",
        "proxmoxve:VM/virtualMachine:VirtualMachine",
    ),
    Nature.NOTHING: (
        "aws:ec2/eip:Eip",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "aws:iam/role:Role",
        "aws:rds/subnetGroup:SubnetGroup",
        "aws:s3/bucketPolicy:BucketPolicy",
        "cloudflare:index/dnsRecord:DnsRecord",
        "command:local:Command",
        "docker:index/container:Container",
        "docker:index/network:Network",
        "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule",
        "pulumi:providers:aws",
        "pulumi:pulumi:Stack",
        "random:index/randomPassword:RandomPassword",
        "stackgraph:docker:App",
    ),
    Nature.UNKNOWN: (
        "acme:index/gadget:Gadget",
        "aws:ecs/cluster:Cluster",
        "aws:lambda/function:Function",
        "aws:rds/parameterGroup:ParameterGroup",
        "kubernetes:apps/v1:Deployment",
    ),
}


@pytest.mark.parametrize(
    ("type_", "expected"), [(type_, each) for each, types in TYPES.items() for type_ in types]
)
def test_what_goes_with_a_resource(type_: str, expected: Nature) -> None:
    assert nature(type_) is expected
