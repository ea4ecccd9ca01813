"""Values for secrets that have none where nothing is deployed: in plans and tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from config.document import read_document
from config.finding import FindingsError
from config.load import SYSTEM_FILE
from config.settings import PLACEHOLDER
from config.stack import NAMESPACE, SYSTEMS_DIRECTORY


def fill_secrets(
    project: Path,
    values: dict[str, object],
    placeholder: Callable[[str], str] = lambda _name: PLACEHOLDER,
) -> int:
    """Give each secret without a value a placeholder, in place; tell how many had none at all.

    Only a prod stack's: on dev the files themselves have values. ``values`` are a stack's, by full
    key; of the encrypted ones, which read `PLACEHOLDER`, only the secrets of systems change.
    """
    if values.get(f"{NAMESPACE}:target") != "prod":
        return 0
    filled = 0
    systems = values.get(f"{NAMESPACE}:systems")
    for name in systems if isinstance(systems, list) else []:
        directory = project / (name if "/" in name else f"{SYSTEMS_DIRECTORY}/{name}")
        key = f"{NAMESPACE}:{directory.name}"
        settings = dict(_mapping(values.get(key)))
        given = dict(_mapping(settings.get("secrets")))
        declared = declared_secrets(directory)
        filled += len(set(declared) - set(given))
        secrets = {**dict.fromkeys(declared, PLACEHOLDER), **given}
        if secrets:
            known = {
                secret: placeholder(secret) if value == PLACEHOLDER else value
                for secret, value in secrets.items()
            }
            values[key] = {**settings, "secrets": known}
    return filled


def declared_secrets(directory: Path) -> list[str]:
    """Give the names of the secrets that a system declares; none where it can't be read."""
    try:
        data = read_document(directory / SYSTEM_FILE, SYSTEM_FILE).data
    except FindingsError:
        return []  # said, with everything else, when the system is loaded
    return list(_mapping(_mapping(data).get("secrets")))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
