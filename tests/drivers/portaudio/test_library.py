"""sounddevice's private handles: a version without one of them is refused with a sentence, before any sound."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bridge.drivers.portaudio.library import (
    EXTRA_FIX,
    FUNCTIONS,
    HANDLES,
    TYPES,
    NoPortAudioError,
    check_handles,
    decode_text,
    import_sounddevice,
)


class Ffi:
    """cffi's answer to questions about types."""

    def __init__(self, types: tuple[str, ...] = TYPES) -> None:
        self._types = types

    def typeof(self, name: str) -> str:
        if name not in self._types:
            raise ValueError(name)
        return name


def make_module(**changes: Any) -> Any:
    """A module like sounddevice 0.5, with ``changes``; a handle that is None is left out."""
    library = SimpleNamespace(**dict.fromkeys(FUNCTIONS))
    parts = dict.fromkeys(HANDLES, True) | {"_lib": library, "_ffi": Ffi(), "__version__": "0.5.6"} | changes
    return SimpleNamespace(**{name: part for name, part in parts.items() if part is not None})


def test_the_known_series_is_taken() -> None:
    check_handles(make_module())


@pytest.mark.parametrize("handle", HANDLES)
def test_a_version_without_a_handle_is_refused_with_a_sentence(handle: str) -> None:
    with pytest.raises(NoPortAudioError, match=rf"sounddevice 0.5.6 has no {handle}: .*pip install 'sounddevice==0.5"):
        check_handles(make_module(**{handle: None}))


@pytest.mark.parametrize("function", ["Pa_OpenStream", "Pa_GetStreamTime"])
def test_a_library_without_a_function_is_refused(function: str) -> None:
    library = SimpleNamespace(**{name: True for name in FUNCTIONS if name != function})
    with pytest.raises(NoPortAudioError, match=f"has no {function}"):
        check_handles(make_module(_lib=library))


def test_another_way_to_call_c_is_refused() -> None:
    with pytest.raises(NoPortAudioError, match=r"has no PaStreamCallback\*"):
        check_handles(make_module(_ffi=Ffi(TYPES[:2])))


@pytest.mark.parametrize("version", ["0.4.7", "0.6.0", "1.0", "0.50"])
def test_another_series_is_refused(version: str) -> None:
    with pytest.raises(NoPortAudioError, match=f"{version} is not of the series 0.5"):
        check_handles(make_module(__version__=version))


def test_without_the_package_the_error_names_the_extra() -> None:
    with pytest.raises(NoPortAudioError) as raised:
        import_sounddevice("sounddevice_that_is_not_there")
    assert raised.value.hint == EXTRA_FIX


def test_without_the_library_the_error_names_the_system_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(ModuleType):
        """A finder that fails as sounddevice does."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice_broken":
                raise OSError("PortAudio library not found")

    monkeypatch.setattr(sys, "meta_path", [Broken("broken"), *sys.meta_path])
    with pytest.raises(NoPortAudioError, match=r"PortAudio library not found; .*apt install libportaudio2"):
        import_sounddevice("sounddevice_broken")


def test_the_installed_version_has_all_that_is_used() -> None:
    try:
        sounddevice = import_sounddevice()
    except NoPortAudioError as error:
        pytest.skip(str(error))
    check_handles(sounddevice)


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("Gerät Микрофон スピーカー".encode(), "cp1252", "Gerät Микрофон スピーカー"),
        ("Focusrite Gerät".encode("cp1252"), "cp1252", "Focusrite Gerät"),
        ("Gerät".encode("cp1252"), "utf-8", "Ger\ufffdt"),
    ],
)
def test_names_are_read_in_the_encoding_of_the_driver(
    text: bytes, encoding: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locale.getpreferredencoding", lambda _: encoding)
    assert decode_text(text) == expected
