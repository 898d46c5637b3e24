"""Cover reader: the pictures in any kind of tag, each as a FLAC picture."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from mutagen import flac

from bridge.audiofile.ogg import Packets, read_pages
from bridge.audiofile.window import Window

KINDS = (
    (0, b"\xff\xd8\xff", "image/jpeg"), (0, b"\x89PNG\r\n\x1a\n", "image/png"), (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"), (4, b"ftypavif", "image/avif"), (4, b"ftyphei", "image/heic"),
    (0, b"II*\0", "image/tiff"), (0, b"MM\0*", "image/tiff"), (0, b"BM", "image/bmp"),
)  # fmt: skip
"""Offset, magic bytes and MIME type of each kind of picture."""
SHORT = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "image/jpg": "image/jpeg"}
LINK = "-->"
"""In place of a MIME type: the data is the address of a picture."""
FRONT, OTHER, TYPES = 3, 0, 21
BLOCK, LEGACY = "metadata_block_picture", "coverart"
OF_TEXTS = (BLOCK, LEGACY, "coverartmime", "coverarttype", "coverartdescription")
"""Comments that hold a picture, or describe the one beside them."""
BROKEN = "a cover in its tags is broken and was left out"


def make_picture(data: bytes, mime: str = "", type_: int = FRONT, desc: str = "") -> flac.Picture | None:
    """A picture of any format, its MIME type from its magic bytes where known; None where ``data`` is empty."""
    if not data:
        return None
    picture: Any = flac.Picture()  # type: ignore[no-untyped-call]
    picture.data, picture.desc = data, desc
    picture.type = type_ if 0 <= type_ < TYPES else OTHER
    picture.mime = _detect_mime(data, mime.strip())
    return picture  # type: ignore[no-any-return]


def _detect_mime(data: bytes, mime: str) -> str:
    if mime == LINK:
        return mime
    for at, mark, kind in KINDS:
        if data[at : at + len(mark)] == mark:
            return kind
    mime = SHORT.get(mime.lower(), mime)
    return mime if "/" in mime and mime.isascii() and mime.isprintable() else "application/octet-stream"


def read_covers(texts: Mapping[str, Sequence[str]]) -> tuple[list[flac.Picture], list[str]]:
    """The pictures in Vorbis comments of these names and values, and notes on those that are broken.

    METADATA_BLOCK_PICTURE: a FLAC picture block in base64 (https://wiki.xiph.org/VorbisComment); COVERART: the picture
    alone, an older practice.
    """
    found = [_parse_block(_decode_base64(text)) for text in texts.get(BLOCK, ())]
    kinds, types, descs = (texts.get(name, ()) for name in OF_TEXTS[2:])
    for number, text in enumerate(texts.get(LEGACY, ())):
        type_ = types[number] if number < len(types) else ""
        found.append(
            make_picture(
                _decode_base64(text),
                kinds[number] if number < len(kinds) else "",
                int(type_) if type_.isascii() and type_.isdigit() else FRONT,
                descs[number] if number < len(descs) else "",
            )
        )
    return [one for one in found if one is not None], [BROKEN] * any(one is None for one in found)


def _decode_base64(text: str) -> bytes:
    text = "".join(text.split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def read_ogg_flac_covers(window: Window) -> list[flac.Picture]:
    """The pictures of a FLAC in Ogg, in which each metadata block is a packet (https://xiph.org/flac/ogg_mapping.html)."""
    packets, found, serial = Packets(), list[flac.Picture](), None
    for page in read_pages(window):
        serial = page.serial if serial is None else serial
        for packet in packets.push(page)[0] if page.serial == serial else ():
            if packet[:5] == b"\x7fFLAC":
                continue
            if packet[:1] in (b"", b"\xff"):  # a frame of sound
                return found
            if packet[0] & 0x7F == flac.Picture.code and (picture := _parse_block(packet[4:])):
                found.append(picture)
            if packet[0] & 0x80:  # the last block
                return found
    return found


def _parse_block(block: bytes) -> flac.Picture | None:
    try:
        type_, length = struct.unpack_from(">2I", block)
        mime = block[8 : 8 + length].decode("ascii", "replace")
        at = 8 + length
        (length,) = struct.unpack_from(">I", block, at)
        desc = block[at + 4 : at + 4 + length].decode("utf-8", "replace")
        at += 4 + length + 16  # behind width, height, depth and colours
        (length,) = struct.unpack_from(">I", block, at)
    except struct.error:
        return None
    data = block[at + 4 : at + 4 + length]
    return make_picture(data, mime, type_, desc) if len(data) == length else None
