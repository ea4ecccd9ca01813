"""Stand-ins: what the dev stack runs in place of an image that only the system's owners have.

A stand-in is Caddy's own image with another command: it answers every path on each port that
the service exposes or publishes, naming the service. There is nothing to build and to push.
"""

from __future__ import annotations

import shlex
from datetime import timedelta

from config.compose.model import HealthCheck, Service
from config.system import STAND_IN_REGISTRY


def is_stand_in(reference: str) -> bool:
    """Whether an image's reference is the mark that a stand-in shall run."""
    return reference.startswith(STAND_IN_REGISTRY + "/")


def replaced(spec: Service, name: str, image: str) -> Service:
    """Give the service as its stand-in runs it, from a Caddy ``image``.

    Networks, volumes and ports stay as they are.
    """
    ports = _ports(spec)
    answers = [
        ["caddy", "respond", "--listen", f":{port}", "--body", f"stand-in for {name}\n"]
        for port in ports
    ]
    check = HealthCheck(disable=True)
    if ports:
        url = f"http://127.0.0.1:{ports[0]}/"
        check = HealthCheck(
            test=("CMD", "wget", "-q", "-O", "/dev/null", url),
            interval=timedelta(seconds=2),
            timeout=timedelta(seconds=2),
            retries=10,
        )
    return spec.model_copy(
        update={
            "image": image,
            "entrypoint": None,
            "command": _command(answers),
            "healthcheck": check,
            "init": True,
            "read_only": False,
            "user": None,
            # Caddy's binary carries this capability in its file: without it, it does not start.
            "cap_add": ("NET_BIND_SERVICE",),
            "cap_drop": ("ALL",),
            "working_dir": None,
        }
    )


def _ports(spec: Service) -> list[int]:
    exposed = [e.target for e in spec.expose if e.protocol == "tcp"]
    published = [p.target for p in spec.ports if p.protocol == "tcp"]
    return sorted({ports.start for ports in exposed + published})


def _command(answers: list[list[str]]) -> tuple[str, ...]:
    if not answers:
        return ("sleep", "infinity")
    if len(answers) == 1:
        return tuple(answers[0])
    return ("sh", "-c", " & ".join(shlex.join(answer) for answer in answers) + " & wait")
