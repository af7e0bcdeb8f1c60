"""Addresses: those of a host name, and which are of the public internet."""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a host, those of IPv4 first.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return sorted(addresses, key=lambda address: ":" in address)


def is_public(address: str) -> bool:
    """Whether an address is of the public internet.

    Private, loopback, link-local, multicast and reserved ones are not.
    An IPv4 address inside one of IPv6 counts as itself.

    >>> [is_public(a) for a in ("93.184.215.14", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    found = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    barred = found.is_multicast or found.is_reserved or getattr(found, "is_site_local", False)
    return found.is_global and not barred


def _embedded(address: Address) -> Address:
    """The IPv4 address that one of IPv6 stands for, else the address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
