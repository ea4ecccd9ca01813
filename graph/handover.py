"""The choice of how a service is replaced: which order, why, and what the newcomer must show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from config.compose.model import Service, StartOrder
from graph.model import Gate, Handover

MIN_TIMEOUT = timedelta(seconds=30)
SLACK = timedelta(seconds=10)
JOB_TIMEOUT = timedelta(minutes=10)


def choose(spec: Service, *, is_job: bool) -> Handover:
    """Choose a service's handover; ``is_job``: something waits for it to complete."""
    order, reason = _order(spec)
    return Handover(
        order=order,
        reason=reason,
        gate=_gate(spec, is_job=is_job),
        timeout=_timeout(spec, is_job=is_job),
        grace=spec.stop_grace_period,
    )


def _order(spec: Service) -> tuple[StartOrder, str]:
    if spec.deploy.update_config is not None:
        order = spec.deploy.update_config.order
        return order, "deploy.update_config.order says so"
    why = next(_reasons_to_stop_first(spec), None)
    return ("stop-first", why) if why else ("start-first", "it can run twice")


def _reasons_to_stop_first(spec: Service) -> Iterator[str]:
    if spec.ports:
        more = f" and {len(spec.ports) - 1} more" if len(spec.ports) > 1 else ""
        yield f"it publishes {spec.ports[0]}{more}"
    for mount in spec.volumes:
        if mount.type != "tmpfs" and not mount.read_only:
            yield f"it writes to {mount.source or mount.target}"
    for name, network in sorted(spec.networks.items()):
        if network.ipv4_address or network.ipv6_address:
            yield f"its address on {name} is fixed"
    if spec.network_mode and spec.network_mode not in {"bridge", "none"}:
        yield f"its network mode is {spec.network_mode}"


def _gate(spec: Service, *, is_job: bool) -> Gate:
    if is_job:
        return Gate.COMPLETED
    return Gate.HEALTHY if spec.healthcheck and spec.healthcheck.active else Gate.RUNNING


def _timeout(spec: Service, *, is_job: bool) -> timedelta:
    if is_job:
        return JOB_TIMEOUT
    check = spec.healthcheck
    if check is None or not check.active:
        return MIN_TIMEOUT
    # Docker says unhealthy only after `retries` failures in a row, each as long as its timeout.
    patience = check.start_period + check.retries * (check.interval + check.timeout) + SLACK
    return max(MIN_TIMEOUT, patience)
