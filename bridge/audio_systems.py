"""Audio systems: the one that the settings ask for."""

from __future__ import annotations

from bridge.drivers.audio_system import PORTAUDIO, AudioSystem
from bridge.drivers.jack_system import JackSystem
from bridge.routing.patchbay import Patchbay
from bridge.settings import Settings


def make_audio_system(settings: Settings, patchbay: Patchbay) -> AudioSystem:
    """JACK, or the devices of the machine, as [audio] system says. ``patchbay``: the connections of JACK's ports."""
    jack = settings.jack
    if settings.audio.system == PORTAUDIO:
        from bridge.drivers.portaudio.portaudio_system import PortAudioSystem

        return PortAudioSystem(settings.audio, jack.client, jack.server)
    return JackSystem(jack.server, jack.client, patchbay)
