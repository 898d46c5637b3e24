"""Resumable HTTP download: checked by length and hash, never partial under its final name.

No file is larger than LARGEST_FILE, whatever the server declares, and none fills the disk.

A partial file is ``NAME.part`` beside the target. Its validator (RFC 9110: ETag or Last-Modified) is in a file beside
it, so that a later run asks for the rest of the same version (Range with If-Range).
"""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, TypeAlias
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bridge.errors import ModelError
from engines.separation.models.bounds import LARGEST_FILE

ProgressReport: TypeAlias = Callable[[int, int | None], object]
"""Called with the bytes received and the total, None where the server does not declare it."""

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Pauses between tries: five more after the first, half a minute in all."""
TIMEOUT_S = 30.0
_CHUNK = 1 << 18
SPARE_BYTES = 1 << 28
"""Space that stays free on the disk."""
SLOWEST_BYTES, SLOWEST_S = 1 << 16, 60.0
"""A slower server counts as interrupted: one byte now and then would never end."""
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""HTTP statuses after which the same request may succeed."""
_LENGTH = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"^bytes (?:(?P<first>\d+)-\d+|\*)/(?P<total>\d+|\*)$")


class _InterruptedError(Exception):
    """A try that failed, but may be repeated."""


class NoDowngrade(HTTPRedirectHandler):
    """Follows redirects, but never from https to an unencrypted address."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        if not is_url(newurl) or (req.type == "https" and not is_https(newurl)):
            raise ModelError(f"{req.full_url}: redirects to {newurl}", "ask for that address yourself if you trust it")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(frozen=True)
class _PartialFile:
    """The part of ``url`` received so far."""

    target: Path
    url: str

    @property
    def path(self) -> Path:
        return self.target.with_name(self.target.name + ".part")

    @property
    def validator_path(self) -> Path:
        return self.target.with_name(self.target.name + ".part.validator")

    def get_length(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def read_validator(self) -> str:
        """The validator for If-Range: a strong ETag or a date; empty where the server gave neither for this URL."""
        with suppress(FileNotFoundError):
            url, _, validator = self.validator_path.read_text(encoding="utf-8", errors="replace").partition("\n")
            return validator if url == self.url else ""
        return ""

    def write_validator(self, headers: Message) -> None:
        tag, date = headers.get("ETag", ""), headers.get("Last-Modified", "")
        self.validator_path.write_text(
            f"{self.url}\n{tag if tag and not tag.startswith('W/') else date}", encoding="utf-8"
        )

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self.validator_path.unlink(missing_ok=True)


def is_url(source: str) -> bool:
    """Whether `download` accepts ``source``."""
    try:
        parts = urlsplit(source)
    except ValueError:  # such as half of an IPv6 address
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def is_https(url: str) -> bool:
    return is_url(url) and urlsplit(url).scheme == "https"


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; the file is not held in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(
    url: str,
    target: Path,
    sha256: str = "",
    report: ProgressReport | None = None,
    pauses_s: Sequence[float] = PAUSES_S,
    wait: Callable[[float], object] = time.sleep,
    most_bytes: int = LARGEST_FILE,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Download ``url`` to ``target`` and return its SHA-256. A partial file of an earlier run is resumed.

    Raises: ModelError where the server refuses; where it breaks off more often than ``pauses_s`` has pauses, or the
    disk is full (the partial file is kept for the next run); where the file is larger than ``most_bytes`` or its hash
    is not ``sha256`` (nothing is kept).
    """
    partial = _PartialFile(target, url)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if partial.get_length() > most_bytes:
            partial.delete()
        for pause_s in (*pauses_s, None):
            try:
                _fetch_rest(partial, bool(sha256), _Receiver(partial, most_bytes, report, clock))
                break
            except _InterruptedError as broken:
                if pause_s is None:
                    hint = f"run it again: it continues from {partial.get_length():,} bytes"
                    raise ModelError(f"{url}: {broken}", hint) from broken
                wait(pause_s)
        found = hash_file(partial.path)
        if sha256 and found != sha256:
            partial.delete()
            message = f"{url}: the SHA-256 is {found}, not {sha256}; nothing was kept"
            raise ModelError(message, "check the address and the hash at their source; do not use what came")
        partial.path.replace(target)
        partial.delete()
    except OSError as error:
        message = f"{target}: cannot be written ({error.strerror or error})"
        raise ModelError(message, "check permissions and free space") from error
    return found


