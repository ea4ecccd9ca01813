"""Records."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from rehearsal.cloudflare.api import ONE, WHEN, Answer, Cloudflare, RefusedError, Zone, new_id

_PROXIABLE: Final = ("A", "AAAA", "CNAME")


def _record(zone: Zone, body: Mapping[str, Any], id_: str) -> dict[str, Any]:
    """Check a record as the API does, and give it as it is kept."""
    name, type_ = str(body["name"]).lower(), body["type"]
    if name != zone.name and not name.endswith(f".{zone.name}"):
        raise RefusedError(400, 9000, f"DNS name is invalid: {name} is not in {zone.name}")
    proxied = bool(body.get("proxied", False))
    ttl = body.get("ttl", 1)
    if proxied and type_ not in _PROXIABLE:
        raise RefusedError(400, 9004, f"This record type cannot be proxied: {type_}")
    if proxied and ttl != 1:
        raise RefusedError(400, 9021, "ttl must be set to 1 when `proxied` is true")
    if ttl != 1 and not 60 <= ttl <= 86_400:
        raise RefusedError(
            400, 9021, "Invalid TTL. Must be between 60 and 86400, or 1 for automatic"
        )
    content, data = _content(type_, body)
    others = [each for key, each in zone.records.items() if key != id_ and each["name"] == name]
    for other in others:
        if "CNAME" in (type_, other["type"]) and {type_, other["type"]} <= set(_PROXIABLE):
            raise RefusedError(
                400, 81053, "An A, AAAA, or CNAME record with that host already exists."
            )
        if (other["type"], other["content"]) == (type_, content):
            raise RefusedError(400, 81058, "An identical record already exists.")
    kept = {
        "id": id_,
        "name": name,
        "type": type_,
        "content": content,
        "proxiable": type_ in _PROXIABLE,
        "proxied": proxied,
        "ttl": ttl,
        "settings": {},
        "meta": {},
        "comment": body.get("comment"),
        "tags": body.get("tags") or [],
        "created_on": WHEN,
        "modified_on": WHEN,
    }
    if type_ == "MX":
        kept["priority"] = body["priority"]
    return {**kept, **({"data": data} if data else {})}


def _content(type_: str, body: Mapping[str, Any]) -> tuple[str, Any]:
    if type_ == "CAA":
        data = body.get("data") or {}
        if not {"flags", "tag", "value"} <= data.keys():
            raise RefusedError(400, 9101, "flags is a required data field.")
        return f'{data["flags"]} {data["tag"]} "{data["value"]}"', data
    content = str(body.get("content") or "")
    if type_ in ("A", "AAAA"):
        try:
            version = int(ipaddress.ip_address(content).version)
        except ValueError:
            version = 0
        if version != (4 if type_ == "A" else 6):
            raise RefusedError(400, 9005, f"Content for {type_} record must be a valid IP address.")
    if type_ == "TXT" and not content.startswith('"'):
        return f'"{content}"', None
    if not content:
        raise RefusedError(400, 9003, "Content is required")
    return content, None


def _make_record(api: Cloudflare, _query: Mapping[str, str], body: Any, zone_id: str) -> Any:
    zone = api.zone(zone_id)
    id_ = new_id()
    zone.records[id_] = _record(zone, body, id_)
    return zone.records[id_]


def _records(api: Cloudflare, _query: Mapping[str, str], _body: Any, zone_id: str) -> Any:
    return list(api.zone(zone_id).records.values())


def _one_record(
    api: Cloudflare, _query: Mapping[str, str], _body: Any, zone_id: str, id_: str
) -> Any:
    if id_ not in api.zone(zone_id).records:
        raise RefusedError(404, 81044, "Record does not exist.")
    return api.zone(zone_id).records[id_]


def _change_record(
    api: Cloudflare, query: Mapping[str, str], body: Any, zone_id: str, id_: str
) -> Any:
    former = _one_record(api, query, None, zone_id, id_)
    zone = api.zone(zone_id)
    zone.records[id_] = _record(zone, {**former, **body}, id_)
    return zone.records[id_]


def _remove_record(
    api: Cloudflare, query: Mapping[str, str], _body: Any, zone_id: str, id_: str
) -> Any:
    _one_record(api, query, None, zone_id, id_)
    del api.zone(zone_id).records[id_]
    return {"id": id_}


ROUTES: Final[tuple[tuple[str, Mapping[str, Answer]], ...]] = (
    (f"/zones/{ONE}/dns_records", {"GET": _records, "POST": _make_record}),
    (
        f"/zones/{ONE}/dns_records/{ONE}",
        {
            "GET": _one_record,
            "PUT": _change_record,
            "PATCH": _change_record,
            "DELETE": _remove_record,
        },
    ),
)
