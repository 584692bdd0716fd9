"""How link checks connect: to public addresses only, unless private ones are allowed."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv6Network, ip_address
from urllib.request import getproxies, proxy_bypass

import httpx

CONNECT_TIMEOUT = 5.0
"""Seconds until the next address of a host is tried: often IPv6 is set up but does not work."""
_GLOBAL_IPV6 = IPv6Network("2000::/3")
"""All that is assigned: https://www.iana.org/assignments/ipv6-address-space/ipv6-address-space.xhtml"""
_NAT64 = IPv6Network("64:ff9b::/96")
"""Leads to the IPv4 address in its last bits: https://www.rfc-editor.org/rfc/rfc6052#section-2.1"""


class NotPublicError(Exception):
    """A host has an address that is not public."""


class LinkTransport(httpx.AsyncBaseTransport):
    """Sends requests to addresses that it has looked up and checked itself.

    If httpx looked the name up again, the name server could return another address, and so reach
    a host of the network in which the check runs ("DNS rebinding").

    A proxy in the environment looks names up itself. Through a proxy, only addresses are checked
    that a link contains.
    """

    def __init__(self, *, private: bool) -> None:
        """Read the environment. Raises ImportError, ValueError or OSError if that is impossible."""
        self._private = private
        # No connection is used again. It belongs to an address, but its certificate to a host.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._direct = httpx.AsyncHTTPTransport(limits=limits)
        # httpx reads the proxies itself only if it also creates the transport.
        self._proxies = {
            scheme: httpx.AsyncHTTPTransport(
                proxy=url if "://" in url else f"http://{url}", limits=limits
            )
            for scheme, url in getproxies().items()
            if scheme in ("http", "https", "all")
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises NotPublicError if its host has an address that is not public."""
        scheme, host = request.url.scheme, request.url.raw_host.decode()
        if scheme not in ("http", "https"):  # httpcore also connects for `ws`
            raise httpx.UnsupportedProtocol(f"there are no pages at {scheme}: URLs")
        proxy = self._proxies.get(scheme) or self._proxies.get("all")
        # NO_PROXY may contain a host, or a host and a port.
        if proxy and not any(map(proxy_bypass, (host, request.url.netloc.decode()))):
            if not self._private:
                await _require_no_private_address(host)
            return await proxy.handle_async_request(request)
        if self._private:
            return await self._direct.handle_async_request(request)
        return await self._send(request, await _public_addresses(host))

    async def _send(self, request: httpx.Request, addresses: Sequence[str]) -> httpx.Response:
        """Send a request to the first address that accepts a connection."""
        *others, last = (_addressed(request, address) for address in addresses)
        for other in others:
            other.extensions["timeout"] = {"connect": CONNECT_TIMEOUT}
            try:
                return await self._direct.handle_async_request(other)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._direct.handle_async_request(last)

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in (self._direct, *self._proxies.values()):
            await transport.aclose()


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to a host that everybody can reach."""
    ip = ip_address(address)
    if ip.version == 6:
        if embedded := ip.ipv4_mapped or ip.sixtofour:
            return is_public(str(embedded))
        if ip in _NAT64:
            return is_public(str(ip_address(int(ip) & 0xFFFF_FFFF)))
        return ip.is_global and ip in _GLOBAL_IPV6
    return ip.is_global and not ip.is_multicast


async def _public_addresses(host: str) -> list[str]:
    """Return the addresses of a host. Raises NotPublicError if any of them is not public."""
    try:
        addresses = await _look_up(host)
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
    if not all(map(is_public, addresses)):
        raise NotPublicError
    return addresses


async def _require_no_private_address(host: str) -> None:
    """Raise NotPublicError if a host is an address that is not public, or this computer."""
    if host.removesuffix(".").rpartition(".")[2] == "localhost":
        raise NotPublicError
    try:
        # Also reads the old forms of IPv4 addresses, such as 127.1 and 0x7f000001.
        addresses = await _look_up(host, socket.AI_NUMERICHOST)
    except OSError:
        return  # a name
    if not all(map(is_public, addresses)):
        raise NotPublicError


async def _look_up(host: str, flags: int = 0) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)
    return [str(address[0]) for *_, address in found]


def _addressed(request: httpx.Request, address: str) -> httpx.Request:
    """Return a request that connects to an address. Its `Host` and its certificate stay."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode()},
    )