def _fetch_rest(partial: _PartialFile, hash_known: bool, receiver: _Receiver) -> None:
    """One try to fetch all missing bytes. Raises: _InterruptedError."""
    have, validator = partial.get_length(), partial.read_validator()
    # without a validator only the hash shows afterwards whether both parts are of one version
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
                _check_complete(partial, error.headers, have)
                return
        if error.code in _PASSING:
            raise _InterruptedError(f"the server answers {error.code} {error.reason}") from error
        hint = "check the address; some need a browser's login"
        raise ModelError(f"{partial.url}: the server answers {error.code} {error.reason}", hint) from error
    except (URLError, http.client.HTTPException, OSError) as error:
        raise _InterruptedError(f"no answer ({getattr(error, 'reason', error)!s:.200})") from error
    except ValueError as error:  # an invalid address, here or of a redirect
        raise ModelError(f"{partial.url}: is no address ({error!s:.200})", "check the address") from error
    with response:
        receiver.receive(response, have)


@dataclass(frozen=True)
class _Receiver:
    """Writes a response to the partial file, within bounds."""

    partial: _PartialFile
    most_bytes: int
    report: ProgressReport | None
    clock: Callable[[], float]

    def receive(self, response: http.client.HTTPResponse, have: int) -> None:
        """Append the response to the ``have`` bytes received before, or start again where the server does."""
        partial = self.partial
        if response.status == 206:
            match = _RANGE.match(response.headers.get("Content-Range", ""))
            if match is None or match["first"] != str(have):
                partial.delete()
                raise _InterruptedError("the server sent another part than was asked for")
        elif response.status == 200:
            have = 0
        else:
            raise ModelError(f"{partial.url}: the server answers {response.status}", "check the address")
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if _LENGTH.fullmatch(length) else None
        self._check_size(total or 0)
        self._check_room((total or have) - have)
        with partial.path.open("ab" if have else "wb") as file:
            # after the old part is removed, before the first new byte: never a part with another's validator
            if not have:
                partial.write_validator(response.headers)
            for chunk in self._read_chunks(response, have):
                file.write(chunk)
                have += len(chunk)
                if self.report is not None:
                    self.report(have, total)
        if total is not None and have < total:
            raise _InterruptedError(f"broke off after {have:,} of {total:,} bytes")

    def _read_chunks(self, response: http.client.HTTPResponse, have: int) -> Iterator[bytes]:
        since_s, came = self.clock(), 0
        while True:
            try:
                chunk = response.read1(_CHUNK)
            except (http.client.HTTPException, OSError) as error:
                raise _InterruptedError(f"broke off after {have:,} bytes") from error
            if not chunk:
                return
            have, came = have + len(chunk), came + len(chunk)
            self._check_size(have)
            self._check_room(len(chunk))
            yield chunk
            if self.clock() - since_s >= SLOWEST_S:
                if came < SLOWEST_BYTES:
                    raise _InterruptedError(f"broke off after {have:,} bytes: {came:,} in {SLOWEST_S:g} s")
                since_s, came = self.clock(), 0

    def _check_size(self, size: int) -> None:
        if size > self.most_bytes:
            self.partial.delete()
            message = f"{self.partial.url}: larger than {self.most_bytes:,} bytes; nothing was kept"
            raise ModelError(message, "no ONNX file in one piece is: check the address")

    def _check_room(self, more: int) -> None:
        free = shutil.disk_usage(self.partial.path.parent).free
        if free < more + SPARE_BYTES:
            message = f"{self.partial.url}: {more / 1e9:.1f} GB are to come, {free / 1e9:.1f} GB are free"
            raise ModelError(message, "free some space, then run it again: it continues")


def _check_complete(partial: _PartialFile, headers: Message, have: int) -> None:
    """The server has no further bytes: check that the file is complete and still the same."""
    match = _RANGE.match(headers.get("Content-Range", ""))
    if match is None or match["total"] != str(have):
        partial.delete()
        raise _InterruptedError("the server has another file than the one begun")
