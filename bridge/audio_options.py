"""Audio options: those of commands that choose the audio system and its devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from bridge.settings import Settings


@Parameter(name="*", group="Audio devices")
@dataclass(frozen=True)
class AudioOptions:
    """The options as a user gives them."""

    audio: Annotated[
        Literal["jack", "portaudio"] | None,
        Parameter(help="JACK, or the devices of the machine through PortAudio; by default that of the settings."),
    ] = None
    input: Annotated[str, Parameter(help="Words of the input device's name: see sideman devices.")] = ""
    output: Annotated[str, Parameter(help="Words of the output device's name.")] = ""

    def apply(self, settings: Settings) -> Settings:
        """``settings`` with what was given here; a device chooses PortAudio."""
        audio = settings.audio
        named = self.input or self.output
        chosen = msgspec.structs.replace(
            audio,
            system=self.audio or ("portaudio" if named else audio.system),
            input=self.input or audio.input,
            output=self.output or audio.output,
        )
        return msgspec.structs.replace(settings, audio=chosen)


USUAL_AUDIO = AudioOptions()
