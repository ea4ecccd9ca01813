"""Pulumi components: hosts, apps, services, ingress. The only room that imports providers."""
