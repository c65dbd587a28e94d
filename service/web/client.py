"""Who sends a request: the client's address, or this machine's own user."""

from __future__ import annotations

import ipaddress

from fastapi import Request

from runtime.service_settings import ServiceSettings

LOCAL_USER = "local user"
"""In the place of an address: this machine's own user."""
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


def client_of(request: Request) -> str:
    """The address of the client, or of the one that a trusted proxy names."""
    return request.client.host if request.client else ""


def is_local_user(request: Request, service: ServiceSettings) -> bool:
    """Whether only this machine's own user can be asking.

    Behind a proxy every reader comes from a loopback address, so nothing may point to one: no ``base_url``, no trusted
    proxy, no header of a proxy, and no other host name.
    """
    if service.base_url or service.trusted_proxies:
        return False
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return _is_loopback(service.host) and _is_loopback(client_of(request)) and name.lower() in _LOOPBACK_NAMES


def is_unlimited(request: Request, service: ServiceSettings) -> bool:
    """Whether limits by network are waived: for this machine's own user, but not where another site's page asks."""
    return request.headers.get("sec-fetch-site") != "cross-site" and is_local_user(request, service)


def payer_of(request: Request, service: ServiceSettings) -> str:
    """Whom ``WorkPools`` charges for a request: the client's address, or ``LOCAL_USER``, who is not charged."""
    return LOCAL_USER if is_unlimited(request, service) else client_of(request)


def _is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
