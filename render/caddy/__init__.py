"""The Caddyfile of an ingress, from its routes; Caddy 2.9 or later.

What decides who may pass stands first inside a ``route`` block: there Caddy keeps the written
order, while elsewhere it sorts directives and a handler could answer before the guard (R04).
"""

from __future__ import annotations

from render.caddy.access import users_file
from render.caddy.answers import stand_in_name
from render.caddy.names import (
    CADDYFILE,
    CERTIFICATES,
    SECRETS,
    SITES,
    UPSTREAMS,
    USERS,
    site_directory,
)
from render.caddy.sites import caddyfile
from render.caddy.tls import DNS_TOKEN, OWN_CERTIFICATE, certificate_name, origin_pulls_name

__all__ = [
    "CADDYFILE",
    "CERTIFICATES",
    "DNS_TOKEN",
    "OWN_CERTIFICATE",
    "SECRETS",
    "SITES",
    "UPSTREAMS",
    "USERS",
    "caddyfile",
    "certificate_name",
    "origin_pulls_name",
    "site_directory",
    "stand_in_name",
    "users_file",
]
