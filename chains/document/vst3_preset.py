"""VST3 preset: the file format ``.vstpreset``, a plugin's state with the identity of the plugin's class.

Header: ``VST3``, version, the class id as 32 hexadecimal figures in bytes 8 to 39, offset of the chunk list. The list
at the end of the file: ``List``, the number of chunks, then id, offset and size of each. ``Comp`` is the state of the
processor, ``Cont`` that of the controller, ``Info`` XML about the preset. (Steinberg, VST 3 SDK, vstpresetfile.h.)
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from bridge.errors import ConfigError

PROCESSOR, CONTROLLER, INFO = "Comp", "Cont", "Info"
"""Ids of the chunks that plugins and hosts use."""
MAX_BYTES = 256 << 20
"""The largest state that is read; samplers that embed their sounds write some tens of megabytes."""

_MAGIC, _LIST = b"VST3", b"List"
_VERSION = 1
_HEADER = struct.Struct("<4si32sq")
_LIST_HEADER = struct.Struct("<4si")
_ENTRY = struct.Struct("<4sqq")
_MOST_CHUNKS = 128
"""As in the SDK."""
_CLASS_ID = re.compile(r"[0-9A-Fa-f]{32}")
_GUID = re.compile(r"\{?([0-9A-Fa-f]{8})-([0-9A-Fa-f]{4})-([0-9A-Fa-f]{4})-([0-9A-Fa-f]{4})-([0-9A-Fa-f]{12})\}?")
_FIX = "save the state again, with sideman chain capture or in the plugin's window"


@dataclass(frozen=True, slots=True)
class Vst3Preset:
    """A preset. ``class_id``: 32 upper-case hexadecimal figures. ``chunks``: bytes by id, in the order of the file."""

    class_id: str
    chunks: dict[str, bytes]

    @property
    def processor_state(self) -> bytes:
        """The state of the processor."""
        return self.chunks[PROCESSOR]


def parse_preset(data: bytes, place: str) -> Vst3Preset:
    """Parse the bytes of a ``.vstpreset``; ``place`` names them in errors.

    Raises:
        ConfigError: They are no preset, are cut, or have no state of a processor.
    """
    if not data:
        raise ConfigError(f"{place}: empty", _FIX)
    if not data.startswith(_MAGIC):
        raise ConfigError(f"{place}: no .vstpreset: it begins with {data[:4]!r}, not {_MAGIC!r}", _FIX)
    if len(data) < _HEADER.size:
        raise ConfigError(f"{place}: cut: {len(data)} bytes, the header alone has {_HEADER.size}", _FIX)
    _, version, raw_id, offset = _HEADER.unpack_from(data)
    if version != _VERSION:
        raise ConfigError(f"{place}: version {version} of the format; {_VERSION} is known", _FIX)
    text = raw_id.decode("ascii", "replace")
    if not _CLASS_ID.fullmatch(text):
        raise ConfigError(f"{place}: class id {text!r} is not 32 hexadecimal figures", _FIX)
    chunks = {name: data[start : start + size] for name, start, size in _read_entries(data, offset, place)}
    if not chunks.get(PROCESSOR):
        raise ConfigError(f"{place}: has no state of a processor (chunk {PROCESSOR})", _FIX)
    return Vst3Preset(text.upper(), chunks)


def _read_entries(data: bytes, offset: int, place: str) -> list[tuple[str, int, int]]:
    """Id, offset and size of each chunk; the first of two with the same id, as the SDK reads them."""
    end = offset + _LIST_HEADER.size
    if not _HEADER.size <= offset or end > len(data):
        raise ConfigError(f"{place}: cut: its chunk list is at byte {offset} of {len(data)}", _FIX)
    mark, count = _LIST_HEADER.unpack_from(data, offset)
    if mark != _LIST:
        raise ConfigError(f"{place}: no chunk list at byte {offset}: {mark!r}", _FIX)
    if not 0 <= count <= _MOST_CHUNKS or end + count * _ENTRY.size > len(data):
        raise ConfigError(f"{place}: cut: its chunk list says {count} chunks", _FIX)
    entries: dict[str, tuple[str, int, int]] = {}
    for number in range(count):
        raw, start, size = _ENTRY.unpack_from(data, end + number * _ENTRY.size)
        name = raw.decode("latin-1")
        if start < _HEADER.size or size < 0 or start + size > len(data):
            raise ConfigError(f"{place}: chunk {name!r}: {size} bytes at byte {start} are outside the file", _FIX)
        entries.setdefault(name, (name, start, size))
    return list(entries.values())


def format_preset_bytes(preset: Vst3Preset) -> bytes:
    """The bytes of a ``.vstpreset``, which `parse_preset` reads back."""
    body, entries, start = b"", b"", _HEADER.size
    for name, chunk in preset.chunks.items():
        entries += _ENTRY.pack(name.encode("latin-1"), start, len(chunk))
        body += chunk
        start += len(chunk)
    header = _HEADER.pack(_MAGIC, _VERSION, parse_class_id(preset.class_id).encode(), start)
    return header + body + _LIST_HEADER.pack(_LIST, len(preset.chunks)) + entries


def parse_class_id(text: str) -> str:
    """A class id as 32 upper-case hexadecimal figures; the form with hyphens of DAWproject's reference is read too.

    Raises:
        ConfigError: It is neither.
    """
    if found := _GUID.fullmatch(text):
        text = "".join(found.groups())
    if not _CLASS_ID.fullmatch(text):
        raise ConfigError(f"{text[:40]!r} is no class id", "give the 32 hexadecimal figures of the plugin's class")
    return text.upper()


def check_class_id(preset: Vst3Preset, class_id: str, plugin: str, place: str) -> None:
    """Check that a preset is one of the plugin named ``plugin``, whose class is ``class_id``.

    Raises:
        ConfigError: It belongs to another plugin; both ids are named.
    """
    wanted = parse_class_id(class_id)
    if preset.class_id != wanted:
        message = f"{place}: the state of another plugin: class {preset.class_id}, but {plugin} is {wanted}"
        raise ConfigError(message, f"give a state that {plugin} saved")
