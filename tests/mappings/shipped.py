"""Shipped mappings: the files, and each one checked against all controls that a sidecar with its usual engines has."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bridge.config import read_toml
from bridge.control.registry import Registry
from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import MappingFile
from bridge.controllers.mappings.mapping_reader import read_mapping
from bridge.installed_controls import make_registry
from bridge.settings import Settings

FOLDER = Path(__file__).parent.parent.parent / "mappings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def registry() -> Registry:
    return make_registry(Settings())


@cache
def read_shipped(name: str) -> Mapping:
    return read_mapping(FOLDER / f"{name}.toml", registry())


@cache
def shipped_file(name: str) -> MappingFile:
    return read_toml(FOLDER / f"{name}.toml", MappingFile)
