"""FluidSynth, whose library is loaded by ctypes: one synthesizer with one sound font."""

from __future__ import annotations

import ctypes
import ctypes.util
import weakref
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError

GRID_FRAMES = 64
"""FluidSynth takes in events between blocks of so many frames and nowhere else (FLUID_BUFSIZE in its sources)."""
POLYPHONY = 256
"""FluidSynth's own default."""
MEND = "install it (Debian: libfluidsynth3; Homebrew: fluid-synth)"
BREW = ("/opt/homebrew/lib/libfluidsynth.dylib", "/usr/local/lib/libfluidsynth.dylib")
"""Where Homebrew puts it, the first of which the system's own search does not know."""

_POINTER, _INT, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
_SIGNATURES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "new_fluid_settings": (_POINTER, ()),
    "delete_fluid_settings": (None, (_POINTER,)),
    "fluid_settings_setnum": (_INT, (_POINTER, _TEXT, ctypes.c_double)),
    "fluid_settings_setint": (_INT, (_POINTER, _TEXT, _INT)),
    "new_fluid_synth": (_POINTER, (_POINTER,)),
    "delete_fluid_synth": (None, (_POINTER,)),
    "fluid_synth_sfload": (_INT, (_POINTER, _TEXT, _INT)),
    "fluid_synth_get_sfont_by_id": (_POINTER, (_POINTER, _INT)),
    "fluid_synth_add_sfont": (_INT, (_POINTER, _POINTER)),
    "fluid_synth_remove_sfont": (_INT, (_POINTER, _POINTER)),
    "fluid_synth_system_reset": (_INT, (_POINTER,)),
    "fluid_synth_all_sounds_off": (_INT, (_POINTER, _INT)),
    "fluid_synth_noteon": (_INT, (_POINTER, _INT, _INT, _INT)),
    "fluid_synth_noteoff": (_INT, (_POINTER, _INT, _INT)),
    "fluid_synth_cc": (_INT, (_POINTER, _INT, _INT, _INT)),
    "fluid_synth_program_change": (_INT, (_POINTER, _INT, _INT)),
    "fluid_synth_channel_pressure": (_INT, (_POINTER, _INT, _INT)),
    "fluid_synth_pitch_bend": (_INT, (_POINTER, _INT, _INT)),
    "fluid_synth_get_active_voice_count": (_INT, (_POINTER,)),
    "fluid_synth_write_float": (_INT, (_POINTER, _INT, _POINTER, _INT, _INT, _POINTER, _INT, _INT)),
    "fluid_set_log_function": (_POINTER, (_INT, _POINTER, _POINTER)),
}
_SPARE_CHANNEL, _SPARE_DRUM = 25, 36
"""Drums as well, as the tenth of every sixteen channels."""
_BATCH, _MOST_TIMES = 8, 4
_LOG_LEVELS = 5
"""Panic, error, warning, info, debug."""


@lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    """FluidSynth, made not to write to the terminal; a ConfigError where it is missing."""
    name = ctypes.util.find_library("fluidsynth") or next((path for path in BREW if Path(path).is_file()), None)
    if name is None:
        raise ConfigError("FluidSynth is not installed", MEND)
    try:
        found = ctypes.CDLL(name)
        for call, (result, arguments) in _SIGNATURES.items():
            function = getattr(found, call)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise ConfigError(f"FluidSynth cannot be used: {error}", "install version 2 or newer") from error
    for level in range(_LOG_LEVELS):
        found.fluid_set_log_function(level, None, None)
    return found


