"""Sample session: believable values of every reading, as at the beginning of bar 33 of a song in G major.

`make_sample` gives a rig that has them; the groups serve tests that need a part of it. The same call gives the same.
"""

from __future__ import annotations

from collections.abc import Callable

from bridge.control.bus import Bus
from tests.tui.rig import SessionRig
from tests.tui.sample_live import publish_live

RATE_HZ = 44_100
BEAT_FRAMES = 22_050
"""A beat at 120 BPM."""
BAR_BEATS = 4
NOW_BEATS = 128.25
"""Beats since the start of the song: a little behind the first beat of bar 33."""
NOW_FRAME = round(NOW_BEATS * BEAT_FRAMES)
STARTED_MS = 1_764_337_260_000
"""2025-11-28 13:41:00 UTC."""
NOW_MS = STARTED_MS + 21 * 60_000 + 7_000

CHORDS = ("Em", "Am7", "D7", "Gmaj7", "Cmaj7", "F#dim", "B7", "Em")
"""Of bars 25 to 32; bars 1 to 24 are the same three times."""
AHEAD = (
    ("Am7", 0.91, "detected"),
    ("D7", 0.88, "loop"),
    ("Gmaj7", 0.74, "loop"),
    ("Cmaj7", 0.7, "loop"),
    ("F#dim", 0.41, "habit"),
    ("B7", 0.38, "habit"),
    ("Em", 0.33, "habit"),
    ("Em", 0.3, "habit"),
)
"""Of bars 33 to 40: label, confidence and source."""

WORKERS = (
    ("separation", 0.33, 0.38, 0.61, 1.1, 0.031),
    ("mir", 0.97, 2.5, 3.1, 4.0, 0.08),
    ("accompaniment", 0.004, 0.03, 0.08, 0.2, 0.002),
    ("synth", 0.41, 0.9, 1.3, 1.9, 0.07),
)
STEM_LEVELS = (("drums", -4.2, -5.1), ("bass", -6.8, -7.4), ("vocals", -9.6, -10.4), ("other", -8.8, -9.3))
GAINS = {"drums": 0.0, "bass": -1.5, "vocals": 0.0, "other": -3.0}
MUTED = ("vocals",)
SHOWN: dict[str, bool | float | int | str] = {
    "stems.vocals.mute": False,
    "stems.other.gain_db": 0.0,
    "stems.drums.gain_db": 0.0,
    "accompaniment.band.intensity": 0.5,
    "accompaniment.band.style": "pop",
    "latency.separation.reserve_frames": 512,
}
"""Values of each preset."""
PARTS = (("drums", 10), ("bass", 2), ("keys", 1), ("pad", 3), ("guitar", 4))


def make_sample(width: int = 80, height: int = 24) -> SessionRig:
    """A rig with the whole sample session."""
    rig = SessionRig(width, height)
    for publish_group in GROUPS:
        publish_group(rig.bus)
    rig.remote.results["preset.show"] = [{"control": name, "value": value} for name, value in SHOWN.items()]
    return rig


def publish_sidecar(bus: Bus) -> None:
    """Identity, clock, counters, log and controls."""
    bus.publish(
        "sideman", "sideman", "0.5.0", 2, "3f9c61aa", "studio", 4711, STARTED_MS // 1000, "default", RATE_HZ, "running"
    )
    for control, value in (
        *((f"stems.{stem}.gain_db", gain) for stem, gain in GAINS.items()),
        *((f"stems.{stem}.mute", True) for stem in MUTED),
        ("accompaniment.band.style", "jazz"),
        ("accompaniment.band.seed", 7),
        ("accompaniment.band.intensity", 0.62),
        ("accompaniment.band.complexity", 0.4),
        ("accompaniment.band.pad.mute", True),
        ("accompaniment.lookahead_beats", 4),
    ):
        bus.set(control, value, "osc:127.0.0.1:40122")
    bus.publish("transport.timebase", "off", "bars and beats of JACK's transport are not ours")
    bus.publish(
        "clock",
        NOW_FRAME,
        NOW_MS,
        1,
        33,
        1.0 + NOW_BEATS % BAR_BEATS,
        BAR_BEATS,
        120.0,
        "host",
        "locked",
        0.3,
        11,
        "jack",
        0.0,
        "midi* internal",
    )
    bus.publish("counters", 128, RATE_HZ, 436_500, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, STARTED_MS)
    bus.publish("osc", 4120, 0, 0, 0, 0, 0, 0, 0, 0)
    bus.publish("callback.time", 29.0, 55.0, 71.0, 130.0, 2902.5, 0.18)
    for ago_ms, level, source, text in (
        (1_260_000, "info", "app", "the sidecar runs: 44,100 Hz, period 128, JACK server default"),
        (1_255_000, "info", "controllers", "Launch Control XL: 21 of 24 controls are mapped"),
        (640_000, "info", "preset", "late set was loaded"),
        (310_000, "warning", "controllers", "FS-1 pedal went away; its control waits for it"),
        (44_000, "warning", "latency", "beats: 128 frames were late"),
        (
            12_000,
            "error",
            "osc",
            "192.168.1.20:9000: /stems/vocal/gain_db: no such control; did you mean /stems/vocals/gain_db?",
        ),
        (2_000, "debug", "routing", "Ardour: connected sideman:drums_1 to Drums/in 1"),
    ):
        bus.publish("log", NOW_MS - ago_ms, level, source, text)


