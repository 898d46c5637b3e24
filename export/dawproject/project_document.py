"""Project document: ``project.xml`` and ``metadata.xml`` of a session.

DAWproject 1.0 (github.com/bitwig/dawproject, Project.xsd and MetaData.xsd), which also fixes the order of elements.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from bridge import __version__
from export.dawproject.project_arrangement import write_arrangement, write_metres, write_tempi
from export.dawproject.project_elements import ElementFactory, format_number, format_xml, get_id, replace_forbidden
from export.dawproject.project_structure import Devices, write_structure
from export.session.session import Session

METADATA, PROJECT = "metadata.xml", "project.xml"
"""Names of the documents in the archive."""
FORMAT_VERSION = "1.0"
"""Version of DAWproject."""


@dataclass(frozen=True, slots=True)
class ProjectDocument:
    """``xml``: the bytes of ``project.xml``. ``presets``: the states of devices by their path in the archive."""

    xml: bytes
    presets: Mapping[str, bytes]


def make_metadata(session: Session) -> bytes:
    """The bytes of ``metadata.xml``."""
    root = ET.Element("MetaData")
    ET.SubElement(root, "Title").text = replace_forbidden(session.name)
    ET.SubElement(root, "Comment").text = f"Written by Sideman {__version__}"
    return format_xml(root)


def make_project(session: Session, devices: Devices) -> ProjectDocument:
    """The project of a session.

    Raises:
        ConfigError: The class id of a device is none.
        ValueError: ``devices`` names a channel that there is not.
    """
    elements = ElementFactory()
    root = ET.Element("Project", {"version": FORMAT_VERSION})
    elements.add(root, "Application", {"name": "Sideman", "version": __version__})
    transport = elements.add(root, "Transport")
    tempo = {"name": "Tempo", "unit": "bpm", "value": format_number(session.tempi[0].bpm)}
    tempo_id = get_id(elements.add_with_id(transport, "Tempo", tempo))
    metre = {"numerator": str(session.metres[0].numerator), "denominator": str(session.metres[0].denominator)}
    metre_id = get_id(elements.add_with_id(transport, "TimeSignature", metre))
    tracks = write_structure(elements, elements.add(root, "Structure"), session, devices)
    arrangement = elements.add_with_id(root, "Arrangement")
    write_arrangement(elements, arrangement, session, tracks)
    write_tempi(elements, arrangement, session, tempo_id)
    write_metres(elements, arrangement, session, metre_id)
    return ProjectDocument(format_xml(root), tracks.presets)
