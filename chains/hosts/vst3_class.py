"""VST3 class: identity, name and version of a loaded VST3, as the factory in its file says them.

DawDreamer passes on neither. The library is loaded by then, and is asked as the host asked it. (Steinberg,
VST 3 SDK, ipluginbase.h: IPluginFactory, PClassInfo, IPluginFactory2, PClassInfo2.)
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chains.document.chain import Member
from chains.document.plugin_locations import list_code_files
from chains.document.vst3_preset import parse_class_id
from chains.hosts.member import refuse

_AUDIO = "Audio Module Class"
"""Category of what processes sound; controllers are classes, too."""
_FACTORY_2 = bytes.fromhex("0007B650F24B4C0BA464EDB9F00B2ABB")
_QUERY, _RELEASE, _COUNT, _INFO, _INFO_2 = 0, 2, 4, 5, 7
"""Places of the functions in the table of a factory."""
_INFO_BYTES = 1024
"""More than both infos have: 116 and 440 bytes."""
_ID, _CATEGORY, _NAME, _VERSION = slice(0, 16), slice(20, 52), slice(52, 116), slice(312, 376)
"""Bytes of an info; the last ones are in the longer one alone."""


@dataclass(frozen=True, slots=True)
class Vst3Class:
    """A class of a plugin. ``id``: 32 hexadecimal figures. ``version``: empty where the factory does not say it."""

    id: str = ""
    name: str = ""
    version: str = ""


def read_first_class(path: str) -> Vst3Class:
    """The first class of a bundle that processes sound, which is what DawDreamer loads; an empty one where not known.

    ``path``: its folder or file, which a host has loaded into this process. On Windows, where the bytes of ids are in
    another order, nothing is read.
    """
    if sys.platform == "win32":
        return Vst3Class()
    for file in list_code_files(Path(path)):
        try:
            library = ctypes.CDLL(str(file), mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
            get_factory = library.GetPluginFactory
        except (OSError, AttributeError):
            continue  # not loaded, or no plugin: a library beside it
        get_factory.restype = ctypes.c_void_p
        if factory := get_factory():
            try:
                return _read_factory(factory)
            finally:
                _call(factory, _RELEASE)
    return Vst3Class()


def _read_factory(factory: int) -> Vst3Class:
    for index in range(_call(factory, _COUNT)):
        info = ctypes.create_string_buffer(_INFO_BYTES)
        if _call(factory, _INFO, ctypes.c_int32(index), info) == 0 and _read_text(info.raw[_CATEGORY]) == _AUDIO:
            name = _read_text(info.raw[_NAME])
            return Vst3Class(info.raw[_ID].hex().upper(), name, _read_version(factory, index))
    return Vst3Class()


def _read_version(factory: int, index: int) -> str:
    """The version of a class, which only factories since VST 3.0.1 say."""
    found = ctypes.c_void_p()
    if _call(factory, _QUERY, ctypes.c_char_p(_FACTORY_2), ctypes.byref(found)) != 0 or not found.value:
        return ""
    info = ctypes.create_string_buffer(_INFO_BYTES)
    try:
        is_read = _call(found.value, _INFO_2, ctypes.c_int32(index), info) == 0
    finally:
        _call(found.value, _RELEASE)
    return _read_text(info.raw[_VERSION]) if is_read else ""


def _call(factory: int, place: int, *arguments: Any) -> int:
    """Call the function at a place of the table of a factory."""
    table = ctypes.cast(ctypes.c_void_p(factory), ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    kinds = [ctypes.c_int32 if isinstance(one, ctypes.c_int32) else ctypes.c_void_p for one in arguments]
    function: Callable[..., int] = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, *kinds)(table[place] or 0)
    return function(factory, *arguments)


def _read_text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace").strip()


def check_class(member: Member, path: str, own: Vst3Class) -> None:
    """Check that a VST3 is the plugin that the chain names; nothing is refused where one of both ids is not known.

    Raises:
        PluginError: It is another one: both ids are named.
    """
    if member.id and own.id and parse_class_id(member.id) != own.id.upper():
        message = f"{path} is the plugin {own.id} ({own.name}), and the chain names {member.id}"
        hint = "give its path, or capture the chain again (sideman chain capture)"
        raise refuse(member.label, "load", message, hint)
