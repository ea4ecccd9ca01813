"""What the world answers after a deploy, compared with what is declared: `check --live`.

Pure: what to ask (`names`), and what answers mean (`resolving`, `serving`). Asking is
`cli.live`'s: no other room may use the network, and a command that is run by hand or by CI is
where it belongs. Three outcomes, never two: as declared, a finding, or cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping

LIVE: Mapping[str, str] = {
    "live-missing": "DNS knows every name of the stack",
    "live-elsewhere": "Every name leads where it is declared to",
    "live-exposed": "A proxied name does not give away its host's address",
    "live-undeclared": "A name has no address that nobody declared",
    "live-mesh": "A name for the mesh has no public address unless that is declared",
    "live-caa": "CAA lets the ingress's issuer issue its certificates",
    "live-certificate": "The certificate of every name is accepted, and for two weeks more",
    "live-redirect": "HTTP leads to HTTPS",
    "live-open": "Who is not admitted to a route is refused",
    "live-unknown": "Every name can be asked",
}
"""Ids of findings that only a running stack has, and how things should be."""