def publish_meters(bus: Bus) -> None:
    """Levels of the input, stems before and after the faders, mix and band."""

    def publish(port: str, left_db: float, right_db: float) -> None:
        bus.publish(
            "meters", port, max(left_db, right_db), left_db - 9.0, left_db, right_db, left_db - 9.0, right_db - 9.0
        )

    publish("in", -3.1, -3.6)
    for stem, left, right in STEM_LEVELS:
        publish(stem, left, right)
        gain = -120.0 if stem in MUTED else GAINS[stem]
        publish(f"{stem}.out", max(left + gain, -120.0), max(right + gain, -120.0))
    publish("mix", -3.9, -4.6)
    publish("band", -6.3, -6.9)


def publish_latency(bus: Bus) -> None:
    """Ledger, cards, workers and their health."""
    for path in ("drums", "bass", "vocals", "other", "mix"):
        bus.publish("latency", path, 1024, 1024, 0, 512, 0, 128, 384, 0, 0, 0)
    for path in ("band", "accompaniment"):
        bus.publish("latency", path, 0, 0 if path == "band" else -1, 0, 0, 0, 0, 0, 0, 0, 0)
    bus.publish("latency", "chords", 5632, 5632, 0, 4096, 0, 512, 1024, 0, 0, 0)
    bus.publish("latency", "beats", 5632, -1, 128, 4096, 0, 512, 1024, 0, 0, 0)
    bus.publish("latency.card", "JACK client", "Nothing to type: the ports publish the declared latency.")
    bus.publish(
        "latency.card",
        "Ardour",
        "Tracks that record from the sidecar need nothing: Ardour reads the port latency ranges.",
    )
    bus.publish(
        "latency.card",
        "Reaper",
        "ReaInsert, its delay: type 1,024 samples or 23.22 ms for drums, bass, vocals, other, mix.",
    )
    bus.publish(
        "latency.card",
        "Bitwig Studio",
        "HW FX, its latency offset: type 1,024 samples or 23.22 ms for drums, bass, vocals, other, mix.",
    )
    for worker, *times in WORKERS:
        bus.publish("worker.time", worker, *times)
        bus.publish("health", worker, "running")
    bus.publish("insert", "drums", "drum-glue", "running", 0, 512, 0, 0, 0, 0.04)
    bus.publish("insert.chain", "drum-glue", "", "Glues the drums: compressor and a little saturation.")


def publish_song(bus: Bus) -> None:
    """Beats, chords, key and tempo of 32 bars."""
    for bar in range(1, 34):
        label, confidence, _ = AHEAD[0] if bar == 33 else (CHORDS[(bar - 1) % len(CHORDS)], 0.93, "")
        frame = (bar - 1) * BAR_BEATS * BEAT_FRAMES
        bus.publish("mir.chord", frame, label, confidence)
        bus.publish("accompaniment.chord", frame, label, confidence)
        if bar in (1, 9):
            bus.publish("mir.key", frame, "E minor" if bar == 1 else "G major", 0.61 if bar == 1 else 0.82)
        for beat in range(1 if bar == 33 else BAR_BEATS):
            index = (bar - 1) * BAR_BEATS + beat
            bus.publish("mir.beat", index * BEAT_FRAMES, beat, BAR_BEATS, 120.0, 0.95, index)
    bus.publish("mir.tempo", 0, 120.0, 0.97)
    bus.publish("mir.onset", NOW_FRAME - 5000, 0.8, 0.9)
    bus.publish("mir.note", NOW_FRAME - 5000, 1, 69.0, 96, 0.88)


