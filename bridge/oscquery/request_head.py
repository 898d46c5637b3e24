"""OSCQuery request head: what of a parsed HTTP request the answer depends on, and the token in it."""

from __future__ import annotations

import base64
import binascii

from websockets.datastructures import Headers
from websockets.http11 import Request

from bridge.oscquery.http_query import HttpRequest


def read_head(request: Request) -> HttpRequest:
    """The parts of ``request`` that count."""
    headers = request.headers
    return HttpRequest(
        request.method,
        request.path,
        _join_fields(headers, "Host"),
        _join_fields(headers, "Origin"),
        _join_fields(headers, "Sec-Fetch-Site"),
    )


def find_token(headers: Headers) -> str | None:
    """The token in the header ``Authorization``: of Bearer, or the password of Basic; None where there is none."""
    scheme, _, rest = _join_fields(headers, "Authorization").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return None


def _join_fields(headers: Headers, name: str) -> str:
    """The value of a header field; several are joined, which makes no valid host."""
    return ", ".join(headers.get_all(name))
