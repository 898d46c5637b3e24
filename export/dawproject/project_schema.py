"""Project schema: elements of a DAWproject 1.0, their attributes and the order of their children, as a table.

From Project.xsd and MetaData.xsd of github.com/bitwig/dawproject. An element's name says its type wherever it is. The
abstract elements (``Timeline``, ``Point``, ``parameter``) are left out: no file can have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

TEXT, FLAG, WHOLE, NUMBER, ID = "text", "flag", "whole number", "number", "id"
"""Types of attributes. The schema has text where times of notes and points and values of parameters are numbers."""
CHANNEL_ID, TRACK_ID, PARAMETER_ID, TIMELINE_ID = "channel", "track", "parameter", "timeline"
"""Types of attributes that hold the id of another element, named after what that is."""
REFERENCES = frozenset({CHANNEL_ID, TRACK_ID, PARAMETER_ID, TIMELINE_ID})
MANY = 1 << 30
"""Number of children that are not limited."""


@dataclass(frozen=True, slots=True)
class Words:
    """Type of an attribute that is one of ``words``, or a list of them."""

    words: frozenset[str]
    is_list: bool = False


AttributeType: TypeAlias = str | Words
Attributes: TypeAlias = Mapping[str, AttributeType]


@dataclass(frozen=True, slots=True)
class Particle:
    """``least`` to ``most`` children in a row, each with one of ``tags``."""

    tags: frozenset[str]
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class ElementType:
    """Attributes of an element, those that it must have, its children in order, and whether it holds text."""

    attributes: Attributes = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    children: tuple[Particle, ...] = ()
    has_text: bool = False


def _words(text: str, is_list: bool = False) -> Words:
    return Words(frozenset(text.split()), is_list)


def _one(*tags: str) -> Particle:
    return Particle(frozenset(tags), 1, 1)


def _maybe(*tags: str) -> Particle:
    return Particle(frozenset(tags), 0, 1)


def _many(*tags: str, least: int = 0) -> Particle:
    return Particle(frozenset(tags), least, MANY)


def _attributes(names: str, type_: AttributeType) -> Attributes:
    return dict.fromkeys(names.split(), type_)


def _all_maybe(names: str) -> tuple[Particle, ...]:
    return tuple(_maybe(name) for name in names.split())


_UNIT = _words("linear normalized percent decibel hertz semitones seconds beats bpm")
_TIME_UNIT = _words("beats seconds")
_ROLE = _words("regular master effect submix vca")
_DEVICE_ROLE = _words("instrument noteFX audioFX analyzer")
_CONTENT = _words("audio automation notes video markers tracks", is_list=True)
_BAND = _words("highPass lowPass bandPass highShelf lowShelf bell notch")
_EXPRESSION = _words(
    "gain pan transpose timbre formant pressure channelController channelPressure polyPressure pitchBend programChange"
)

_NAME = _attributes("name color comment", TEXT)
_ENTITY = {**_NAME, "id": ID}
_TIMELINE = {**_ENTITY, "timeUnit": _TIME_UNIT, "track": TRACK_ID}
_PARAMETER = {**_ENTITY, "parameterID": WHOLE}
_TIMELINES = ("Lanes", "Notes", "Clips", "ClipSlot", "markers", "Warps", "Audio", "Video", "Points")
_PARAMETERS = ("RealParameter", "BoolParameter", "IntegerParameter", "EnumParameter", "TimeSignatureParameter")
_POINTS = ("RealPoint", "EnumPoint", "BoolPoint", "IntegerPoint", "TimeSignaturePoint")
_PLUGINS = ("Vst2Plugin", "Vst3Plugin", "ClapPlugin", "AuPlugin")
_BUILT_IN = ("BuiltinDevice", "Equalizer", "Compressor", "NoiseGate", "Limiter")

_REAL = ElementType({**_PARAMETER, **_attributes("min max value", NUMBER), "unit": _UNIT}, frozenset({"unit"}))
_BOOL = ElementType({**_PARAMETER, "value": FLAG})
_SIGNATURE_FIGURES = _attributes("numerator denominator", WHOLE)
_SIGNATURE = ElementType({**_PARAMETER, **_SIGNATURE_FIGURES}, frozenset(_SIGNATURE_FIGURES))
_FILE = ElementType({"path": TEXT, "external": FLAG}, frozenset({"path"}))
_AUTOMATION = ElementType({**_TIMELINE, "unit": _UNIT}, children=(_one("Target"), _many(*_POINTS)))
_MARKERS = ElementType(_TIMELINE, children=(_many("Marker", least=1),))
_MEDIA = ElementType(
    {**_TIMELINE, "duration": NUMBER, "algorithm": TEXT, "channels": WHOLE, "sampleRate": WHOLE},
    frozenset({"duration", "channels", "sampleRate"}),
    (_one("File"),),
)
_DEVICE_ATTRIBUTES: Attributes = {
    **_ENTITY, **_attributes("deviceID deviceName deviceVendor", TEXT), "deviceRole": _DEVICE_ROLE, "loaded": FLAG
}  # fmt: skip


def _device(own: str = "", attributes: Attributes | None = None, first: tuple[Particle, ...] = ()) -> ElementType:
    children = (*_all_maybe("Parameters Enabled State"), *first, *_all_maybe(own))
    return ElementType({**_DEVICE_ATTRIBUTES, **(attributes or {})}, frozenset({"deviceName", "deviceRole"}), children)


def _point(values: Attributes, *optional: str) -> ElementType:
    return ElementType({"time": NUMBER, **values}, frozenset({"time", *values}) - set(optional))


_PLUGIN = _device(attributes={"pluginVersion": TEXT})
_DYNAMICS = "InputGain OutputGain"

ELEMENTS: Mapping[str, ElementType] = {
    "Project": ElementType(
        {"version": TEXT},
        frozenset({"version"}),
        (_one("Application"), *_all_maybe("Transport Structure Arrangement Scenes")),
    ),
    "Application": ElementType(_attributes("name version", TEXT), frozenset({"name", "version"})),
    "Transport": ElementType(children=_all_maybe("Tempo TimeSignature")),
    "Structure": ElementType(children=(_many("Track", "Channel"),)),
    "Scenes": ElementType(children=(_many("Scene"),)),
    "Scene": ElementType(_ENTITY, children=(_one(*_TIMELINES),)),
    "Track": ElementType(
        {**_ENTITY, "contentType": _CONTENT, "loaded": FLAG}, children=(_maybe("Channel"), _many("Track"))
    ),
    "Channel": ElementType(
        {**_ENTITY, "audioChannels": WHOLE, "destination": CHANNEL_ID, "role": _ROLE, "solo": FLAG},
        children=_all_maybe("Devices Mute Pan Sends Volume"),
    ),
    "Devices": ElementType(children=(_many("Device", *_PLUGINS, *_BUILT_IN),)),
    "Parameters": ElementType(children=(_many(*_PARAMETERS),)),
    "Sends": ElementType(children=(_many("Send"),)),
    "Send": ElementType(
        {**_ENTITY, "destination": CHANNEL_ID, "type": _words("pre post")},
        children=(*_all_maybe("Enable Pan"), _one("Volume")),
    ),
    "Arrangement": ElementType(_ENTITY, children=_all_maybe("Lanes Markers TempoAutomation TimeSignatureAutomation")),
    "Lanes": ElementType(_TIMELINE, children=(_many(*_TIMELINES),)),
    "Clips": ElementType(_TIMELINE, children=(_many("Clip"),)),
    "ClipSlot": ElementType({**_TIMELINE, "hasStop": FLAG}, children=(_maybe("Clip"),)),
    "Clip": ElementType(
        {
            **_NAME,
            **_attributes("time duration playStart playStop loopStart loopEnd fadeInTime fadeOutTime", NUMBER),
            **_attributes("contentTimeUnit fadeTimeUnit", _TIME_UNIT),
            "enable": FLAG,
            "reference": TIMELINE_ID,
        },
        frozenset({"time"}),
        (_maybe(*_TIMELINES),),
    ),
    "Notes": ElementType(_TIMELINE, children=(_many("Note"),)),
    "Note": ElementType(
        {**_attributes("time duration vel rel", NUMBER), **_attributes("channel key", WHOLE)},
        frozenset({"time", "duration", "channel", "key"}),
        (_maybe(*_TIMELINES),),
    ),
    "Warps": ElementType(
        {**_TIMELINE, "contentTimeUnit": _TIME_UNIT},
        frozenset({"contentTimeUnit"}),
        (_one(*_TIMELINES), _many("Warp", least=1)),
    ),
    "Warp": ElementType(_attributes("time contentTime", NUMBER), frozenset({"time", "contentTime"})),
    "Markers": _MARKERS,
    "markers": _MARKERS,
    "Marker": ElementType({**_NAME, "time": NUMBER}, frozenset({"time"})),
    "Audio": _MEDIA,
    "Video": _MEDIA,
    "File": _FILE,
    "State": _FILE,
    "Points": _AUTOMATION,
    "TempoAutomation": _AUTOMATION,
    "TimeSignatureAutomation": _AUTOMATION,
    "Target": ElementType(
        {"parameter": PARAMETER_ID, "expression": _EXPRESSION, **_attributes("channel key controller", WHOLE)}
    ),
    "RealPoint": _point({"value": NUMBER, "interpolation": _words("hold linear")}, "interpolation"),
    "EnumPoint": _point({"value": WHOLE}),
    "BoolPoint": _point({"value": FLAG}),
    "IntegerPoint": _point({"value": WHOLE}),
    "TimeSignaturePoint": _point(_SIGNATURE_FIGURES),
    "IntegerParameter": ElementType({**_PARAMETER, **_attributes("min max value", WHOLE)}),
    "EnumParameter": ElementType(
        {**_PARAMETER, "labels": TEXT, **_attributes("count value", WHOLE)}, frozenset({"count"})
    ),
    **dict.fromkeys(("TimeSignature", "TimeSignatureParameter"), _SIGNATURE),
    **dict.fromkeys(("Mute", "Enabled", "Enable", "AutoMakeup", "BoolParameter"), _BOOL),
    **dict.fromkeys(("Tempo", "Pan", "Volume", "RealParameter", "Freq", "Gain", "Q"), _REAL),
    **dict.fromkeys(("Attack", "InputGain", "OutputGain", "Range", "Ratio", "Release", "Threshold"), _REAL),
    **dict.fromkeys(_PLUGINS, _PLUGIN),
    **dict.fromkeys(("Device", "BuiltinDevice"), _device()),
    "Equalizer": _device(_DYNAMICS, first=(_many("Band"),)),
    "Compressor": _device(f"Attack AutoMakeup {_DYNAMICS} Ratio Release Threshold"),
    "NoiseGate": _device("Attack Range Ratio Release Threshold"),
    "Limiter": _device(f"Attack {_DYNAMICS} Release Threshold"),
    "Band": ElementType(
        {"type": _BAND, "order": WHOLE}, frozenset({"type"}), (_one("Freq"), *_all_maybe("Gain Q Enabled"))
    ),
}
"""Elements of ``project.xml``."""

_METADATA = (
    "Title Artist Album OriginalArtist Composer Songwriter Producer Arranger Year Genre Copyright Website Comment"
)
METADATA_ELEMENTS: Mapping[str, ElementType] = {
    "MetaData": ElementType(children=_all_maybe(_METADATA)),
    **dict.fromkeys(_METADATA.split(), ElementType(has_text=True)),
}
"""Elements of ``metadata.xml``."""
