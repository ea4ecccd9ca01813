"""Certificates of the Origin CA, those of origin pulls, and the networks of the edge."""

from __future__ import annotations

import subprocess
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rehearsal.cloudflare.api import ONE, WHEN, Answer, Cloudflare, RefusedError, new_id


def _make_certificate(api: Cloudflare, _query: Mapping[str, str], body: Any) -> Any:
    names = body["hostnames"]
    zones = [zone.name for zone in api.zones.values()]
    for name in names:
        if not any(name == zone or name.endswith(f".{zone}") for zone in zones):
            raise RefusedError(400, 1010, f"Failed to validate requested hostname {name}")
    if body.get("requested_validity", 5475) not in (7, 30, 90, 365, 730, 1095, 5475):
        raise RefusedError(400, 1011, "Failed to validate requested validity")
    made = {
        "id": new_id(),
        "certificate": _signed(body["csr"], names),
        "csr": body["csr"],
        "hostnames": names,
        "request_type": body["request_type"],
        "requested_validity": body.get("requested_validity", 5475),
        "expires_on": "2041-01-01 00:00:00 +0000 UTC",
    }
    api.certificates[made["id"]] = made
    return made


def _signed(request: str, names: list[str]) -> str:
    """Sign a request with an authority of the moment: whoever serves it has to have the key."""
    with tempfile.TemporaryDirectory() as folder:
        csr, key, ca, extensions, out = (
            str(Path(folder) / name) for name in ("csr", "key", "ca", "ext", "out")
        )
        Path(csr).write_text(request)
        alternatives = ",".join(f"DNS:{name}" for name in names)
        Path(extensions).write_text(f"subjectAltName={alternatives}\n")
        new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Origin CA", "-days"]
        _openssl(*new, "5475", "-keyout", key, "-out", ca)
        sign = ["x509", "-req", "-in", csr, "-CA", ca, "-CAkey", key, "-CAcreateserial"]
        _openssl(*sign, "-days", "5475", "-extfile", extensions, "-out", out)
        return Path(out).read_text()


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusedError(400, 1012, f"Failed to parse CSR: {done.stderr.strip()}")


def _one_certificate(api: Cloudflare, _query: Mapping[str, str], _body: Any, id_: str) -> Any:
    if id_ not in api.certificates:
        raise RefusedError(404, 1013, "certificate not found")
    return api.certificates[id_]


def _revoke(api: Cloudflare, query: Mapping[str, str], _body: Any, id_: str) -> Any:
    _one_certificate(api, query, None, id_)
    del api.certificates[id_]
    return {"id": id_, "revoked_at": WHEN}


def _make_pull(api: Cloudflare, _query: Mapping[str, str], body: Any, zone_id: str) -> Any:
    if "PRIVATE KEY" not in body.get("private_key", ""):
        raise RefusedError(400, 1400, "private_key is required")
    made = {
        "id": str(uuid.uuid4()),
        "certificate": body["certificate"],
        "issuer": "CN=rehearsal",
        "signature": "SHA256WithRSA",
        "status": "active",
        "expires_on": "2041-01-01T00:00:00Z",
        "uploaded_on": WHEN,
        "enabled": True,
    }
    api.zone(zone_id).pulls[made["id"]] = made
    return made


def _one_pull(
    api: Cloudflare, _query: Mapping[str, str], _body: Any, zone_id: str, id_: str
) -> Any:
    if id_ not in api.zone(zone_id).pulls:
        raise RefusedError(404, 1406, "certificate not found")
    return api.zone(zone_id).pulls[id_]


def _remove_pull(
    api: Cloudflare, query: Mapping[str, str], _body: Any, zone_id: str, id_: str
) -> Any:
    found = _one_pull(api, query, None, zone_id, id_)
    del api.zone(zone_id).pulls[id_]
    return {**found, "status": "pending_deletion"}


def _pulls(api: Cloudflare, _query: Mapping[str, str], body: Any, zone_id: str) -> Any:
    zone = api.zone(zone_id)
    if body is not None:
        zone.pulls_enabled = bool(body["enabled"])
    return {"id": zone_id, "enabled": zone.pulls_enabled}


def _ips(api: Cloudflare, _query: Mapping[str, str], _body: Any) -> Any:
    parsed = sorted(api.networks)
    return {
        "etag": "rehearsal",
        "ipv4_cidrs": [each for each in parsed if ":" not in each],
        "ipv6_cidrs": [each for each in parsed if ":" in each],
    }


ROUTES: Final[tuple[tuple[str, Mapping[str, Answer]], ...]] = (
    ("/ips", {"GET": _ips}),
    ("/certificates", {"POST": _make_certificate}),
    (f"/certificates/{ONE}", {"GET": _one_certificate, "DELETE": _revoke}),
    (f"/zones/{ONE}/origin_tls_client_auth/settings", {"GET": _pulls, "PUT": _pulls}),
    (f"/zones/{ONE}/origin_tls_client_auth", {"POST": _make_pull}),
    (f"/zones/{ONE}/origin_tls_client_auth/{ONE}", {"GET": _one_pull, "DELETE": _remove_pull}),
)
