"""Renews the list of Cloudflare's networks in graph/cloudflare.py from what Cloudflare says.

``python -m scripts.edge_ranges [--check] [URL]``: with ``--check`` nothing is written; it exits
with 1 where the list is not the current one, and with 2 where Cloudflare could not be asked.
"""

from __future__ import annotations

import ipaddress
import json
import re
import sys
import urllib.request
from datetime import UTC, date, datetime
from pathlib import Path

from graph.cloudflare import CLOUDFLARE_NETWORKS

URL = "https://api.cloudflare.com/client/v4/ips"
FILE = Path(__file__).resolve().parent.parent / "graph" / "cloudflare.py"

_LIST = re.compile(
    r"(CLOUDFLARE_NETWORKS: Final = frozenset\(\n    \(\n).*?(    \)\n\)\n)", re.DOTALL
)
_DAY = re.compile(r'(RANGES_AS_OF: Final = ")[0-9-]+(")')


def asked(url: str) -> frozenset[str]:
    """Ask for the networks; a ``ValueError`` where the answer has not both families."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - of the caller's choice
        result = json.load(answer)["result"]
    found = {
        family: [str(ipaddress.ip_network(each)) for each in result[f"{family}_cidrs"]]
        for family in ("ipv4", "ipv6")
    }
    if not all(found.values()):
        msg = f"{url} gives no networks of one family"
        raise ValueError(msg)
    return frozenset(found["ipv4"] + found["ipv6"])


def written(text: str, networks: frozenset[str], today: date) -> str:
    """Give the module's text with other networks, and the day that they are of."""

    def order(network: str) -> tuple[int, int]:
        parsed = ipaddress.ip_network(network)
        return parsed.version, int(parsed.network_address)

    ordered = sorted(networks, key=order)
    lines: list[str] = []
    for fourth in (True, False):
        of_family = [each for each in ordered if (":" not in each) == fourth]
        for start in range(0, len(of_family), 4):
            row = ", ".join(f'"{each}"' for each in of_family[start : start + 4])
            comma = "," if "," not in row else ""
            lines.append(f"        *({row}{comma}),\n")
    text = _LIST.sub(lambda match: match[1] + "".join(lines) + match[2], text)
    return _DAY.sub(lambda match: f"{match[1]}{today.isoformat()}{match[2]}", text)


def main(arguments: list[str]) -> int:
    """Compare, and write where something has changed."""
    check = "--check" in arguments
    (url,) = [each for each in arguments if each != "--check"] or [URL]
    try:
        networks = asked(url)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 2
    new, gone = networks - CLOUDFLARE_NETWORKS, CLOUDFLARE_NETWORKS - networks
    for sign, changed in (("+", new), ("-", gone)):
        sys.stdout.writelines(f"{sign} {each}\n" for each in sorted(changed))
    if check:
        return 1 if new or gone else 0
    text = FILE.read_text(encoding="utf-8")
    FILE.write_text(written(text, networks, datetime.now(UTC).date()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
