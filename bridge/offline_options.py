"""Offline options: those of ``sideman run --offline``, which plays a song without JACK."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from bridge.errors import ConfigError
from bridge.number_text import check_option

if TYPE_CHECKING:
    from bridge.drivers.offline_system import OfflineSystem

PERIODS = (16, 8192)
"""Fewest and most frames of a cycle, as with JACK."""
RATES_HZ = (8000, 384_000)
TEMPOS_BPM = (20.0, 400.0)


@Parameter(name="*", group="Without JACK")
@dataclass(frozen=True)
class OfflineOptions:
    """The options as a user gives them; `open_system` checks them."""

    offline: Annotated[str, Parameter(help="Play this song without JACK: no ports, no MIDI devices.")] = ""
    clock: Annotated[
        Literal["real", "virtual"], Parameter(help="The song's own pace, or as fast as the engines, waiting for each.")
    ] = "real"
    loop: Annotated[bool, Parameter(negative="", help="Play the song again and again.")] = False
    hold: Annotated[bool, Parameter(negative="", help="Stay at the song's end, with silence.")] = False
    tempo: Annotated[float, Parameter(help="Tempo of the host's transport in BPM; by default it has no beats.")] = 0.0
    rate: Annotated[int, Parameter(help="Sampling rate in Hz; by default that of the song.")] = 0
    period: Annotated[int, Parameter(help="Frames per cycle.")] = 128
    out: Annotated[str, Parameter(help="Write what the audio ports send into this folder, as float WAV files.")] = ""

    def open_system(self) -> OfflineSystem | None:
        """The audio system that these options ask for; None: JACK.

        Raises:
            ConfigError: An option is out of range, or needs ``--offline``.
        """
        from bridge.drivers.offline_system import OfflineSystem  # slow to import, and few commands need it
        from bridge.drivers.song_transport import PlayOptions

        if not self.offline:
            for field in fields(self):
                if getattr(self, field.name) != field.default:
                    raise ConfigError(f"--{field.name} is for a song", "add --offline SONG, or leave it out")
            return None
        for name, value, (lowest, highest) in (
            ("period", self.period, PERIODS),
            ("rate", self.rate or RATES_HZ[0], RATES_HZ),
            ("tempo", self.tempo or TEMPOS_BPM[0], TEMPOS_BPM),
        ):
            check_option(f"--{name}", value, lowest, highest)
        play = PlayOptions(self.clock == "virtual", self.loop, self.hold, self.tempo)
        folder = Path(self.out) if self.out else None
        return OfflineSystem(Path(self.offline), play, self.period, self.rate, folder)
