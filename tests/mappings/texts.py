"""Mappings from text: a device with the entries that a test writes."""

from __future__ import annotations

import tomllib

import msgspec

from bridge.control.registry import Registry
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import MappingFile
from bridge.controllers.mappings.mapping_reader import check_mapping

HEAD = """
schema = 1
name = "Test"
[device]
input.linux = ["Test"]
"""


def mapping_of(entries: str, registry: Registry) -> tuple[Mapping, MappingFile]:
    file = msgspec.convert(tomllib.loads(HEAD + entries), MappingFile)
    return check_mapping(file, "test.toml", registry), file
