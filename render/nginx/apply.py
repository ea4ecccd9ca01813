"""The scripts that put nginx's files into force on a host, and that take them away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from graph.model import Host, Ingress, StackGraph
from render.bootstrap import PATIENCE_SECONDS, steps
from render.nginx import certificates, rest, shell
from render.nginx.files import nginx_files
from render.nginx.place import AUTHORITIES, CHALLENGES, USERS, names_of, virtual_host
from render.shell import assign, each

STATE: Final = "/var/lib/stackgraph/nginx"
HOOK: Final = "systemctl reload nginx"
LETS_ENCRYPT: Final = "https://acme-v02.api.letsencrypt.org/directory"

_RUN: Final = """\
as_root
alone_with_nginx
: >"$tmp/clashes"
: >"$tmp/missing"
programs
refuse_clashes
switch
user_files
certificates
[ -z "$issued" ] || switch
renewal
each_name verify_name
each_site site
all_there
printf 'ready: %s changes\\n' "$changes"
"""


def nginx_script(graph: StackGraph, ingress: Ingress) -> str:
    """Give the script that brings nginx and its certificates to what is declared.

    It prints a line for each change and ``ready: N changes``, or says in one line why it stopped.
    What can be done is done first: a name that gets no certificate takes no other one down.
    """
    host = graph.hosts[ingress.host]
    routes = graph.routes_of(ingress)
    names = names_of(routes)
    rows = [(name, virtual_host(name).rpartition("/")[2]) for name in names]
    sites = [graph.sites[each_] for each_ in ingress.sites]
    users = sorted({f"{r.system}-{r.access.basic_auth}" for r in routes if r.access.basic_auth})
    settings = {
        "ACME": graph.acme_directory or LETS_ENCRYPT,
        "EMAIL": ingress.email or "",
        "HOOK": HOOK,
        "CHALLENGES": CHALLENGES,
        "USER_FILES": " ".join(users),
    }
    return _script(
        host,
        [steps.CHANGE, shell.TREE, certificates.LOOK, shell.APPLY, certificates.ISSUE, rest.REST],
        each("each_file", sorted(nginx_files(graph, ingress).items()))
        + each("each_name", rows)
        + each("each_site", [(site.key, site.spec.path) for site in sites]),
        settings,
        _RUN,
    )


def remove_script(host: Host) -> str:
    """Give the script that takes our virtual hosts away; all else stays."""
    run = "as_root\nremove\nprintf 'ready: %s changes\\n' \"$changes\"\n"
    return _script(host, [shell.TREE, rest.REMOVE], "", {}, run)


def files_script(
    host: Host, users: Mapping[str, str], authorities: Mapping[str, str] | None = None
) -> str:
    """Give the script that writes what virtual hosts refer to, before they do.

    ``users`` are lines of users by the file's name, which are secret: nobody but root may read
    them until nginx is there. ``authorities`` are certificates (PEM) by name.
    """
    run = (
        # the directory's group is nginx's, once it is there
        "write_users() {\n"
        '  put "$USERS/$1" 640 root "$2"\n'
        '  chgrp --reference="$USERS" "$USERS/$1"\n'
        "}\n"
        'write_authority() { put "$AUTHORITIES/$1.pem" 644 root "$2" nginx; }\n'
        "as_root\n"
        # nginx, which may not be there yet, has to come past the directories above
        '[ -d "$USERS" ] || { mkdir -p "$USERS" && chmod 700 "$USERS"; }\n'
        "each_users write_users\neach_authority write_authority\n"
        "printf 'ready: %s changes\\n' \"$changes\"\n"
    )
    tables = each("each_users", sorted(users.items()))
    tables += each("each_authority", sorted((authorities or {}).items()))
    return _script(host, [steps.CHANGE], tables, {"AUTHORITIES": AUTHORITIES}, run)


def _script(
    host: Host, parts: list[str], tables: str, settings: Mapping[str, object], run: str
) -> str:
    fixed = {"HOST": host.key, "PATIENCE": PATIENCE_SECONDS, "STATE": STATE, "USERS": USERS}
    code = "".join([*parts, run])
    known = {**fixed, **settings}
    used = {n: v for n, v in known.items() if re.search(rf"\$\{{?{n}\b", code) or n == "HOST"}
    # variables in nginx's files are not the shell's
    first = "# shellcheck disable=SC2016\n"
    return "".join([first, steps.BASE, *parts, "\n", tables, assign(used), run])
