"""Zones and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rehearsal.cloudflare.api import ONE, WHEN, Answer, Cloudflare, RefusedError, Zone

SETTINGS: Final[Mapping[str, tuple[Any, ...] | None]] = {
    "0rtt": ("on", "off"),
    "always_use_https": ("on", "off"),
    "browser_cache_ttl": None,
    "http3": ("on", "off"),
    "min_tls_version": ("1.0", "1.1", "1.2", "1.3"),
    "security_header": None,
    "ssl": ("off", "flexible", "full", "strict"),
    "tls_1_3": ("on", "off", "zrt"),
    "websockets": ("on", "off"),
}
"""Settings that it knows, and their values where they are words."""


def _shown(zone: Zone) -> dict[str, Any]:
    return {
        "id": zone.id,
        "name": zone.name,
        "status": "active",
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["ada.ns.example.com", "bob.ns.example.com"],
        "original_name_servers": [],
        "original_registrar": None,
        "original_dnshost": None,
        "activated_on": WHEN,
        "created_on": WHEN,
        "modified_on": WHEN,
        "account": {"id": zone.account, "name": "rehearsal"},
        "owner": {"id": None, "type": "user", "email": None},
        "meta": {"phishing_detected": False, "step": 0},
        "permissions": [],
        "plan": {"id": "0", "name": zone.plan, "legacy_id": zone.plan},
    }


def _zones(api: Cloudflare, query: Mapping[str, str], _body: Any) -> Any:
    return [
        _shown(zone)
        for zone in api.zones.values()
        if query.get("name") in (None, zone.name)
        and query.get("account.id") in (None, zone.account)
    ]


def _make_zone(api: Cloudflare, _query: Mapping[str, str], body: Any) -> Any:
    if any(zone.name == body["name"] for zone in api.zones.values()):
        raise RefusedError(400, 1061, f"{body['name']} already exists")
    return _shown(api.add_zone(body["name"], plan=api.plan, account=body["account"]["id"]))


def _remove_zone(api: Cloudflare, _query: Mapping[str, str], _body: Any, id_: str) -> Any:
    del api.zones[api.zone(id_).id]
    return {"id": id_}


def _setting(api: Cloudflare, _query: Mapping[str, str], _body: Any, zone_id: str, id_: str) -> Any:
    if id_ not in SETTINGS:
        raise RefusedError(400, 1006, f"Undefined zone setting: {id_}")
    value = api.zone(zone_id).settings.get(id_)
    return {"id": id_, "value": value, "editable": True, "modified_on": WHEN}


def _set(api: Cloudflare, query: Mapping[str, str], body: Any, zone_id: str, id_: str) -> Any:
    _setting(api, query, None, zone_id, id_)
    words, value = SETTINGS[id_], body.get("value")
    if value is None or (words is not None and value not in words):
        raise RefusedError(400, 1007, f"Invalid value for zone setting {id_}")
    api.zone(zone_id).settings[id_] = value
    return _setting(api, query, None, zone_id, id_)


ROUTES: Final[tuple[tuple[str, Mapping[str, Answer]], ...]] = (
    ("/zones", {"GET": _zones, "POST": _make_zone}),
    (
        f"/zones/{ONE}",
        {"GET": lambda api, _q, _b, id_: _shown(api.zone(id_)), "DELETE": _remove_zone},
    ),
    (f"/zones/{ONE}/settings/{ONE}", {"GET": _setting, "PATCH": _set}),
)
