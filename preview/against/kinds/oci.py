"""pulumi-oci 5.x.

From the Terraform provider below it (oracle/oci, internal/service/core/core_*_resource.go:
ForceNew, Computed).
"""

from __future__ import annotations

from typing import Final

from preview.against.kind import kind

_TAGS: Final = "definedTags displayName freeformTags"

OCI: Final = {
    "oci:Core/instance:Instance": kind(
        "availabilityDomain clusterPlacementGroupId computeClusterId hostnameLabel image "
        "instanceConfigurationId ipxeScript isPvEncryptionInTransitEnabled "
        "placementConstraintDetails preemptibleInstanceConfig subnetId "
        "createVnicDetails.assignIpv6ip createVnicDetails.assignPrivateDnsRecord "
        "createVnicDetails.ipv6addressIpv6subnetCidrPairDetails createVnicDetails.privateIp "
        "createVnicDetails.privateIpId createVnicDetails.securityAttributes "
        "createVnicDetails.subnetCidr createVnicDetails.subnetId createVnicDetails.vlanId "
        "sourceDetails.bootVolumeVpusPerGb sourceDetails.instanceSourceImageFilterDetails",
        keeps=f"{_TAGS} agentConfig availabilityConfig createVnicDetails extendedMetadata "
        "faultDomain instanceOptions isPvEncryptionInTransitEnabled launchOptions metadata "
        "platformConfig shape shapeConfig sourceDetails",
        zero_is_unset=True,
    ),
    "oci:Core/internetGateway:InternetGateway": kind("vcnId", keeps=_TAGS, zero_is_unset=True),
    "oci:Core/networkSecurityGroup:NetworkSecurityGroup": kind(
        "vcnId", keeps=_TAGS, zero_is_unset=True
    ),
    "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule": kind(
        "networkSecurityGroupId",
        keeps="description destination destinationType sourceType stateless",
        zero_is_unset=True,
    ),
    "oci:Core/publicIp:PublicIp": kind(
        "lifetime publicIpPoolId", keeps=f"{_TAGS} publicIpPoolId", zero_is_unset=True
    ),
    "oci:Core/routeTable:RouteTable": kind(
        "vcnId", keeps=_TAGS, unordered="routeRules", zero_is_unset=True
    ),
    "oci:Core/securityList:SecurityList": kind(
        "vcnId",
        keeps=_TAGS,
        unordered="egressSecurityRules ingressSecurityRules",
        zero_is_unset=True,
    ),
    "oci:Core/subnet:Subnet": kind(
        "availabilityDomain dnsLabel prohibitInternetIngress prohibitPublicIpOnVnic vcnId",
        keeps=f"{_TAGS} availabilityDomain cidrBlock dhcpOptionsId dnsLabel "
        "prohibitInternetIngress prohibitPublicIpOnVnic routeTableId securityListIds",
        unordered="securityListIds",
        zero_is_unset=True,
    ),
    "oci:Core/vcn:Vcn": kind(
        "cidrBlock dnsLabel ipv6privateCidrBlocks isOracleGuaAllocationEnabled",
        keeps=f"{_TAGS} cidrBlock cidrBlocks dnsLabel isIpv6enabled",
        zero_is_unset=True,
    ),
}
