"""What a test host has more than a machine of a provider, so that it can be played with.

All of it lies in one folder, which every host has read-only: images that it need not pull, an
issuer of certificates that it asks in the place of Let's Encrypt, and what its owners bring to it
themselves (``systems/NAME/rehearsal/HOST.sh``).
"""

from __future__ import annotations

from typing import Final

THERE: Final = "/var/lib/rehearsal"
"""Where hosts have that folder."""

ACME_DIRECTORY: Final = "https://localhost:14000/dir"
"""Where a host finds its issuer."""

_LOAD: Final = f"""#!/bin/sh
# The images that this machine need not pull, as soon as its Docker runs; once.
cd {THERE} && [ -s images.tar ] && ! [ -e /var/lib/docker/rehearsal ] || exit 0
docker load --quiet --input images.tar >/dev/null || exit 1
while read -r id name; do docker tag "$id" "$name" || exit 1; done <names
touch /var/lib/docker/rehearsal
"""
_LOADS: Final = "[Service]\nExecStartPost=/usr/local/sbin/load-images\n"
_ARCHITECTURE: Final = """#!/bin/sh
# This machine plays one of another architecture.
if [ "$*" = --print-architecture ]; then echo {0}; else exec /usr/bin/dpkg "$@"; fi
"""
_OWNERS: Final = """[Unit]
Description=What its owners bring to this machine themselves
ConditionPathExists={script}
After=network.target cloud-init.service
Before=ssh.service
[Service]
Type=oneshot
ExecStartPre=/bin/sh -c 'until ip route | grep -q default; do sleep 1; done'
ExecStart=/bin/sh {script}
"""
_ISSUER: Final = f"""[Unit]
Description=An issuer of certificates that finds every name at this machine
ConditionPathExists={THERE}/issuer/pebble
[Service]
StateDirectory=issuer
WorkingDirectory=/var/lib/issuer
Environment=PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0
ExecStartPre=/bin/sh -c 'cd {THERE}/issuer; grep -qxFf names /etc/hosts || cat names >>/etc/hosts'
ExecStartPre=/usr/bin/openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=localhost \\
  -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
ExecStartPre=/bin/cp cert.pem /usr/local/share/ca-certificates/issuer.crt
ExecStartPre=/usr/sbin/update-ca-certificates
ExecStart={THERE}/issuer/pebble -config {THERE}/issuer/config.json
"""
ISSUER_CONFIG: Final = """{"pebble": {"listenAddress": "127.0.0.1:14000",
 "managementListenAddress": "127.0.0.1:15000", "certificate": "/var/lib/issuer/cert.pem",
 "privateKey": "/var/lib/issuer/key.pem", "httpPort": 80, "tlsPort": 443,
 "ocspResponderURL": "", "externalAccountBindingRequired": false}}
"""
_UNITS: Final = "/etc/systemd/system"


def equipment(host: str, platform: str | None) -> dict[str, tuple[str, int]]:
    """Give the files of a host: text and mode by path.

    ``host`` is its logical name; ``platform`` is what it says of itself, where it plays another.
    """
    owners = _OWNERS.format(script=f"{THERE}/owners/{host}.sh")
    files = {
        "/usr/local/sbin/load-images": (_LOAD, 0o755),
        f"{_UNITS}/docker.service.d/rehearsal.conf": (_LOADS, 0o644),
        f"{_UNITS}/owners.service": (owners, 0o644),
        f"{_UNITS}/issuer.service": (_ISSUER, 0o644),
        f"{_UNITS}/multi-user.target.d/rehearsal.conf": (
            "[Unit]\nWants=owners.service issuer.service\n",
            0o644,
        ),
    }
    if platform is not None:
        architecture = platform.removeprefix("linux/")
        files["/usr/local/bin/dpkg"] = (_ARCHITECTURE.format(architecture), 0o755)
    return files
