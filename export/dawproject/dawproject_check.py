"""DAWproject check: the archive, its documents by the schema of the format and by rules that the schema lacks.

Of audio only the headers are read. The checker knows WAV files, and lengths of clips in seconds.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bridge.errors import ConfigError
from chains.document.vst3_preset import MAX_BYTES, parse_class_id, parse_preset
from export.dawproject.project_document import METADATA, PROJECT
from export.dawproject.project_rules import RULES, CheckedProject, explain_unsafe
from export.dawproject.project_schema import ELEMENTS, METADATA_ELEMENTS, ElementType
from export.dawproject.schema_check import PlacedElement, find_schema_problems, walk_elements
from export.dawproject.wave_header import WaveHeader, read_wave_header

MOST_XML_BYTES = 64 << 20
"""Largest document that is read; a song of an hour has some megabytes."""
_UNREADABLE = (BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError)
"""Errors of zipfile for members that are damaged, encrypted or compressed in an unknown way."""


def check_dawproject(path: Path) -> list[str]:
    """The problems of a DAWproject, a sentence each with its place; empty: it is in order.

    Raises:
        OSError: The file cannot be opened.
    """
    with path.open("rb") as file:
        try:
            with ZipFile(file) as archive:
                return list(_check_archive(archive))
        except _UNREADABLE as error:
            return [f"no archive that can be read: {error}"]


def _check_archive(archive: ZipFile) -> Iterator[str]:
    names = [info.filename for info in archive.infolist()]
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{name}: is in the archive {count} times"
        if reason := explain_unsafe(name.removesuffix("/")):
            yield f"{name}: the name {reason}"
    for document, root_tag, elements in (
        (METADATA, "MetaData", METADATA_ELEMENTS),
        (PROJECT, "Project", ELEMENTS),
    ):
        if document not in names:
            yield f"{document}: is not in the archive"
            continue
        root = _parse(archive, document)
        if isinstance(root, str):
            yield f"{document}: {root}"
            continue
        for problem in _check_document(archive, root, root_tag, elements):
            yield f"{document}: {problem}"


def _parse(archive: ZipFile, name: str) -> ET.Element | str:
    """The document, or why it cannot be read."""
    try:
        if archive.getinfo(name).file_size > MOST_XML_BYTES:
            return f"is larger than {MOST_XML_BYTES:,} bytes"
        with archive.open(name) as member:
            data = member.read(MOST_XML_BYTES)
    except _UNREADABLE as error:
        return f"cannot be read: {error}"
    if b"<!DOCTYPE" in data or "<!DOCTYPE".encode("utf-16-le") in data or "<!DOCTYPE".encode("utf-16-be") in data:
        return "has a document type, which the format does not use"
    try:
        return ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError) as error:  # also an unknown encoding
        return f"no XML: {error}"


def _check_document(archive: ZipFile, root: ET.Element, tag: str, elements: Mapping[str, ElementType]) -> Iterator[str]:
    if root.tag != tag:
        yield f"its element is {root.tag[:40]}, not {tag}"
        return
    placed = PlacedElement(root, tag)
    yield from find_schema_problems(placed, elements)
    if elements is ELEMENTS:
        found = tuple(one for one in walk_elements(placed) if one.element.tag in ELEMENTS)
        project = CheckedProject(found, frozenset(archive.namelist()), _read_sounds(archive, found))
        for rule in RULES:
            yield from rule(project)
        yield from _check_presets(archive, project)


def _read_sounds(archive: ZipFile, elements: tuple[PlacedElement, ...]) -> Mapping[str, WaveHeader | None]:
    """The headers of the audio files that are in the archive."""
    files = (file.get("path", "") for one in elements if one.element.tag == "Audio" for file in one.element)
    members = set(archive.namelist())
    return {path: _read_sound(archive, path) for path in files if path in members}


def _read_sound(archive: ZipFile, path: str) -> WaveHeader | None:
    """The header of an audio file; None where it is none, or says more than the archive has."""
    try:
        with archive.open(path) as member:
            header = read_wave_header(member)
        return header if header and header.end <= archive.getinfo(path).file_size else None
    except _UNREADABLE:
        return None


def _check_presets(archive: ZipFile, project: CheckedProject) -> Iterator[str]:
    """The state of a VST3 is a ``.vstpreset`` of its own class."""
    for placed in project.find("Vst3Plugin"):
        for state in placed.element.findall("State"):
            path = state.get("path", "")
            if path not in project.members:
                continue
            try:
                if archive.getinfo(path).file_size > MAX_BYTES:
                    yield f"{placed.place}/State: {path} is larger than {MAX_BYTES:,} bytes"
                    continue
                preset = parse_preset(archive.read(path), path)
                wanted = parse_class_id(placed.element.get("deviceID", ""))
            except ConfigError as error:
                yield f"{placed.place}/State: {error.message}"
            except _UNREADABLE as error:
                yield f"{placed.place}/State: {path} cannot be read: {error}"
            else:
                if preset.class_id != wanted:
                    yield f"{placed.place}/State: {path} is of the class {preset.class_id}, and the plugin is {wanted}"