def publish_band(bus: Bus) -> None:
    """Parts, sections, decisions, the chords ahead, and the notes that are planned."""
    for part, channel in PARTS:
        bus.publish("accompaniment.part", part, channel)
    for section, bar in (("intro", 1), ("verse", 9), ("chorus", 25)):
        bus.publish("accompaniment.section", section, bar)
    for bar, (label, confidence, source) in enumerate(AHEAD):
        for beat in range(BAR_BEATS):
            index = 128 + bar * BAR_BEATS + beat
            if index > 128:
                bus.publish("accompaniment.plan", index, index * BEAT_FRAMES, label, confidence, source)
    bus.publish("accompaniment.commit", 132 * BEAT_FRAMES, 132, "foreseen", "loop", 4.2)
    bus.publish("accompaniment.lookahead", 4.0, 4.2, 3.9, 0)
    for level, beats in (("foreseen", 121), ("held", 6), ("tonic", 1)):
        bus.publish("accompaniment.level", level, beats)
    for beat in range(112, 133):
        _publish_notes(bus, beat)


def _publish_notes(bus: Bus, beat: int) -> None:
    start, eighth = beat * BEAT_FRAMES, BEAT_FRAMES // 2
    notes = [(0, 4000, "drums", 51, 80), (eighth, 4000, "drums", 42, 60)]
    notes += [(0, 4000, "drums", 36, 100)] if beat % 2 == 0 else [(0, 4000, "drums", 38, 96)]
    notes += [(0, 20_000, "bass", 33 + (beat % 4) * 2, 90)]
    if beat % 2:
        notes += [(eighth, 2 * BEAT_FRAMES, "keys", pitch, 72) for pitch in (57, 60, 64, 67)]
    if beat % BAR_BEATS == 0:
        notes += [(0, 4 * BEAT_FRAMES - 2000, "pad", pitch, 50) for pitch in (64, 69, 72)]
    notes += [(eighth, 6000, "guitar", 64 + beat % 3, 66)]
    for at, length, part, pitch, velocity in notes:
        bus.publish("accompaniment.note", start + at, length, part, pitch, velocity, beat)


def publish_controllers(bus: Bus) -> None:
    """Two controllers, bindings, and a fader that is being learned."""
    bus.publish(
        "controllers.device",
        "Launch Control XL",
        "novation_launch_control_xl.toml",
        "Launch Control XL",
        "Launch Control XL",
        "confirmed",
        "",
    )
    bus.publish(
        "controllers.device", "FS-1 pedal", "fs-1.toml", "", "", "missing", "plug it in: it is taken up again by itself"
    )
    for message, control, state in (
        ("CC 77", "stems.drums.gain_db", "picked up"),
        ("CC 78", "stems.bass.gain_db", "picked up"),
        ("CC 79", "stems.vocals.gain_db", "move to 83 %"),
        ("Note 43", "stems.vocals.mute", ""),
        ("CC 21", "accompaniment.band.intensity", "picked up"),
        ("Note 36", "transport.panic", ""),
    ):
        bus.publish("controllers.binding", f"Launch Control XL/{message}", "Launch Control XL", message, control, state)
    bus.publish("controllers.binding", "FS-1 pedal/CC 64", "FS-1 pedal", "CC 64", "accompaniment.band.dropout", "")
    bus.publish("controllers.message", "Launch Control XL", "CC 79 channel 9", 64, "stems.vocals.gain_db")
    bus.publish("controllers.counters", 512, 2048, 0, 0)
    bus.publish("learn.state", "off", "", "", "", "", "")


def publish_presets(bus: Bus) -> None:
    """Shipped presets and those of the user."""
    for preset, origin, controls, doc, problem in (
        ("drumless", "shipped", 8, "Everything but the drums, for a drummer to play along.", ""),
        ("karaoke", "shipped", 8, "Everything but the voice.", ""),
        ("late set", "user", 52, "Club, after midnight.", ""),
        (
            "old tour",
            "user",
            0,
            "",
            "old tour.toml: line 7: stems.vox.mute: no such control; did you mean stems.vocals.mute?",
        ),
        ("rehearsal", "shipped", 24, "The rhythm section in front, voice and the rest behind as a guide.", ""),
        ("soundcheck", "user", 49, "", ""),
    ):
        bus.publish("preset.entry", preset, origin, controls, doc, problem)
    bus.publish("preset.current", "late set", 6)


