"""The drums follow the bass that is separated, on a real server."""

from __future__ import annotations

import pytest

from bridge.settings import EngineSettings
from engines.accompaniment.performer import CHANNELS
from engines.accompaniment.style import ROLES
from tests.engines.accompaniment.test_sidechain import RHYTHM, around, make_plucks
from tests.live.conftest import private_server
from tests.live.rig import chord_changes, make_fake_daw, midi_clock, note_ons, sidecar_on
from tests.waiting import HANG_S

pytestmark = pytest.mark.live

RATE, TEMPO, BARS, FROM_BAR = 48000, 120.0, 12, 5
BAR = 2 * RATE
ENGINES = EngineSettings(separation="separation.dsp", mir="mir.chroma", accompaniment="accompaniment.band", synth="")


def test_the_kick_goes_with_the_bass_as_soon_as_it_is_asked_to() -> None:
    bass = make_plucks(RHYTHM, BARS, TEMPO, RATE)[:, : BARS * BAR]
    song = bass + 0.3 * chord_changes(RATE, BARS * BAR / RATE, ("C",), 100.0)
    kicks: dict[str, list[int]] = {}
    with private_server(RATE, 256) as server, sidecar_on(server, ENGINES) as sidecar:
        graph = sidecar.signal_path.graph
        sidecar.bus.set("accompaniment.band.style", "rock", "test")
        for source in ("nothing", "bass"):
            sidecar.bus.set("accompaniment.band.drums.follows", source, "test")
            with make_fake_daw(sidecar, song, song.shape[1], midi_clock(RATE, TEMPO, BARS * BAR / RATE, 0)) as daw:
                daw.run_freewheeling(HANG_S)
            assert graph.ledger["accompaniment"].declared == 0
            kicks[source] = [
                round(frame * 48 / BAR) % 48
                for frame, channel, note in note_ons(daw.read_midi("accompaniment"))
                if (channel, note) == (CHANNELS["drums"], ROLES["kick"]) and frame > FROM_BAR * BAR
            ]
    shares = {
        source: sum(place in around(RHYTHM) for place in places) / len(places) for source, places in kicks.items()
    }
    assert shares["bass"] > 0.75 > 0.6 > shares["nothing"], kicks
