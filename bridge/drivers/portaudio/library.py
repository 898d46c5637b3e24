"""PortAudio library: sounddevice's own handles of it, which carry a compiled callback into PortAudio.

sounddevice offers Python callbacks alone; those wait for the interpreter's lock. So its private handles `_lib` and
`_ffi` are used, and checked first: a version that lacks one of them is refused with a sentence.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import locale
import logging
import os
from collections.abc import Sequence
from typing import Any

from bridge.drivers.portaudio.devices import AudioDevice
from bridge.errors import DriverError

log = logging.getLogger(__name__)

MODULE = "sounddevice"
EXTRA_FIX = "install Sideman with the extra portaudio: pip install 'sideman[portaudio]'"
LIBRARY_FIX = "Debian, Ubuntu: sudo apt install libportaudio2; on macOS and Windows sounddevice brings it along"
VERSION = "0.5"
"""The series of sounddevice whose handles are known."""
HANDLES = ("_lib", "_ffi", "_initialize", "_terminate", "_initialized", "_exit_handler", "_libname")
FUNCTIONS = (
    "Pa_OpenStream",
    "Pa_StartStream",
    "Pa_StopStream",
    "Pa_AbortStream",
    "Pa_CloseStream",
    "Pa_IsStreamActive",
    "Pa_GetStreamTime",
    "Pa_GetStreamInfo",
    "Pa_GetStreamCpuLoad",
    "Pa_GetErrorText",
    "Pa_GetDeviceCount",
    "Pa_GetDeviceInfo",
    "Pa_GetHostApiInfo",
    "Pa_GetHostApiCount",
    "Pa_GetDefaultHostApi",
    "Pa_GetVersionText",
)
TYPES = ("PaStream**", "PaStreamParameters*", "PaStreamCallback*")
JACK_API = "JACK Audio Connection Kit"
"""Name of PortAudio's host API for JACK."""
SERVER_VARIABLE = "JACK_DEFAULT_SERVER"


class NoPortAudioError(DriverError):
    """PortAudio, or what leads to it, is missing or unknown."""


def import_sounddevice(module: str = MODULE) -> Any:
    """sounddevice. Its import starts PortAudio. Raises: NoPortAudioError."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise NoPortAudioError("the Python package sounddevice is not installed", EXTRA_FIX) from error
    except Exception as error:  # OSError without the library, its own PortAudioError where that does not start
        raise NoPortAudioError(f"PortAudio cannot be loaded: {error}", LIBRARY_FIX) from error


def check_handles(module: Any) -> None:
    """Whether ``module``, sounddevice or one like it, has all that is used of it.

    Raises:
        NoPortAudioError: It is of another series, or something is missing.
    """
    version = str(getattr(module, "__version__", "of unknown version"))
    fix = f"install the version that Sideman was tested with: pip install '{MODULE}=={VERSION}.*'"
    missing = [name for name in HANDLES if not hasattr(module, name)]
    if not missing:
        missing = [name for name in FUNCTIONS if not hasattr(module._lib, name)]
    if not missing:
        missing = [name for name in TYPES if not _has_type(module._ffi, name)]
    if missing:
        raise NoPortAudioError(
            f"{MODULE} {version} has no {missing[0]}: PortAudio would call Python, which is never in time", fix
        )
    if not version.startswith(f"{VERSION}."):
        raise NoPortAudioError(f"{MODULE} {version} is not of the series {VERSION}, whose handles are known", fix)


def _has_type(ffi: Any, name: str) -> bool:
    try:
        ffi.typeof(name)
    except Exception:  # noqa: BLE001  (cffi's own, or whatever stands in its place)
        return False
    return True


def decode_text(text: bytes) -> str:
    """Text of PortAudio: UTF-8; from ASIO and MME on Windows the encoding of the user's language (untested there)."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode(locale.getpreferredencoding(False), errors="replace")


