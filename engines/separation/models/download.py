"""Files over http: gone on with where they broke off, checked by length and hash, never half there under their name.

What is not yet whole is ``NAME.part`` beside the target; what the server said of it (RFC 9110: ETag, Last-Modified) is
``NAME.part.told``, so that a later run asks for the rest of the same thing (Range with If-Range) and not of another.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, TypeAlias
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bridge.errors import ModelError

Report: TypeAlias = Callable[[int, int | None], object]
"""Called with the bytes that are there and the bytes that there will be, None where the server does not say."""

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Between tries: five more after the first, half a minute in all."""
TIMEOUT_S = 30.0
_CHUNK = 1 << 18
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""HTTP answers after which the same request may do better."""
_RANGE = re.compile(r"^bytes (?:(?P<first>\d+)-\d+|\*)/(?P<total>\d+|\*)$")


class _Broken(Exception):
    """A try that failed in a way that another may not."""


class NoDowngrade(HTTPRedirectHandler):
    """Follows redirects, but never from https to what anyone on the way can read and change."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in ("http", "https") or (req.type == "https" and not is_https(newurl)):
            raise ModelError(f"{req.full_url}: redirects to {newurl}", "ask for that address yourself if you trust it")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class _Partial:
    """What is there of ``url`` so far."""

    target: Path
    url: str

    @property
    def path(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def told(self) -> Path:
        return self.target.with_name(self.target.name + ".part.told")

    def length(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def validator(self) -> str:
        """What If-Range may be given: a strong ETag or a date; empty where the server told neither of this URL."""
        with suppress(FileNotFoundError):
            url, _, validator = self.told.read_text(encoding="utf-8").partition("\n")
            return validator if url == self.url else ""
        return ""

    def remember(self, headers: Message) -> None:
        tag, date = headers.get("ETag", ""), headers.get("Last-Modified", "")
        self.told.write_text(f"{self.url}\n{tag if tag and not tag.startswith('W/') else date}", encoding="utf-8")

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self.told.unlink(missing_ok=True)


def is_url(source: str) -> bool:
    """Whether ``source`` is something that `download` takes."""
    return urlsplit(source).scheme in ("http", "https") and bool(urlsplit(source).netloc)


def is_https(url: str) -> bool:
    return urlsplit(url).scheme == "https"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; the file is not held in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(
    url: str,
    target: Path,
    sha256: str = "",
    report: Report | None = None,
    pauses_s: Sequence[float] = PAUSES_S,
    wait: Callable[[float], object] = time.sleep,
) -> str:
    """Fetch ``url`` to ``target``; its SHA-256 comes back. What is there of an earlier run is gone on with.

    A ModelError says which of these it was: the server refused; it broke off oftener than ``pauses_s`` has pauses (what
    came is kept for the next run); or the bytes are not those of ``sha256`` (nothing is kept).
    """
    partial = _Partial(target, url)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for pause_s in (*pauses_s, None):
            try:
                _go_on(partial, bool(sha256), report)
                break
            except _Broken as broken:
                if pause_s is None:
                    hint = f"run it again: it goes on from {partial.length():,} bytes"
                    raise ModelError(f"{url}: {broken}", hint) from broken
                wait(pause_s)
        found = sha256_of(partial.path)
        if sha256 and found != sha256:
            partial.drop()
            message = f"{url}: the SHA-256 is {found}, not {sha256}; nothing was kept"
            raise ModelError(message, "check the address and the hash at their source; do not use what came")
        partial.path.replace(target)
        partial.drop()
    except OSError as error:
        message = f"{target}: cannot be written ({error.strerror or error})"
        raise ModelError(message, "check permissions and free space") from error
    return found


def _go_on(partial: _Partial, hash_known: bool, report: Report | None) -> None:
    """One try: all that is missing, or _Broken."""
    have, validator = partial.length(), partial.validator()
    # without a validator only the hash tells afterwards whether both halves were of one thing
    have = have if validator or hash_known else 0
    headers = {"Accept-Encoding": "identity", "User-Agent": "sideman"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if validator:
            headers["If-Range"] = validator
    try:
        response = build_opener(NoDowngrade).open(Request(partial.url, headers=headers), timeout=TIMEOUT_S)
    except HTTPError as error:
        with error:
            if error.code == 416 and have:
                _settle(partial, error.headers, have)
                return
        if error.code in _PASSING:
            raise _Broken(f"the server answers {error.code} {error.reason}") from error
        hint = "check the address; some need a browser's login"
        raise ModelError(f"{partial.url}: the server answers {error.code} {error.reason}", hint) from error
    except (URLError, http.client.HTTPException, OSError) as error:
        raise _Broken(f"no answer ({getattr(error, 'reason', error)!s:.200})") from error
    with response:
        _take(partial, response, have, report)


def _take(partial: _Partial, response: http.client.HTTPResponse, have: int, report: Report | None) -> None:
    if response.status == 206:
        match = _RANGE.match(response.headers.get("Content-Range", ""))
        if match is None or match["first"] != str(have):
            partial.drop()
            raise _Broken("the server sent another part than was asked for")
    elif response.status == 200:
        have = 0
    else:
        raise ModelError(f"{partial.url}: the server answers {response.status}", "check the address")
    length = response.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else None
    with partial.path.open("ab" if have else "wb") as file:
        # after the old part is gone, before the first new byte: never a part with another's validator
        if not have:
            partial.remember(response.headers)
        while True:
            try:
                chunk = response.read(_CHUNK)
            except (http.client.HTTPException, OSError) as error:
                raise _Broken(f"broke off after {have:,} bytes") from error
            if not chunk:
                break
            file.write(chunk)
            have += len(chunk)
            if report is not None:
                report(have, total)
    if total is not None and have < total:
        raise _Broken(f"broke off after {have:,} of {total:,} bytes")


def _settle(partial: _Partial, headers: Message, have: int) -> None:
    """The server has nothing beyond what is here: that is all, or it is not the same thing any more."""
    match = _RANGE.match(headers.get("Content-Range", ""))
    if match is None or match["total"] != str(have):
        partial.drop()
        raise _Broken("the server has another file than the one begun")
