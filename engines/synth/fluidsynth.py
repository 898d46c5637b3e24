"""FluidSynth binding by ctypes: synthesizers that share one sound font."""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
import weakref
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from bridge.core.audio import CHANNELS, Audio
from bridge.errors import ConfigError

GRID_FRAMES = 64
"""FluidSynth handles events between blocks of so many frames only (FLUID_BUFSIZE in its sources)."""
POLYPHONY = 256
"""FluidSynth's own default."""
INSTALL_HINT = "install it (Debian: libfluidsynth3; Homebrew: fluid-synth)"
BREW = ("/opt/homebrew/lib/libfluidsynth.dylib", "/usr/local/lib/libfluidsynth.dylib")
"""Homebrew's paths; the system's own search does not know the first."""

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
    "fluid_synth_get_voicelist": (None, (_POINTER, _POINTER, _INT, _INT)),
    "fluid_voice_get_id": (ctypes.c_uint, (_POINTER,)),
    "fluid_voice_gen_get": (ctypes.c_float, (_POINTER, _INT)),
    "fluid_voice_gen_set": (None, (_POINTER, _INT, ctypes.c_float)),
    "fluid_voice_update_param": (None, (_POINTER, _INT)),
    "fluid_set_log_function": (_POINTER, (_INT, _POINTER, _POINTER)),
}
_SPARE_CHANNEL, _SPARE_DRUM = 25, 36
"""A drum channel, as is the tenth of every sixteen channels, that nothing else uses."""
_BATCH, _MOST_TIMES = 8, 4
_PAN_GENERATOR, _ANY_ID = 17, -1
"""The generator's number in the SoundFont specification (2.04, 8.1.2), and FluidSynth's word for voices of any note."""
_LOG_LEVELS = 5
"""Panic, error, warning, info, debug."""


@lru_cache(maxsize=1)
def load_library() -> ctypes.CDLL:
    """Load FluidSynth, with its log turned off. Raises: ConfigError where it is missing."""
    name = ctypes.util.find_library("fluidsynth") or next((path for path in BREW if Path(path).is_file()), None)
    if name is None:
        raise ConfigError("FluidSynth is not installed", INSTALL_HINT)
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

    Channels, pitches and velocities count from 0, as in the messages.
    """

    def __init__(self, shared: _SharedFont, synth: int) -> None:
        self._shared = shared  # lives as long as one of its synthesizers
        self._lib, self._synth = shared.lib, synth
        self._voices = (_POINTER * POLYPHONY)()

    def reset(self) -> None:
        """Silence everything at once; all programs and controllers get their initial values."""
        self._silence()
        self._lib.fluid_synth_system_reset(self._synth)

    def note_on(self, channel: int, pitch: int, velocity: int) -> None:
        self._lib.fluid_synth_noteon(self._synth, channel, pitch, velocity)

    def narrow_last_note(self, width: float) -> None:
        """Move the voices of the last note towards the middle: a share of ``width`` of the font's panning is left."""
        lib = self._lib
        lib.fluid_synth_get_voicelist(self._synth, self._voices, POLYPHONY, _ANY_ID)
        numbers = [(lib.fluid_voice_get_id(voice), voice) for voice in itertools.takewhile(bool, self._voices)]
        last = max(numbers, default=(0, 0))[0]
        for number, voice in numbers:
            if number == last and (pan := lib.fluid_voice_gen_get(voice, _PAN_GENERATOR)):
                lib.fluid_voice_gen_set(voice, _PAN_GENERATOR, width * pan)
                lib.fluid_voice_update_param(voice, _PAN_GENERATOR)
        lib.fluid_synth_get_active_voice_count(self._synth)  # calls of voices take effect at the end of one of a synth

    def note_off(self, channel: int, pitch: int) -> None:
        self._lib.fluid_synth_noteoff(self._synth, channel, pitch)

    def program_change(self, channel: int, program: int) -> None:
        self._lib.fluid_synth_program_change(self._synth, channel, program)

    def control_change(self, channel: int, controller: int, value: int) -> None:
        self._lib.fluid_synth_cc(self._synth, channel, controller, value)

    def channel_pressure(self, channel: int, value: int) -> None:
        self._lib.fluid_synth_channel_pressure(self._synth, channel, value)

    def pitch_bend(self, channel: int, value: int) -> None:
        """``value``: 0 to 16383, 8192 is no bend."""
        self._lib.fluid_synth_pitch_bend(self._synth, channel, value)

    @property
    def voices(self) -> int:
        """Number of active voices, released ones included."""
        return int(self._lib.fluid_synth_get_active_voice_count(self._synth))

    def settle_voices(self, voices: int) -> None:
        """Bring the first ``voices`` voice slots, all of which must be silent, into a known state.

        FluidSynth gives a note the first free slot. The slot still has the left and right gains of its previous note,
        which fade to the new ones within a block (seen with 2.3.1). After this call they are always those of one soft
        note on a channel that nothing else uses, so that the next notes do not depend on previous ones.
        """
        lost = np.zeros((CHANNELS, GRID_FRAMES), np.float32)
        for first in range(0, voices, _BATCH):
            for _ in range(min(_BATCH, voices - first)):
                self.note_on(_SPARE_CHANNEL, _SPARE_DRUM, 1)
            self.write(lost)
        self._silence()

    def _silence(self) -> None:
        """End all voices. Version 2.3.1 sometimes needs two calls; its own reset ends no voice."""
        lost = np.zeros((CHANNELS, GRID_FRAMES), np.float32)
        for _ in range(_MOST_TIMES):
            self._lib.fluid_synth_all_sounds_off(self._synth, -1)
            self.write(lost)
            if not self.voices:
                return

    def write(self, out: Audio) -> None:
        """Render the next frames into ``out``, shape (2, frames), rows contiguous."""
        self.write_to(out.ctypes.data, out.ctypes.data + out.strides[0], out.shape[1])

    def write_to(self, left: int, right: int, frames: int) -> None:
        """Render to two addresses; those of a fixed buffer need not be looked up each time."""
        self._lib.fluid_synth_write_float(self._synth, frames, left, 0, 1, right, 0, 1)


class _SharedFont:
    """Owner of synthesizers that share one font; frees them together."""

    def __init__(self, lib: ctypes.CDLL, settings: int, synths: Sequence[int], font: int) -> None:
        self.lib = lib
        weakref.finalize(self, _free, lib, settings, tuple(synths), font)


def _free(lib: ctypes.CDLL, settings: int, synths: tuple[int, ...], font: int) -> None:
    """Free all synthesizers. The first one owns the font: it is removed from the others before."""
    for synth in reversed(synths):
        if font and synth != synths[0]:
            lib.fluid_synth_remove_sfont(synth, font)
        lib.delete_fluid_synth(synth)
    lib.delete_fluid_settings(settings)


def open_font(
    font: Path, rate: int, gain: float, polyphony: int = POLYPHONY, count: int = 1, whole: bool = False
) -> list[FluidSynth]:
    """Make ``count`` synthesizers at ``rate`` Hz that share ``font``, which is read once.

    With ``whole`` all of its samples are read now, else those of a program when it is first chosen. They are freed when
    the last reference to any of them is gone. Raises: ConfigError where the library or the font is missing.
    """
    lib = load_library()
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
    shared = _SharedFont(lib, settings, synths, read)
    return [FluidSynth(shared, synth) for synth in synths]