class PortAudioLibrary:
    """PortAudio, initialized while the object is in use; it is one per process.

    ``client``, ``server``: our name on a JACK server, and which: for its host API for JACK alone.
    """

    def __init__(self, client: str = "", server: str = "") -> None:
        if server:
            os.environ[SERVER_VARIABLE] = server  # PortAudio asks no other way
        self._module = import_sounddevice()
        check_handles(self._module)
        atexit.unregister(self._module._exit_handler)  # it would wait for a stream that never closes
        self.lib, self.ffi = self._module._lib, self._module._ffi
        self._name = ctypes.create_string_buffer(client.encode())
        if client:
            self._set_client_name()
        self.restart()

    def _set_client_name(self) -> None:
        """Set our name on JACK, where this PortAudio can; else it is PortAudio."""
        try:
            ctypes.CDLL(self._module._libname).PaJack_SetClientName(self._name)
        except (OSError, AttributeError):
            log.debug("this PortAudio cannot set the name of its JACK client")

    @property
    def client_name(self) -> str:
        """Our name on JACK, as far as PortAudio says it."""
        try:
            ask = ctypes.CDLL(self._module._libname).PaJack_GetClientName
            found = ctypes.c_char_p()
            return (found.value or b"").decode() if ask(ctypes.byref(found)) == 0 else "PortAudio"
        except (OSError, AttributeError):
            return "PortAudio"

    @property
    def version(self) -> str:
        """PortAudio's own words, without the revision."""
        return str(self.ffi.string(self.lib.Pa_GetVersionText()).decode().split(",")[0])

    def close(self) -> None:
        """End PortAudio, and with it its client on a JACK server. No stream may be open."""
        while self._module._initialized:
            self._module._terminate()

    def restart(self) -> None:
        """Look at the devices again: PortAudio lists them when it starts. No stream may be open.

        Raises:
            DriverError: It does not start.
        """
        try:
            self.close()
            self._module._initialize()
        except Exception as error:  # sounddevice's PortAudioError
            raise DriverError(f"PortAudio does not start: {error}", "run sideman doctor") from error

    def list_devices(self) -> list[AudioDevice]:
        """The devices, as they were at the last `restart`; those of the default host API come first."""
        defaults, apis = self._find_defaults(), self.list_apis()
        devices = [self._read_device(index, defaults) for index in range(self.lib.Pa_GetDeviceCount())]
        return sorted(devices, key=lambda device: apis.index(device.api))

    def list_apis(self) -> list[str]:
        """The names of the host APIs that this PortAudio has, and that work here, the default one first."""
        first = self.lib.Pa_GetDefaultHostApi()
        numbers = sorted(range(max(self.lib.Pa_GetHostApiCount(), 0)), key=lambda number: number != first)
        return [self._read_string(self.lib.Pa_GetHostApiInfo(number).name) for number in numbers]

    def _find_defaults(self) -> set[tuple[int, bool]]:
        """Number and direction (True: input) of the default devices of all host APIs."""
        found = set()
        for number in range(max(self.lib.Pa_GetHostApiCount(), 0)):
            info = self.lib.Pa_GetHostApiInfo(number)
            found |= {(int(info.defaultInputDevice), True), (int(info.defaultOutputDevice), False)}
        return found

    def _read_device(self, index: int, defaults: set[tuple[int, bool]]) -> AudioDevice:
        info = self.lib.Pa_GetDeviceInfo(index)
        return AudioDevice(
            index,
            self._read_string(info.name),
            self._read_string(self.lib.Pa_GetHostApiInfo(info.hostApi).name),
            int(info.maxInputChannels),
            int(info.maxOutputChannels),
            round(float(info.defaultSampleRate)),
            (index, True) in defaults,
            (index, False) in defaults,
        )

    def _read_string(self, text: Any) -> str:
        return decode_text(self.ffi.string(text))

    def check(self, code: int, doing: str, hints: Sequence[tuple[str, str]] = ()) -> None:
        """Raise a DriverError where PortAudio answered with an error ``code`` to ``doing``.

        ``hints``: the name of an error, and what to do about it.
        """
        if code >= 0:
            return
        text = self._read_string(self.lib.Pa_GetErrorText(code))
        fixes = {getattr(self.lib, name, None): fix for name, fix in hints}
        raise DriverError(f"PortAudio: {doing}: {text}", fixes.get(code, "sideman devices lists what there is"))
