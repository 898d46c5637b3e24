"""Table of the format: it says what the schemas of the format say, and the check finds what they refuse."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from export.dawproject.project_document import make_project
from export.dawproject.project_schema import (
    ELEMENTS,
    FLAG,
    ID,
    MANY,
    METADATA_ELEMENTS,
    NUMBER,
    REFERENCES,
    TEXT,
    WHOLE,
    AttributeType,
    ElementType,
    Words,
)
from export.dawproject.schema_check import PlacedElement, find_schema_problems
from export.dawproject.vst_device import VstDevice
from tests.export.dawproject.project_reader import SCHEMAS
from tests.export.sample_session import make_session

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="needs the schemas of the format beside the checkout")

XS = "{http://www.w3.org/2001/XMLSchema}"
ABSTRACT = {"Timeline", "Point", "parameter"}
PLAIN = {"xs:string": TEXT, "xs:double": NUMBER, "xs:int": WHOLE, "xs:boolean": FLAG, "xs:ID": ID, "xs:IDREF": "IDREF"}


class Schema:
    """A schema of the format as a table: attributes, the required ones, and children by tag."""

    def __init__(self, path: Path) -> None:
        self.root = etree.parse(path).getroot()
        self.types = {one.get("name"): one for one in self.root if one.tag in (XS + "complexType", XS + "simpleType")}

    def read_elements(self) -> dict[str, set[tuple[Any, ...]]]:
        """The types that elements of each tag have, wherever they are."""
        found: dict[str, set[tuple[Any, ...]]] = {}
        for element in self.root.iter(XS + "element"):
            if (name := element.get("name")) is not None and name not in ABSTRACT:
                type_ = element.get("type")
                inline = element.find(XS + "complexType")
                if inline is None and type_ == "xs:string":
                    found.setdefault(name, set()).add((frozenset(), frozenset(), (), True))
                else:
                    content = inline if inline is not None else self.types[type_]
                    found.setdefault(name, set()).add((*self.read_type(content), False))
        return found

    def read_type(self, type_: Any) -> tuple[frozenset[Any], frozenset[str], tuple[Any, ...]]:
        """Attributes with their types, the required ones, and children in order, those of the base first."""
        extension = type_.find(f"{XS}complexContent/{XS}extension")
        attributes, required, children = frozenset[Any](), frozenset[str](), ()
        if extension is not None:
            attributes, required, children = self.read_type(self.types[extension.get("base")])
            type_ = extension
        own = type_.findall(XS + "attribute")
        attributes |= {(one.get("name"), self.read_attribute(one)) for one in own}
        required |= {one.get("name") for one in own if one.get("use") == "required"}
        return attributes, required, children + tuple(self.read_particles(type_))

    def read_particles(self, type_: Any) -> Iterator[tuple[frozenset[str], int, int]]:
        sequence = type_.find(XS + "sequence")
        for one in type_.findall(XS + "choice") if sequence is None else sequence:
            tags = {part.get("ref") or part.get("name") for part in ([one] if one.tag == XS + "element" else one)}
            most = one.get("maxOccurs", "1")
            yield frozenset(tags - ABSTRACT), int(one.get("minOccurs", "1")), MANY if most == "unbounded" else int(most)

    def read_attribute(self, attribute: Any) -> object:
        name = attribute.get("type")
        if name in PLAIN:
            return PLAIN[name]
        simple = attribute.find(XS + "simpleType") if name is None else self.types[name]
        items = simple.find(XS + "list")
        if items is None:
            return "|".join(sorted(one.get("value") for one in simple.iter(XS + "enumeration")))
        if items.get("itemType") == "xs:string":
            return TEXT
        words = self.types[items.get("itemType")].iter(XS + "enumeration")
        return "*" + "|".join(sorted(one.get("value") for one in words))


def describe(type_: ElementType, schema: frozenset[Any]) -> tuple[Any, ...]:
    """An entry of the table as `Schema` reads it; a number may be text for the schema."""
    texts = {name for name, kind in schema if kind == TEXT}

    def translate(name: str, kind: AttributeType) -> object:
        if isinstance(kind, Words):
            return ("*" if kind.is_list else "") + "|".join(sorted(kind.words))
        if kind in REFERENCES:
            return "IDREF"
        return TEXT if kind == NUMBER and name in texts else kind

    attributes = frozenset((name, translate(name, kind)) for name, kind in type_.attributes.items())
    children = tuple((one.tags, one.least, one.most) for one in type_.children)
    return attributes, type_.required, children, type_.has_text


@pytest.mark.parametrize(
    ("name", "table"), [("Project.xsd", ELEMENTS), ("MetaData.xsd", METADATA_ELEMENTS)], ids=["project", "metadata"]
)
def test_the_table_is_the_schema(name: str, table: Mapping[str, ElementType]) -> None:
    read = Schema(SCHEMAS / name).read_elements()
    assert table.keys() == read.keys()
    for tag, types in read.items():
        assert len(types) == 1, tag
        (type_,) = types
        assert describe(table[tag], type_[0]) == type_, tag


def make_changes(root: Any) -> Iterator[tuple[str, Any]]:
    """Copies of a document with the first element of each kind changed: what was changed, and the copy."""
    seen = set()
    for element in root.iter():
        kind = (None if element.getparent() is None else element.getparent().tag, element.tag)
        if kind in seen:
            continue
        seen.add(kind)
        changes: dict[str, Callable[[Any], object]] = {
            "unknown child": lambda one: one.append(etree.Element("Unknown"))
        }
        changes["unknown attribute"] = lambda one: one.set("x", "1")
        for key in element.attrib:
            changes[f"without {key}"] = lambda one, key=key: one.attrib.pop(key)  # type: ignore[misc]
            changes[f"bad {key}"] = lambda one, key=key: one.set(key, "?!")  # type: ignore[misc]
        if element.getparent() is not None:
            changes["removed"] = lambda one: one.getparent().remove(one)
            changes["first"] = lambda one: one.getparent().insert(0, one)
            changes["last"] = lambda one: one.getparent().append(one)
        for what, change in changes.items():
            copy = deepcopy(root)
            change(copy if element is root else copy.xpath(root.getroottree().getpath(element))[0])
            yield f"{element.tag}: {what}", copy


def test_the_check_finds_what_the_schema_refuses() -> None:
    device = VstDevice("Zam", "0" * 32, b"state")
    root = etree.fromstring(make_project(make_session(), {"master": [device]}).xml)
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "Project.xsd"))
    refused = 0
    for change, document in make_changes(root):
        is_valid = schema.validate(document)
        problems = list(
            find_schema_problems(PlacedElement(ET.fromstring(etree.tostring(document)), "Project"), ELEMENTS)
        )
        refused += not is_valid
        assert is_valid or problems, change
        # numbers are text for the schema in some places
        assert not problems or not is_valid or change.split()[-1] in ("time", "duration", "value", "vel", "min", "max")
    assert refused > 100
