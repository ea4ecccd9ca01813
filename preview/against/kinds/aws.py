"""pulumi-aws 7.x.

From the Terraform provider below it (hashicorp/aws 6.x, internal/service/ec2/*.go: ForceNew,
`RequiresReplace`) and its documentation.
"""

from __future__ import annotations

from typing import Final

from preview.against.kind import kind

_RULE: Final = kind(
    "securityGroupId",
    # A rule can't change from one kind of source to another.
    switches="cidrIpv4 cidrIpv6 prefixListId referencedSecurityGroupId",
)

AWS: Final = {
    "aws:ec2/eip:Eip": kind(
        "address domain networkBorderGroup publicIpv4Pool",
        keeps="address domain networkBorderGroup publicIpv4Pool",
        zero_is_unset=True,
    ),
    "aws:ec2/eipAssociation:EipAssociation": kind(
        "allocationId allowReassociation instanceId networkInterfaceId privateIpAddress publicIp",
        keeps="allocationId instanceId networkInterfaceId privateIpAddress publicIp",
        zero_is_unset=True,
    ),
    "aws:ec2/instance:Instance": kind(
        "ami associatePublicIpAddress availabilityZone cpuOptions enclaveOptions "
        "ephemeralBlockDevices getPasswordData hibernation hostResourceGroupArn ipv6AddressCount "
        "keyName launchTemplate.id launchTemplate.name networkInterfaces placementGroup "
        "primaryNetworkInterface privateIp rootBlockDevice.deviceName rootBlockDevice.encrypted "
        "rootBlockDevice.kmsKeyId securityGroups subnetId tenancy",
        keeps="ami associatePublicIpAddress availabilityZone cpuOptions disableApiStop "
        "disableApiTermination enclaveOptions instanceInitiatedShutdownBehavior instanceType "
        "keyName metadataOptions monitoring placementGroup primaryNetworkInterface privateIp "
        "rootBlockDevice securityGroups subnetId tenancy userData userDataBase64 "
        "vpcSecurityGroupIds",
        unordered="securityGroups vpcSecurityGroupIds",
        zero_is_unset=True,
    ),
    "aws:ec2/internetGateway:InternetGateway": kind(keeps="vpcId", zero_is_unset=True),
    "aws:ec2/keyPair:KeyPair": kind(
        "keyName keyNamePrefix publicKey", zero_is_unset=True, named_by_provider="keyName"
    ),
    "aws:ec2/networkInterface:NetworkInterface": kind(
        "interfaceType subnetId",
        keeps="interfaceType privateIps securityGroups",
        unordered="privateIps securityGroups",
        zero_is_unset=True,
    ),
    "aws:ec2/route:Route": kind(
        "destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId routeTableId",
        zero_is_unset=True,
    ),
    "aws:ec2/routeTable:RouteTable": kind(
        "vpcId", keeps="propagatingVgws routes", unordered="routes", zero_is_unset=True
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": kind(
        "gatewayId subnetId", zero_is_unset=True
    ),
    "aws:ec2/securityGroup:SecurityGroup": kind(
        "description name namePrefix vpcId",
        keeps="egress ingress name vpcId",
        zero_is_unset=True,
        named_by_provider="name",
    ),
    "aws:ec2/subnet:Subnet": kind(
        "availabilityZone availabilityZoneId cidrBlock customerOwnedIpv4Pool ipv6Native "
        "outpostArn vpcId",
        keeps="availabilityZone availabilityZoneId",
        zero_is_unset=True,
    ),
    "aws:ec2/vpc:Vpc": kind(
        "cidrBlock ipv4IpamPoolId ipv4NetmaskLength ipv6CidrBlockNetworkBorderGroup",
        keeps="cidrBlock enableDnsHostnames enableNetworkAddressUsageMetrics",
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        zero_is_unset=True,
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
}
