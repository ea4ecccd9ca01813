"""Compose's short syntaxes, turned into the long ones: one shape for all that reads them.

Each function takes what YAML gave and returns data for the long form's model, or raises a
``ValueError`` whose text is ``fact; remedy``. Meaning: Compose Specification, ``05-services.md``.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
import shlex
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from config.text import MISPLACED, Template
from config.units import format_port_range, parse_port_range, scalar_text, shown

_DOCKER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_OCTAL = re.compile(r"(0o?)?[0-7]{1,4}")
_PLAIN_WORDS = re.compile(r"""([^\\"'`;&|<>()]|\\[^A-Za-z0-9\n]|'[^']*'|"([^"\\]|\\["\\])*")*""")
_RESTART = re.compile(r"no|always|unless-stopped|on-failure(:[0-9]{1,9})?")
_VOLUME_OPTIONS = {"ro", "rw", "nocopy"}


def refuse_secret(value: object) -> None:
    """Raise when a secret stands where it would be readable by anyone who can list containers."""
    if isinstance(value, Template):
        names = ", ".join(value.secrets)
        msg = (
            f"secret {names} would be readable here; "
            "pass it in environment or as a file under secrets"
        )
        raise ValueError(msg)


def name(text: str) -> str:
    """Check the name of a service, network, volume, secret or config."""
    if not _NAME.fullmatch(text) or text.startswith("x-"):
        msg = (
            f"{text!r} cannot be a name; use letters, digits, '.', '_' and '-', and not x- to begin"
        )
        raise ValueError(msg)
    return text


def docker_name(text: str) -> str:
    """Check a name that Docker gives to a container, a network or a volume."""
    if not _DOCKER_NAME.fullmatch(text):
        msg = (
            f"Docker takes no name like {text!r}; use letters, digits, '.', '_' and '-', two "
            "at least, and a letter or digit to begin"
        )
        raise ValueError(msg)
    return text


def container_path(text: str) -> str:
    """Give an absolute path in a container in its shortest form."""
    if not text.startswith("/"):
        msg = f"mount target {text!r} is not an absolute path; begin it with /"
        raise ValueError(msg)
    return posixpath.normpath("/" + text.lstrip("/"))


def mode(value: object) -> object:
    """Read permission bits: a number, or a text that is octal with or without a leading zero."""
    if isinstance(value, str):
        if not _OCTAL.fullmatch(value):
            msg = f"{value!r} is not a mode; write octal digits like 0440"
            raise ValueError(msg)
        return int(value.replace("o", ""), 8)
    return value


def restart(text: str) -> str:
    """Check a restart policy."""
    if not _RESTART.fullmatch(text):
        msg = f"{text!r} is no restart policy; use no, always, unless-stopped or on-failure[:TIMES]"
        raise ValueError(msg)
    return text


def secret_name(value: object) -> object:
    """The name of a secret, where its value is easily written by mistake."""
    if isinstance(value, Template):
        name = value.secrets[0]
        msg = "the value of secret {name} stands where its name should; write {name}"
        raise PydanticCustomError(MISPLACED, msg, {"name": name})
    return value


def port(value: object) -> object:
    """``[IP:][HOST:]CONTAINER[/PROTOCOL]``, each side a port or a range."""
    refuse_secret(value)
    if isinstance(value, Mapping):
        long = dict(value)
        for key in ("target", "published"):
            if long.get(key) is not None and not isinstance(long[key], range):
                refuse_secret(long[key])
                ports = parse_port_range(str(long[key]))
                if len(ports) > 1:
                    msg = (
                        f"{key} {long[key]} is a range, which the long syntax cannot publish; "
                        "write it like 10000-10100:10000-10100"
                    )
                    raise ValueError(msg)
                long[key] = ports
        return long
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    text, _, protocol = str(value).partition("/")
    host, target = _split_last(text)
    data: dict[str, Any] = {"target": parse_port_range(target)}
    data["protocol"] = protocol.lower() or "tcp"
    if host:
        address, published = _split_last(host)
        if address is None and (":" in host or "." in host):
            address, published = host, ""
        if address:
            inner = re.fullmatch(r"\[(.*)\]", address)
            data["host_ip"] = inner[1] if inner else address
        if published:
            data["published"] = parse_port_range(published)
    return data


def _split_last(text: str) -> tuple[str | None, str]:
    # The last colon outside of an IPv6 address's brackets.
    at = text.rfind(":", text.rfind("]") + 1)
    return (None, text) if at < 0 else (text[:at], text[at + 1 :])


def expose(value: object) -> object:
    """``PORT[-PORT][/PROTOCOL]``: a container port, or several, that others on a network use."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        text, _, protocol = str(value).partition("/")
        return {"target": parse_port_range(text), "protocol": protocol.lower() or "tcp"}
    return value


def volume(value: object) -> object:
    """``[SOURCE:]TARGET[:OPTIONS]``: a named volume, or a bind when the source is a path."""
    refuse_secret(value)
    if not isinstance(value, str):
        return value
    parts = value.split(":")
    if len(parts) == 1:
        return {"type": "volume", "target": value}
    if len(parts) > 3:
        msg = f"volume {value!r} has too many parts; write SOURCE:TARGET or SOURCE:TARGET:ro"
        raise ValueError(msg)
    source, target = parts[:2]
    options = set(parts[2].split(",")) if parts[2:] else set()
    if unknown := sorted(options - _VOLUME_OPTIONS):
        msg = f"volume option {unknown[0]!r} is not supported; use ro, rw or nocopy"
        raise ValueError(msg)
    bind = source.startswith(("/", ".", "~"))
    data: dict[str, Any] = {
        "type": "bind" if bind else "volume",
        "source": source,
        "target": target,
        "read_only": "ro" in options,
    }
    if "nocopy" in options:
        data["volume"] = {"nocopy": True}
    return data


def pairs(value: object) -> object:
    """A list of ``NAME=VALUE`` as a map; a name alone gets None."""
    return dict(map(_pair, value)) if isinstance(value, list) else value


def _pair(item: object) -> tuple[str, object]:
    if isinstance(item, Template):
        # The name comes before the first secret, or it would be a secret itself.
        first, *rest = item.parts
        name, equals, start = str(first).partition("=")
        if not equals or not isinstance(first, str):
            refuse_secret(item)
        return name, Template(tuple(part for part in (start, *rest) if part != ""))
    if not isinstance(item, str):
        msg = f"{shown(item)} is not NAME=VALUE; write it so, in quotes"
        raise ValueError(msg)
    name, equals, text = item.partition("=")
    return name, text if equals else None


def environment_value(value: object) -> str | Template:
    """The value of an environment variable: a text, with secrets or without."""
    if value is None:
        msg = (
            "it has no value, and no shell passes one on when Pulumi deploys; "
            "write ${NAME}, and declare NAME under variables or secrets in system.yaml"
        )
        raise ValueError(msg)
    text = scalar_text(value)
    if not isinstance(text, str | Template):
        msg = f"{shown(text)} where a text is expected; write a text"
        raise ValueError(msg)
    return text


def build_argument(value: object) -> object:
    """The value of a build argument, which ends up in the image: no secret."""
    refuse_secret(value)
    return environment_value(value)


def label(value: object) -> object:
    """The value of a label or an option: a text, an empty one where there is none."""
    refuse_secret(value)
    return "" if value is None else scalar_text(value)


def named(value: object) -> object:
    """A map whose names may stand alone: ``data:`` is a volume with nothing else to say."""
    if isinstance(value, Mapping):
        return {name: {} if item is None else item for name, item in value.items()}
    return value


def names_to_map(value: object) -> object:
    """A list of names as a map from each to nothing."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return {item: {} for item in value}
    return named(value)


def depends_on(value: object) -> object:
    """A list of services as a map with Compose's default condition."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {name: {"condition": "service_started"} for name in value}
    return value


def command(value: object) -> object:
    """A command as its argument list: a text is split as a shell splits words, none expanded."""
    refuse_secret(value)
    if isinstance(value, str):
        return _words(value)
    if isinstance(value, list):
        for item in value:
            refuse_secret(item)
    return value


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError:
        msg = f"command {text!r} has an unclosed quote; close it, or write a list"
        raise ValueError(msg) from None
    # Compose ends the command at an operator and drops the rest; its escapes are its own.
    if not _PLAIN_WORDS.fullmatch(text):
        msg = (
            f"command {text!r} has operators or escapes of a shell, and no shell reads it; "
            "write a list, like [sh, -c, COMMAND]"
        )
        raise ValueError(msg)
    return words


def health_test(value: object) -> object:
    """A health test as its list form: a text means ``CMD-SHELL``."""
    refuse_secret(value)
    if isinstance(value, str):
        return ["CMD-SHELL", value]
    if isinstance(value, list):
        for item in value:
            refuse_secret(item)
        if not value or value[0] not in ("NONE", "CMD", "CMD-SHELL"):
            first = shown(value[0]) if value else "nothing"
            msg = f"health test begins with {first}; begin it with CMD, CMD-SHELL or NONE"
            raise ValueError(msg)
    return value


def text_list(value: object) -> object:
    """One text, or a list of them, as a list."""
    if isinstance(value, list):
        for item in value:
            refuse_secret(item)
        return value
    refuse_secret(value)
    return [value] if isinstance(value, str) else value


def env_file(value: object) -> object:
    """One file name, a list of them, or of ``{path, required}``."""
    items = [value] if isinstance(value, str | Mapping) else value
    if isinstance(items, list):
        return [{"path": item} if isinstance(item, str) else item for item in items]
    return items


def file_reference(value: object) -> object:
    """A secret's or a config's name as ``{source: name}``."""
    refuse_secret(value)
    return {"source": value} if isinstance(value, str) else value


def extra_hosts(value: object) -> object:
    """A list of ``NAME:IP`` or ``NAME=IP`` as a map from name to address."""
    if not isinstance(value, list):
        return value
    hosts: dict[str, str] = {}
    for item in value:
        refuse_secret(item)
        match = re.fullmatch(r"([^:=]+)[:=](.+)", str(item))
        if match is None:
            msg = f"extra host {shown(item)} is not NAME=ADDRESS; write one like db=192.0.2.10"
            raise ValueError(msg)
        if match[1] in hosts:
            msg = f"extra host {match[1]} has two addresses; keep one"
            raise ValueError(msg)
        hosts[match[1]] = match[2].strip("[]")
    return hosts


def host_address(text: str) -> str:
    """An IP address, or Docker's ``host-gateway``."""
    if text != "host-gateway":
        try:
            ipaddress.ip_address(text)
        except ValueError:
            msg = f"{text!r} is not an IP address; write one, or host-gateway"
            raise ValueError(msg) from None
    return text


def ulimit(value: object) -> object:
    """One number for both limits as ``{soft, hard}``."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,19}", value):
        msg = f"{value!r} is not a limit; write a number, or {{soft: NUMBER, hard: NUMBER}}"
        raise ValueError(msg)
    if isinstance(value, int | str) and not isinstance(value, bool):
        return {"soft": value, "hard": value}
    return value


def build(value: object) -> object:
    """A context's path as ``{context: path}``."""
    refuse_secret(value)
    return {"context": value} if isinstance(value, str) else value


def describe_port(host_ip: str | None, published: range | None, target: range, proto: str) -> str:
    """Write a published port in the short syntax."""
    left = f"{host_ip}:" if host_ip else ""
    if published is not None:
        left += f"{format_port_range(published)}:"
    return f"{left}{format_port_range(target)}/{proto}"
