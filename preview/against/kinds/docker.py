"""pulumi-docker 5.1.0.

`replaces` from its schema (`pulumi package get-schema`: `willReplaceOnChanges`), the rest from the
Terraform provider below it (kreuzwerker 4.x, internal/provider/resource_docker_*.go: Computed,
TypeSet, Default) and from pulumi-docker's provider/resources.go (DeleteBeforeReplace, autonaming).
"""

from __future__ import annotations

from typing import Final

from preview.against.kind import kind

DOCKER: Final = {
    "docker:index/container:Container": kind(
        "capabilities capabilities.adds capabilities.drops cgroupParent cgroupnsMode command cpus "
        "deviceRequests deviceRequests.capabilities deviceRequests.count deviceRequests.deviceIds "
        "deviceRequests.driver deviceRequests.options devices devices.containerPath "
        "devices.hostPath devices.permissions dns dnsOpts dnsSearches domainname entrypoints envs "
        "gpus groupAdds hostname hosts hosts.host hosts.ip image ipcMode labels labels.label "
        "labels.value logDriver logOpts mounts mounts.tmpfsOptions "
        "mounts.volumeOptions.labels.label mounts.volumeOptions.labels.value "
        "mounts.volumeOptions.subpath name networkMode networksAdvanced networksAdvanced.aliases "
        "networksAdvanced.driverOpts networksAdvanced.gwPriority networksAdvanced.ipv4Address "
        "networksAdvanced.ipv6Address networksAdvanced.linkLocalIps networksAdvanced.macAddress "
        "networksAdvanced.name pidMode platform ports ports.external ports.internal ports.ip "
        "ports.protocol privileged publishAllPorts readOnly runtime securityOpts shmSize "
        "stdinOpen stopSignal stopTimeout storageOpts sysctls tty ulimits ulimits.hard "
        "ulimits.name ulimits.soft uploads uploads.content uploads.contentBase64 "
        "uploads.executable uploads.file uploads.permissions uploads.source uploads.sourceHash "
        "user usernsMode volumes volumes.containerPath volumes.fromContainer volumes.hostPath "
        "volumes.readOnly volumes.selinuxRelabel volumes.volumeName workingDir",
        keeps="command entrypoints envs healthcheck hostname init ipcMode labels logDriver "
        "platform runtime securityOpts shmSize stopSignal stopTimeout",
        unordered="dns dnsOpts dnsSearches deviceRequests devices envs groupAdds hosts labels "
        "mounts networksAdvanced securityOpts ulimits uploads volumes",
        whole="networksAdvanced",
        defaults={
            "containerReadRefreshTimeoutMilliseconds": 15000,
            "mustRun": True,
            "networkMode": "bridge",
            "removeVolumes": True,
            "restart": "no",
            "start": True,
            "waitTimeout": 60,
        },
        zero_is_unset=True,
        deletes_first=True,
        named_by_provider="name",
    ),
    "docker:index/network:Network": kind(
        "attachable driver ingress internal ipamConfigs ipamConfigs.auxAddress "
        "ipamConfigs.gateway ipamConfigs.ipRange ipamConfigs.subnet ipamDriver ipamOptions ipv6 "
        "labels labels.label labels.value name options",
        keeps="driver internal ipamConfigs options",
        unordered="ipamConfigs labels",
        whole="ipamConfigs",
        defaults={"ipamDriver": "default"},
        zero_is_unset=True,
        named_by_provider="name",
    ),
    "docker:index/volume:Volume": kind(
        "cluster.group cluster.limitBytes cluster.requiredBytes cluster.scope cluster.sharing "
        "cluster.topologyPreferred cluster.topologyRequired cluster.type driver driverOpts labels "
        "labels.label labels.value name",
        keeps="driver name",
        unordered="labels",
        zero_is_unset=True,
        named_by_provider="name",
    ),
    "docker:index/remoteImage:RemoteImage": kind(
        "name platform pullTriggers triggers build.additionalContexts build.buildArgs "
        "build.buildId build.buildLogFile build.builder build.cacheFroms build.cacheTos "
        "build.cgroupParent build.context build.cpuPeriod build.cpuQuota build.cpuSetCpus "
        "build.cpuSetMems build.cpuShares build.dockerfile build.extraHosts build.forceRemove "
        "build.isolation build.labels build.memory build.memorySwap build.networkMode "
        "build.noCache build.platform build.provenance build.pullParent build.remoteContext "
        "build.sbom build.secrets.env build.secrets.id build.secrets.src build.securityOpts "
        "build.sessionId build.shmSize build.squash build.suppressOutput build.target "
        "build.ulimits.hard build.ulimits.name build.ulimits.soft build.useLegacyBuilder "
        "build.version",
        unordered="pullTriggers",
        defaults={"build.dockerfile": "Dockerfile", "build.remove": True},
        zero_is_unset=True,
    ),
}
