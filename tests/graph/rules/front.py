"""The shop's one service, made from a given image."""

from __future__ import annotations

from tests.graph.rules.row import SYSTEM, service


def front(image: str, *lines: str, tail: str = "") -> str:
    """Write a compose file with a service from an image."""
    return service(*lines, tail=tail).replace("image: a\n", f"image: {image}\n")


def declares(*lines: str, host: str = "") -> str:
    """Write the shop's system.yaml with more in it, and with other keys of its host."""
    return SYSTEM.replace("ingress: {kind: caddy}", host or "ingress: {kind: caddy}") + "".join(
        f"{line}\n" for line in lines
    )


STAND_IN = {
    "system.yaml": SYSTEM.replace(
        "variables:\n", "variables:\n  IMAGE: {purpose: Ours, stand_in: true}\n"
    )
}
"""A system that has an image on dev by a stand-in: ``${IMAGE}``."""


def of_others(compose: str) -> dict[str, str]:
    """Write the shop on a host that others manage."""
    return {
        "system.yaml": declares(host='managed_by: "Terraform"')
        .replace("routes:\n", "")
        .replace("  shop.example.com: {to: web/front:8080}\n", ""),
        "web.compose.yaml": compose,
    }