def publish_routing(bus: Bus) -> None:
    """A DAW, the sidecar and a sound card; vocals have one side connected, the band's connections wait."""
    stems = ("drums", "bass", "vocals", "other", "mix", "band")
    for client, names, direction, physical in (
        ("sideman", stems, "out", 0),
        ("ardour", ("Master/audio_out",), "out", 0),
        ("ardour", ("Drums/audio_in", "Bass/audio_in", "Vocals/audio_in", "Other/audio_in", "Mix/audio_in"), "in", 0),
        ("sideman", ("in",), "in", 0),
        ("system", ("capture",), "out", 1),
        ("system", ("playback",), "in", 1),
    ):
        for name in names:
            for side in ("1", "2"):
                own = f"{name}_{side}" if client != "ardour" else f"{name} {side}"
                latency = 1024 if client == "sideman" and direction == "out" and name != "band" else 0
                bus.publish("routing.port", f"{client}:{own}", client, own, "audio", direction, physical, name, latency)
    for client, name, direction in (
        ("sideman", "accompaniment", "out"), ("sideman", "chords", "out"), ("sideman", "clock", "out"),
        ("ardour", "Keys/midi_in", "in"), ("ardour", "Clock in", "in"),
    ):  # fmt: skip
        bus.publish("routing.port", f"{client}:{name}", client, name, "midi", direction, 0, "", 0)
    pairs = [(f"sideman:{s}_{n}", f"ardour:{s.title()}/audio_in {n}") for s in ("drums", "bass", "mix") for n in (1, 2)]
    pairs += [(f"ardour:Master/audio_out {n}", f"sideman:in_{n}") for n in (1, 2)]
    pairs += [(f"sideman:mix_{n}", f"system:playback_{n}") for n in (1, 2)]
    pairs += [("sideman:vocals_1", "ardour:Vocals/audio_in 1"), ("sideman:accompaniment", "ardour:Keys/midi_in")]
    pairs += [("sideman:other_1", "ardour:Other/audio_in 2"), ("sideman:other_2", "ardour:Other/audio_in 1")]
    away = [(f"sideman:band_{n}", f"ardour:Band/audio_in {n}") for n in (1, 2)] + [("sideman:clock", "qsynth:midi")]
    for state, links in (("made", pairs), ("away", away)):
        for source, destination in links:
            bus.publish("routing.link", f"{source} > {destination}", source, destination, state)
    for scene, links_count, made, active in (("stage", 16, 14, 1), ("rehearsal", 12, 0, 0), ("bounce", 9, 0, 0)):
        bus.publish("routing.scene", scene, links_count, made, active)
    bus.publish("routing.event", NOW_MS - 420_000, "restored", "stage", "14 of 16")
    bus.publish("routing.event", NOW_MS - 17_000, "away", "sideman:clock", "qsynth:midi")
    bus.publish("routing.event", NOW_MS - 3_000, "cut", "sideman:vocals_2", "ardour:Vocals/audio_in 2")


def publish_jobs(bus: Bus) -> None:
    """Five jobs in each of the states."""
    bus.publish(
        "jobs", "3", "separate", "album/", "runs", 0.42, 6, 12, 250.0, 14.0, "/music/stems", "07 Blue in Green.flac"
    )
    bus.publish("jobs", "4", "analyze", "song.flac", "runs", 0.88, 0, 1, 6.0, 31.0, "/music/maps", "chords")
    bus.publish("jobs", "5", "accompany", "song.wav", "waits", 0.0, 0, 1, -1.0, 0.0, "/music/band", "")
    bus.publish("jobs", "2", "separate", "live.wav", "done", 1.0, 1, 1, 0.0, 13.0, "/music/stems", "")
    bus.publish(
        "jobs",
        "1",
        "analyze",
        "broken.mp3",
        "failed",
        0.1,
        0,
        1,
        -1.0,
        0.0,
        "/music/maps",
        "broken.mp3: no audio in it; is it whole?",
    )
    for name, state, share, detail in (
        ("05 So What.flac", "done", 1.0, ""), ("06 Freddie Freeloader.flac", "done", 1.0, ""),
        ("07 Blue in Green.flac", "runs", 0.4, "2:14 of 5:37"), ("08 All Blues.flac", "waits", 0.0, ""),
        ("09 Flamenco Sketches.flac", "waits", 0.0, ""),
    ):  # fmt: skip
        bus.publish("jobs.file", f"3/{name}", "3", state, share, detail)


GROUPS: tuple[Callable[[Bus], None], ...] = (
    publish_sidecar,
    publish_meters,
    publish_latency,
    publish_song,
    publish_band,
    publish_controllers,
    publish_presets,
    publish_routing,
    publish_jobs,
    publish_live,
)
