"""Schema check: elements, attributes and the order of children of a document, by the table of the format.

Where the schema has text for what is a number (a point's value, a note's time), a number is asked for; infinity and
NaN are numbers for the schema, and are not for a DAW.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from export.dawproject.project_schema import FLAG, ID, MANY, NUMBER, TEXT, WHOLE, AttributeType, ElementType, Words

DEEPEST = 40
"""Levels of elements that are looked at; timelines may lie in timelines without end."""
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?\s*")
_WHOLE = re.compile(r"\s*[+-]?0*[0-9]{1,9}\s*")
_ID = re.compile(r"\s*[^\W\d][\w.-]*\s*")
_FLAGS = ("true", "false", "1", "0")


@dataclass(frozen=True, slots=True)
class PlacedElement:
    """An element, where it is in the document, and the elements around it, the outermost first."""

    element: ET.Element
    place: str
    parents: tuple[ET.Element, ...] = ()


def walk_elements(placed: PlacedElement) -> Iterator[PlacedElement]:
    """Yield an element and all in it, to the deepest level that is looked at."""
    yield placed
    if len(placed.parents) >= DEEPEST:
        return
    counts = Counter(child.tag for child in placed.element)
    numbers: Counter[str] = Counter()
    for child in placed.element:
        numbers[child.tag] += 1
        number = f"[{numbers[child.tag]}]" if counts[child.tag] > 1 else ""
        place = f"{placed.place}/{child.tag}{number}" if placed.parents else f"{child.tag}{number}"
        yield from walk_elements(PlacedElement(child, place, (*placed.parents, placed.element)))


def parse_number(text: str) -> float | None:
    """A finite number as XML Schema writes it; None: it is none."""
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def find_schema_problems(root: PlacedElement, elements: Mapping[str, ElementType]) -> Iterator[str]:
    """Yield what breaks the schema, a sentence each, with the place in the document."""
    for placed in walk_elements(root):
        type_ = elements.get(placed.element.tag)
        if type_ is None:
            yield f"{placed.place}: no such element in the format"
            continue
        if len(placed.parents) >= DEEPEST and len(placed.element):
            yield f"{placed.place}: more than {DEEPEST} levels of elements"
        yield from (f"{placed.place}: {problem}" for problem in _check_attributes(placed.element, type_))
        yield from (f"{placed.place}: {problem}" for problem in _check_children(placed.element, type_))
        text = "".join([placed.element.text or "", *(child.tail or "" for child in placed.element)])
        if text.strip() and not type_.has_text:
            yield f"{placed.place}: has the text {text.strip()[:40]!r}, and only elements may be in it"


def _check_attributes(element: ET.Element, type_: ElementType) -> Iterator[str]:
    for name, value in element.attrib.items():
        expected = type_.attributes.get(name)
        if expected is None:
            yield f"no such attribute: {name}"
        elif not _fits(value, expected):
            yield f"{name}={value[:40]!r} is not {_describe(expected)}"
    for name in sorted(type_.required - element.attrib.keys()):
        yield f"the attribute {name} is missing"


def _fits(value: str, expected: AttributeType) -> bool:
    if isinstance(expected, Words):
        return expected.words.issuperset(value.split()) if expected.is_list else value in expected.words
    if expected == FLAG:
        return value.strip() in _FLAGS
    if expected == NUMBER:
        return parse_number(value) is not None
    pattern = {WHOLE: _WHOLE, TEXT: None}.get(expected, _ID)
    return pattern is None or pattern.fullmatch(value) is not None


def _describe(expected: AttributeType) -> str:
    if isinstance(expected, Words):
        return f"one of {', '.join(sorted(expected.words))}"
    if expected == FLAG:
        return f"one of {', '.join(_FLAGS)}"
    return f"a {expected}" if expected in (WHOLE, NUMBER) else "an id" if expected == ID else f"the id of a {expected}"


def _check_children(element: ET.Element, type_: ElementType) -> Iterator[str]:
    """Match the children with the particles in order; the first that does not fit ends it."""
    children = [child.tag for child in element]
    at = 0
    for particle in type_.children:
        count = 0
        while at < len(children) and children[at] in particle.tags and count < particle.most:
            at, count = at + 1, count + 1
        if count < particle.least:
            yield f"{' or '.join(sorted(particle.tags))} is missing"
            return
    if at < len(children):
        allowed = {tag for particle in type_.children for tag in particle.tags}
        single = any(particle.most < MANY and children[at] in particle.tags for particle in type_.children)
        reason = (
            "is not in the order of the format, or there too often" if single else "is not in the order of the format"
        )
        yield f"{children[at]} {reason if children[at] in allowed else 'cannot be in it'}"
