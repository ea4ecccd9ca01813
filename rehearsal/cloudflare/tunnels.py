"""Tunnels: what each carries where, and the token with which cloudflared is the end of it."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from rehearsal.cloudflare.api import ONE, WHEN, Answer, Cloudflare, RefusedError


def _make_tunnel(api: Cloudflare, _query: Mapping[str, str], body: Any, account: str) -> Any:
    if any(each["name"] == body["name"] and not each["deleted_at"] for each in _all(api, account)):
        raise RefusedError(409, 1013, "You already have a tunnel with this name.")
    made = {
        "id": str(uuid.uuid4()),
        "account_tag": account,
        "name": body["name"],
        "config_src": body.get("config_src", "local"),
        "remote_config": body.get("config_src") == "cloudflare",
        "created_at": WHEN,
        "deleted_at": None,
        "conns_active_at": None,
        "conns_inactive_at": WHEN,
        "connections": [],
        "metadata": {},
        "status": "inactive",
        "tun_type": "cfd_tunnel",
    }
    api.tunnels[made["id"]] = made
    return made


def _all(api: Cloudflare, account: str) -> list[dict[str, Any]]:
    return [each for each in api.tunnels.values() if each["account_tag"] == account]


def _tunnels(api: Cloudflare, _query: Mapping[str, str], _body: Any, account: str) -> Any:
    return _all(api, account)


def _one_tunnel(
    api: Cloudflare, _query: Mapping[str, str], _body: Any, account: str, id_: str
) -> Any:
    found = api.tunnels.get(id_)
    if found is None or found["account_tag"] != account:
        raise RefusedError(404, 1003, "Tunnel not found")
    return found


def _change_tunnel(
    api: Cloudflare, query: Mapping[str, str], body: Any, account: str, id_: str
) -> Any:
    _one_tunnel(api, query, None, account, id_)["name"] = body["name"]
    return api.tunnels[id_]


def _remove_tunnel(
    api: Cloudflare, query: Mapping[str, str], _body: Any, account: str, id_: str
) -> Any:
    found = _one_tunnel(api, query, None, account, id_)
    if found["connections"]:
        raise RefusedError(
            400, 1022, "Cannot delete tunnel because it has active connections; disconnect them."
        )
    found["deleted_at"] = WHEN
    return found


def _token(api: Cloudflare, query: Mapping[str, str], _body: Any, account: str, id_: str) -> Any:
    _one_tunnel(api, query, None, account, id_)
    secret = base64.b64encode(f"secret of {id_}".encode()).decode()
    return base64.b64encode(json.dumps({"a": account, "t": id_, "s": secret}).encode()).decode()


def _configuration(
    api: Cloudflare, query: Mapping[str, str], body: Any, account: str, id_: str
) -> Any:
    found = _one_tunnel(api, query, None, account, id_)
    if body is not None:
        if not found["remote_config"]:
            raise RefusedError(400, 1055, "This tunnel is configured on its host.")
        _check(body["config"]["ingress"])
        found["carries"] = body["config"]
        found["version"] = found.get("version", 0) + 1
    return {
        "account_id": account,
        "tunnel_id": id_,
        "version": found.get("version", 0),
        "config": found.get("carries"),
        "source": "cloudflare",
        "created_at": WHEN,
    }


def _check(rules: list[dict[str, Any]]) -> None:
    """Refuse rules that cloudflared would not take."""
    *others, last = rules
    if last.get("hostname") or last.get("path"):
        raise RefusedError(
            400, 1056, "Bad Configuration: The last ingress rule must match all URLs"
        )
    if not all(rule.get("hostname") or rule.get("path") for rule in others):
        raise RefusedError(400, 1056, "Bad Configuration: Only the last rule may match all URLs")


ROUTES: Final[tuple[tuple[str, Mapping[str, Answer]], ...]] = (
    (f"/accounts/{ONE}/cfd_tunnel", {"GET": _tunnels, "POST": _make_tunnel}),
    (
        f"/accounts/{ONE}/cfd_tunnel/{ONE}",
        {"GET": _one_tunnel, "PATCH": _change_tunnel, "DELETE": _remove_tunnel},
    ),
    (f"/accounts/{ONE}/cfd_tunnel/{ONE}/token", {"GET": _token}),
    (
        f"/accounts/{ONE}/cfd_tunnel/{ONE}/configurations",
        {"GET": _configuration, "PUT": _configuration},
    ),
)
