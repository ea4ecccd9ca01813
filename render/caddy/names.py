"""Where a Caddy has its files: its own, and those that deploys and handovers write."""

from __future__ import annotations

from graph.model import Site
from render.shell import CONFIG_DIRECTORY

CADDYFILE = f"{CONFIG_DIRECTORY}/Caddyfile"
UPSTREAMS = "upstreams"
USERS = "users"
CERTIFICATES = "certificates"
SECRETS = "secrets"

SITES = "/srv/sites"
"""Where the directories of sites are mounted, read-only."""


def site_directory(site: Site) -> str:
    """Give where a site's directory is in the proxy's container."""
    return f"{SITES}/{site.key}"
