"""Live inserts in a whole sidecar: what comes out is a render of the input, later by the declared latency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from bridge.core.audio import Audio
from bridge.runtime.shared.slots import FADE_FRAMES
from chains.document.chain import Chain, Member
from chains.document.chain_file import write_chain
from chains.process.audio_file import create_segment, map_segment, write_segment
from chains.process.host_process import HostProcess
from chains.process.messages import RenderRequest
from tests.chains.plugins import require_hosts
from tests.conftest import StartOfflineSidecar
from tests.offline_sidecar import NO_ENGINES, RATE, write_song

RESERVE = 512
CHAIN = Chain(
    members=(
        Member(effect="HighpassFilter", parameters={"cutoff_frequency_hz": 200.0}),
        Member(effect="Compressor", parameters={"threshold_db": -30.0, "ratio": 4.0}),
    )
)


def read_audio_file(path: Path) -> Audio:
    return np.ascontiguousarray(soundfile.read(path, dtype="float32")[0].T)


def test_a_stem_with_a_chain_is_its_render_and_the_other_stems_wait_for_it(
    offline_sidecar: StartOfflineSidecar, tmp_path: Path
) -> None:
    require_hosts()
    config = tmp_path / "config"
    for folder in ("chains", "presets"):
        (config / folder).mkdir(parents=True)
    write_chain(config / "chains" / "tight.toml", CHAIN)
    preset = 'schema = 1\nname = "tight"\n[controls]\ninserts.other.chain = "tight"\ninserts.band.chain = "bass-duck"\n'
    (config / "presets" / "tight.toml").write_text(preset, encoding="utf-8")
    song = write_song(tmp_path / "song.flac", 1.0)
    # without a separation the input is in `other`
    options = ("--out", str(tmp_path / "out"), "--preset", "tight")
    with offline_sidecar(song, "virtual", options, NO_ENGINES) as sidecar:
        assert sidecar.wait() == 0, sidecar.output
    assert "insert other: tight, running" in sidecar.output
    assert "insert band: bass-duck, refused: the chain bass-duck cannot run live: " in sidecar.output
    assert "use it in a render (sideman render), or choose a chain" in sidecar.output
    assert f"{1000 * RESERVE / RATE:.2f} ms" in sidecar.output

    audio = read_audio_file(song)
    sink = create_segment(tmp_path / "sink", *audio.shape)
    with HostProcess() as host:
        host.load(CHAIN, RATE)
        host.render(RenderRequest(write_segment(tmp_path / "source", audio), sink))
    wanted = np.array(map_segment(sink))
    for name in ("other", "mix"):
        played = read_audio_file(tmp_path / "out" / f"{name}.wav")
        assert not played[:, :RESERVE].any()
        played = played[:, RESERVE : RESERVE + wanted.shape[1]]
        # at the start it fades in from the dry signal
        np.testing.assert_array_equal(played[:, FADE_FRAMES:], wanted[:, FADE_FRAMES:])
