"""Ardour rig: a session with a song, recordings of what a running sidecar returns, and their position."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bridge.core.audio import STEMS, Audio
from tests.daw_live.ardour import UI, Ardour
from tests.daw_live.ardour_session import Recording, put_song, read_recordings
from tests.waiting import until

RATE, SECONDS = 44100, 5.0
NAME, SONG = "s", "song"
FADE_S = 0.25
"""Silence before the song: Ardour fades in for about 60 ms after each start of its transport."""
TAIL_S = 0.5
RETURNS = (*STEMS, "mix")


def make_song() -> Audio:
    """Make a song of tones for each stem and noise that never repeats, which has one place only. Shape (2, frames)."""
    time_s = np.arange(round(RATE * SECONDS)) / RATE
    bursts = np.random.default_rng(7).normal(0, 0.2, time_s.size) * np.exp(-(time_s % 0.25) * 40)
    low, voice, side = (np.sin(2 * np.pi * hz * time_s) for hz in (60.0, 660.0, 1500.0))
    centre = 0.2 * low + 0.2 * voice + bursts
    song = np.stack([centre + 0.15 * side, centre - 0.15 * side]).astype(np.float32)
    song[:, : round(FADE_S * RATE)] = 0.0
    return song


def make_session(folder: Path, home: Path, song: Audio) -> None:
    """Write a session with ``song`` on a track, and a track for each return; Master is connected to the hardware."""
    with Ardour(None, home) as ardour:
        ardour.run(f's = create_session("{folder}", "{NAME}", {RATE})')
        for track in (SONG, *RETURNS):
            order = "ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal"
            ardour.run(f's:new_audio_track(2, 2, nil, 1, "{track}", {order}, false, false)')
        ardour.run('s:save_state("")')
        ardour.run("close_session()")
    put_song(folder, NAME, SONG, song, RATE)


def connect_tracks(ardour: Ardour) -> None:
    """Connect the song to the sidecar's input and its returns to the tracks, and arm these."""
    ardour.run("function track(name) return s:route_by_name(name):to_track() end")
    for channel in range(2):
        links = [(f'track("{SONG}"):output():audio({channel})', f"sideman:in_{channel + 1}")]
        links += [(f'track("{name}"):input():audio({channel})', f"sideman:{name}_{channel + 1}") for name in RETURNS]
        for port, peer in links:
            ardour.wait_until(f'{port}:connected_to("{peer}") or ({port}:connect("{peer}") == 0)')
    for name in RETURNS:
        ardour.run(f'track("{name}"):rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)')


def record(ardour: Ardour) -> dict[str, Recording]:
    """Play the song from its beginning while the tracks record; returns what is on each track."""
    folder = Path(ardour.run("return s:path()"))
    take = max((recording.take for recording in read_recordings(folder, NAME).values()), default=0) + 1
    assert ardour.has_located(0)
    ardour.run("s:maybe_enable_record()")
    ardour.run(f"s:request_roll({UI})")
    ardour.wait_until(f"s:transport_sample() > {round((SECONDS + TAIL_S) * RATE)}")
    ardour.run(f"s:request_stop(false, false, {UI})")
    ardour.wait_until("s:transport_stopped() and not s:actively_recording()")
    found: dict[str, Recording] = {}

    def is_written() -> bool:
        ardour.run('s:save_state("")')
        found.update(read_recordings(folder, NAME))
        # the regions of a take appear one after another, once Ardour's butler has written the files
        return len(found) == 1 + len(RETURNS) and all(found[name].take == take for name in RETURNS)

    until("the recordings", is_written)
    return found


def find_offset(sent: Audio, returned: Recording) -> int:
    """The session frame at which ``sent`` begins in what was recorded, by cross-correlation."""
    frames = sent.shape[1] + returned.audio.shape[1]
    spectra = (np.fft.rfft(audio.sum(axis=0), frames) for audio in (returned.audio, sent))
    first, second = spectra
    at = int(np.argmax(np.fft.irfft(first * np.conj(second), frames)))
    return returned.frame + (at - frames if at > frames // 2 else at)


def measure_difference(sent: Audio, returned: Recording, offset: int) -> float:
    """The largest difference between ``sent`` and the recording, moved back by ``offset``, over all of ``sent``."""
    begin = offset - returned.frame
    assert begin >= 0, f"the recording begins {-begin} frames after the song"
    part = returned.audio[:, begin : begin + sent.shape[1]]
    assert part.shape == sent.shape
    return float(np.abs(part - sent).max())


def sum_stems(recordings: dict[str, Recording]) -> Recording:
    """The sum of the four stems, which were recorded at once."""
    stems = [recordings[stem] for stem in STEMS]
    assert len({stem.frame for stem in stems}) == 1
    return Recording(stems[0].frame, np.sum([stem.audio for stem in stems], axis=0))