class FluidSynth:
    """One synthesizer with one sound font, without reverb and chorus; `open_font` makes it.

    Channels, pitches and velocities are from 0, as in the messages.
    """

    def __init__(self, desk: _Desk, synth: int) -> None:
        self._desk = desk  # lives as long as one of its synthesizers
        self._lib, self._synth = desk.lib, synth

    def reset(self) -> None:
        """All silent at once, all programs and controllers as at the start."""
        self._silence()
        self._lib.fluid_synth_system_reset(self._synth)

    def strike(self, channel: int, pitch: int, velocity: int) -> None:
        self._lib.fluid_synth_noteon(self._synth, channel, pitch, velocity)

    def let_go(self, channel: int, pitch: int) -> None:
        self._lib.fluid_synth_noteoff(self._synth, channel, pitch)

    def program(self, channel: int, program: int) -> None:
        self._lib.fluid_synth_program_change(self._synth, channel, program)

    def control(self, channel: int, controller: int, value: int) -> None:
        self._lib.fluid_synth_cc(self._synth, channel, controller, value)

    def press(self, channel: int, value: int) -> None:
        self._lib.fluid_synth_channel_pressure(self._synth, channel, value)

    def bend(self, channel: int, value: int) -> None:
        """``value``: 0 to 16383, 8192 is no bend."""
        self._lib.fluid_synth_pitch_bend(self._synth, channel, value)

    @property
    def voices(self) -> int:
        """How many sound, those that have been let go of included."""
        return int(self._lib.fluid_synth_get_active_voice_count(self._synth))

    def freshen(self, voices: int) -> None:
        """Bring the first so many places for voices, of which none may sound, into a known state.

        FluidSynth gives a note the first free place, where the left and right gains of the note before still stand
        and go over to its own within a block (seen with 2.3.1). After this they are always those of one soft stroke on
        a channel that nobody else uses, so that what follows does not depend on what was.
        """
        lost = np.zeros((CHANNELS, GRID_FRAMES), np.float32)
        for first in range(0, voices, _BATCH):
            for _ in range(min(_BATCH, voices - first)):
                self.strike(_SPARE_CHANNEL, _SPARE_DRUM, 1)
            self.write(lost)
        self._silence()

    def _silence(self) -> None:
        """End what sounds. Now and then 2.3.1 needs to be told twice; its own reset ends nothing."""
        lost = np.zeros((CHANNELS, GRID_FRAMES), np.float32)
        for _ in range(_MOST_TIMES):
            self._lib.fluid_synth_all_sounds_off(self._synth, -1)
            self.write(lost)
            if not self.voices:
                return

    def write(self, out: Audio) -> None:
        """Fill ``out``, shape (2, frames), rows contiguous, with the next frames."""
        self.write_to(out.ctypes.data, out.ctypes.data + out.strides[0], out.shape[1])

    def write_to(self, left: int, right: int, frames: int) -> None:
        """The same at two addresses: of a buffer that stays where it is they need not be asked for each time."""
        self._lib.fluid_synth_write_float(self._synth, frames, left, 0, 1, right, 0, 1)


class _Desk:
    """Synthesizers that share one font, freed together."""

    def __init__(self, lib: ctypes.CDLL, settings: int, synths: Sequence[int], font: int) -> None:
        self.lib = lib
        weakref.finalize(self, _free, lib, settings, tuple(synths), font)


def _free(lib: ctypes.CDLL, settings: int, synths: tuple[int, ...], font: int) -> None:
    """The first synthesizer owns the font: the others give it back before."""
    for synth in reversed(synths):
        if font and synth != synths[0]:
            lib.fluid_synth_remove_sfont(synth, font)
        lib.delete_fluid_synth(synth)
    lib.delete_fluid_settings(settings)


def open_font(
    font: Path, rate: int, gain: float, polyphony: int = POLYPHONY, count: int = 1, whole: bool = False
) -> list[FluidSynth]:
    """``count`` synthesizers at ``rate`` Hz that play ``font``, which is read once.

    With ``whole`` all of its sounds are read now, else each when its program is first chosen. They are freed when none
    of them is held any more. A ConfigError where the library or the font is missing.
    """
    lib = library()
    if not font.is_file():
        raise ConfigError(f"{font}: no such sound font", "install it or name another one")
    settings = lib.new_fluid_settings()
    lib.fluid_settings_setnum(settings, b"synth.sample-rate", float(rate))
    lib.fluid_settings_setnum(settings, b"synth.gain", gain)
    lib.fluid_settings_setint(settings, b"synth.polyphony", polyphony)
    lib.fluid_settings_setint(settings, b"synth.midi-channels", 32)
    lib.fluid_settings_setint(settings, b"synth.lock-memory", 0)
    lib.fluid_settings_setint(settings, b"synth.dynamic-sample-loading", int(not whole))
    for switch in (b"synth.reverb.active", b"synth.chorus.active"):
        lib.fluid_settings_setint(settings, switch, 0)
    synths = [lib.new_fluid_synth(settings) for _ in range(count)]
    number = lib.fluid_synth_sfload(synths[0], str(font).encode(), 1)
    read = lib.fluid_synth_get_sfont_by_id(synths[0], number) if number >= 0 else None
    if read is None:
        _free(lib, settings, tuple(synths), 0)
        raise ConfigError(f"{font}: FluidSynth cannot read it", "install the sound font again or name another one")
    for synth in synths[1:]:
        lib.fluid_synth_add_sfont(synth, read)
    desk = _Desk(lib, settings, synths, read)
    return [FluidSynth(desk, synth) for synth in synths]
