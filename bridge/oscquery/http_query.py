"""OSCQuery requests: from the method, target and headers of an HTTP request to the answer. Independent of sockets.

The server reads values and nothing else: no file, and no change of a control.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from bridge.osc.own_address import is_own_name
from bridge.oscquery.namespace import ATTRIBUTES, Namespace, Node

METHODS = ("GET", "HEAD")
HOST_INFO = "HOST_INFO"
EXTENSIONS: Node = {
    "ACCESS": True, "VALUE": True, "RANGE": True, "DESCRIPTION": True, "UNIT": True, "CLIPMODE": True,
    "LISTEN": True, "IGNORE": True, "TAGS": False, "EXTENDED_TYPE": False, "CRITICAL": False, "OVERLOADS": False,
    "HTML": False, "ECHO": False, "PATH_CHANGED": False, "PATH_ADDED": False, "PATH_REMOVED": False,
    "PATH_RENAMED": False,
}  # fmt: skip
"""Optional parts of the protocol that this server has."""
LONGEST_TARGET = 1024
"""Longest path and query of a request, in characters; ours have fewer than 100."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What an answer depends on. Header fields that are absent are empty."""

    method: str
    target: str
    host: str = ""
    origin: str = ""
    fetch_site: str = ""
    """Sec-Fetch-Site: how a browser's page and this server are related."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, type and body of an answer, and more header fields."""

    status: HTTPStatus
    body: str = ""
    content_type: str = "application/json"
    fields: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class HostInfo:
    """Where the servers listen; ``name``: of this sidecar. ``host``: as OSC and OSCQuery are bound."""

    name: str
    osc_host: str
    osc_port: int
    host: str
    port: int

    def describe(self, asked: str) -> Node:
        """The answer to HOST_INFO. ``asked``: the host by which the client found this server."""
        return {
            "NAME": self.name,
            "OSC_IP": asked if _is_unspecified(self.osc_host) else self.osc_host,
            "OSC_PORT": self.osc_port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": asked if _is_unspecified(self.host) else self.host,
            "WS_PORT": self.port,
            "EXTENSIONS": EXTENSIONS,
        }


def refuse(status: HTTPStatus, why: str, *fields: tuple[str, str]) -> HttpAnswer:
    """An answer that refuses a request, with a sentence that says why."""
    return HttpAnswer(status, f"{why}\n", "text/plain; charset=utf-8", fields)


def check_request(request: HttpRequest) -> HttpAnswer | None:
    """The refusal of a request that is not for this server, of a WebSocket too; None where there is nothing against it.

    A page of another site must not read from here: not by a name of its own that leads to this address (DNS rebinding),
    and not from a browser on this machine.
    """
    if request.method not in METHODS:
        return refuse(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", ("Allow", ", ".join(METHODS)))
    if not request.host:
        return refuse(HTTPStatus.BAD_REQUEST, "the header Host is missing")
    if not is_own_host(request.host):
        return refuse(HTTPStatus.MISDIRECTED_REQUEST, "this is another host: ask by its address, or localhost")
    if request.fetch_site == "cross-site" or (request.origin and not _is_own_origin(request.origin)):
        return refuse(HTTPStatus.FORBIDDEN, "pages of other sites get no answer")
    if len(request.target) > LONGEST_TARGET:
        return refuse(HTTPStatus.REQUEST_URI_TOO_LONG, f"the path has more than {LONGEST_TARGET} characters")
    return None


def answer_query(namespace: Namespace, request: HttpRequest, make_host_info: Callable[[str], Node]) -> HttpAnswer:
    """Answer a query that `check_request` has nothing against."""
    path, _, query = request.target.partition("?")
    path = unquote(path)
    if not path.startswith("/"):
        return refuse(HTTPStatus.BAD_REQUEST, "a path begins with /")
    path = path.rstrip("/") or "/"
    if query == HOST_INFO:
        return _answer_json(make_host_info(find_host_name(request.host)))
    if query and query not in ATTRIBUTES:
        return refuse(HTTPStatus.BAD_REQUEST, f"ask for one of {', '.join(ATTRIBUTES)} or {HOST_INFO}, or for all")
    node = namespace.find_attribute(path, query) if query else namespace.describe(path)
    if node is None:
        return refuse(HTTPStatus.NOT_FOUND, "there is nothing at this path; / lists what there is")
    return _answer_json(node) if node else HttpAnswer(HTTPStatus.NO_CONTENT)


def is_own_host(host: str) -> bool:
    """Whether the header ``Host`` names this machine: localhost, its host name, or an address.

    Any address will do, since a page that was loaded from an address of another machine is not served from here.
    """
    name = find_host_name(host)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return is_own_name(name)
    return True


def find_host_name(host: str) -> str:
    """The host in a header ``Host``, without its port and brackets, in lower case; empty where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        found = parts.hostname or ""
        if parts.username is not None or parts.path or parts.query or parts.fragment or (parts.port or 0) < 0:
            return ""
    except ValueError:  # an impossible port, or half a bracket
        return ""
    return found.rstrip(".")


def _is_own_origin(origin: str) -> bool:
    scheme, _, host = origin.partition("://")
    return scheme in {"http", "https"} and is_own_host(host)


def _answer_json(node: Node) -> HttpAnswer:
    return HttpAnswer(HTTPStatus.OK, json.dumps(node, separators=(",", ":"), allow_nan=False))


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
