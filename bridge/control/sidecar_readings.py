"""Declarations of the sidecar's own readings; engines add controls of their own."""

from __future__ import annotations

from bridge.core.control import Reading
from bridge.core.events import CHORD_SOURCES

READINGS: tuple[Reading, ...] = (
    Reading(
        "sideman",
        ("name", "version", "protocol", "instance", "host", "pid", "started_s", "server", "rate", "state"),
        "Which sidecar this is. protocol: number of the OSC protocol. instance: differs after each start. started_s: "
        "seconds since 1970. server: the JACK server, offline or portaudio. state: running, or waiting for the JACK "
        "server or the audio device.",
    ),
    Reading(
        "change",
        ("sequence", "control", "value", "source"),
        "A control was set to a value by a source: osc, an address and a port; controller; preset. sequence: number "
        "of the change since the start, so that a gap shows a lost message.",
        queued=True,
        history=200,
    ),
    Reading(
        "log",
        ("time_ms", "level", "source", "text"),
        "A line of the sidecar's log. time_ms: since 1970. level: debug, info, warning, error.",
        queued=True,
        history=200,
    ),
    Reading(
        "counters",
        (
            "period",
            "rate",
            "cycles",
            "skipped",
            "gap_frames",
            "late_frames",
            "xruns",
            "restarts",
            "late_events",
            "lost_events",
            "slips",
            "faults",
            "dropped_hops",
            "since_ms",
        ),
        "Period (frames) and rate (Hz) of the audio system, and faults since the counters were reset. "
        "late_events: MIDI events that were ready after their time. lost_events: MIDI messages that were too long, "
        "or too many at once, at an input or output. slips: periods that overlap the previous one in JACK's time. "
        "faults: hops in which an engine failed. dropped_hops: hops that a worker skipped to catch up. since_ms: "
        "time of the reset, since 1970.",
    ),
    Reading(
        "audio.device",
        ("state", "input", "output", "rate", "drift_ppm", "lost", "reopenings"),
        "The audio devices that the sidecar runs on without JACK. state: running, gone. drift_ppm: by how many "
        "millionths the input's clock runs faster than the output's; 0 until it is known. lost: callbacks before which "
        "frames were lost, as the device says, since it was opened. reopenings: how often it was opened again.",
    ),
    Reading(
        "latency",
        (
            "path",
            "declared",
            "measured",
            "late",
            "model",
            "upstream",
            "buffering",
            "reserve",
            "user_offset",
            "period",
            "insert",
        ),
        "Declared and measured latency of a path (-1: not measured) and its late frames, all in frames. A frame is "
        "late where stems were missing and the mix took their place, at the output or in the path's analyser. For "
        "the band: where its audio was missing. declared is the sum of model (the engine), upstream (its sources), "
        "buffering, reserve, user_offset and insert (the insert points that it passes); period: what a loop through "
        "JACK adds.",
        keyed=True,
    ),
    Reading(
        "mir.beat",
        ("frame", "number", "bar_beats", "tempo", "confidence", "index"),
        "A beat at frame. number: position in the bar, 0 is the downbeat. index: counts from the start of the song.",
        history=200,
    ),
    Reading("mir.tempo", ("frame", "bpm", "confidence"), "The tempo from frame on, in quarter notes per minute."),
    Reading("mir.key", ("frame", "label", "confidence"), "The key from frame on, such as A minor.", history=50),
    Reading(
        "mir.chord",
        ("frame", "label", "confidence"),
        "The chord from frame on, such as Am7; N: no chord.",
        history=200,
    ),
    Reading("mir.onset", ("frame", "strength", "confidence"), "An onset at frame; strength 0 to 1.", queued=True),
    Reading(
        "mir.note",
        ("frame", "on", "pitch", "velocity", "confidence"),
        "A note of the analysed voice starts (on 1) or ends (on 0) at frame; pitch 69.0 is 440 Hz.",
        queued=True,
    ),
    Reading(
        "accompaniment.chord",
        ("frame", "label", "confidence"),
        "The chord that the accompaniment plays at frame, decided one lookahead before it; N: no chord.",
        history=200,
    ),
    Reading(
        "accompaniment.commit",
        ("frame", "beat", "level", "source", "lookahead_beats"),
        "The accompaniment has decided the beat at frame, lookahead_beats before it. level: foreseen, held, tonic, "
        f"drums or silence. source: of its chord, one of {', '.join(CHORD_SOURCES)}.",
    ),
    Reading(
        "accompaniment.level",
        ("level", "beats"),
        "Beats that the accompaniment has decided at each level since the counters were reset.",
        keyed=True,
    ),
    Reading(
        "worker.time",
        ("worker", "p50_ms", "p99_ms", "p999_ms", "max_ms", "share"),
        "Time per hop of an engine's worker since the counters were reset, and its share of a CPU core (1: all of it).",
        keyed=True,
    ),
    Reading(
        "osc",
        ("received", "malformed", "refused", "excess", "dropped", "lost", "unanswered", "unsent", "failed"),
        "OSC datagrams since the start, and their outcome. refused: from peers without access. excess: messages "
        "beyond the limit of one datagram. dropped: by the server, from a peer that sent more than its share. lost: "
        "by the system, with its buffer full. unanswered: errors beyond the rate limit. unsent: other replies.",
    ),
    Reading(
        "health",
        ("worker", "state"),
        "State of an engine's worker: starting, running, stalled, died (why), stopped; off at an unsupported rate.",
        keyed=True,
    ),
    Reading(
        "meters",
        ("port", "peak_db", "rms_db", "left_peak_db", "right_peak_db", "left_rms_db", "right_rms_db"),
        "Peak and RMS level in dBFS: of the loudest channel, and of each. port: in; a stem (before fader and mute), "
        "the same with .out (after them); mix; band. Until they are sent, the maximum of each is kept.",
        keyed=True,
        peaks=True,
    ),
    Reading(
        "controllers.device",
        ("device", "mapping", "input", "output", "state", "detail"),
        "A controller, its mapping and its ports. state: confirmed (the device answered), port (the ports are open), "
        "taken (by another program), missing, refused (its mapping has an error). detail: what to do about it.",
        keyed=True,
    ),
    Reading(
        "controllers.message",
        ("device", "message", "value", "control"),
        "The last message of a controller, and the control or action that it is bound to; at most 20 a second.",
    ),
    Reading(
        "controllers.binding",
        ("binding", "device", "message", "control", "state"),
        "A fader, knob or button of a controller, and what it does, with the value that it sets. state: of a fader "
        "that has yet to be moved to the present value, where it is (soft takeover); or the layer that it belongs to.",
        keyed=True,
    ),
    Reading(
        "controllers.counters",
        ("received", "sent", "lost", "incomplete"),
        "MIDI messages from and to controllers since the start. Lost: there were too many at once, counted at "
        "control_in and control_out alone; incomplete: system exclusive messages without an end.",
    ),
    Reading(
        "learn.state",
        ("state", "control", "device", "message", "kind", "detail"),
        "What learning does: off, listening, learned, forgotten, undone or refused, and for which control. detail: "
        "what the user does next, or why it was refused.",
    ),
    Reading(
        "learn.candidate",
        ("rank", "device", "message", "kind", "movement", "conflict"),
        "What has been moved since learning began, the likeliest first. conflict: what it is bound to already.",
        keyed=True,
    ),
    Reading(
        "clock",
        (
            "frame",
            "time_ms",
            "rolling",
            "bar",
            "beat",
            "bar_beats",
            "tempo_bpm",
            "leader",
            "lock",
            "jitter_ms",
            "changes",
            "source",
            "drift_ppm",
            "candidates",
        ),
        "Where the music is. frame: now, in the stream; time_ms: the same moment since 1970. bar and beat: from 1, the "
        "beat with its fraction; both 0 where no song position is known. A pick-up is in bar 0. leader: host, detected "
        "or none. lock: locked, searching or free. jitter_ms: of the last beats against an even tempo, its median. "
        "changes: of controls so far. source: the clock that leads, one of the choices of clock.source, or none. "
        "drift_ppm: by how many millionths its time runs faster than the audio's; 0 where it cannot be known, as with "
        "MIDI clock. candidates: the other clocks that are there, with a star if they run.",
    ),
    Reading(
        "transport.timebase",
        ("state", "text"),
        "Whether bars and beats of JACK's transport are ours. state: off, master, refused while another program is its "
        "timebase master, none without JACK. text: a sentence about it.",
    ),
    Reading(
        "accompaniment.note",
        ("frame", "length_frames", "part", "pitch", "velocity", "beat"),
        "A note that a part will play at frame, published when its beat was decided. length_frames: as planned; a "
        "change of the chord ends it earlier. pitch: MIDI note number. beat: its start, in beats of the song, from 0.",
        queued=True,
        history=200,
    ),
    Reading(
        "accompaniment.withdrawn",
        ("frame",),
        "Planned notes from frame on will not sound: the music broke off.",
        queued=True,
    ),
    Reading(
        "accompaniment.part",
        ("part", "channel"),
        "A part of the accompaniment and its MIDI channel, from 1.",
        keyed=True,
    ),
    Reading(
        "accompaniment.plan",
        ("beat", "frame", "label", "confidence", "source"),
        "A chord that the accompaniment has decided or expects, at the present beat and those to come, counted from 0. "
        f"Rows of beats that have passed go away. source: one of {', '.join(CHORD_SOURCES)}.",
        keyed=True,
    ),
    Reading(
        "accompaniment.section",
        ("section", "bar"),
        "The section that the accompaniment plays, since this bar.",
        history=50,
    ),
    Reading(
        "accompaniment.lookahead",
        ("asked_beats", "kept_beats", "least_beats", "late"),
        "How far ahead the accompaniment decides: as asked, as kept at the last beat, and since the counters were "
        "reset the least, without the first beats after a start, and how many beats were decided too late.",
    ),
    Reading(
        "callback.time",
        ("p50_us", "p99_us", "p999_us", "max_us", "period_us", "dsp_load"),
        "Time of the audio callback since the counters were reset, the period that it has, and the load that the "
        "audio system reports (1: all of the period).",
    ),
    Reading(
        "latency.card", ("daw", "detail"), "What to enter in a DAW so that it compensates the latencies.", keyed=True
    ),
    Reading(
        "preset.entry",
        ("preset", "origin", "controls", "doc", "problem"),
        "A session preset and how many controls it names. origin: user or shipped. problem: why it cannot be loaded.",
        keyed=True,
    ),
    Reading(
        "preset.current",
        ("preset", "changed"),
        "The preset that was loaded or saved last, and how many of its controls have another value now.",
    ),
    Reading(
        "routing.port",
        ("port", "client", "name", "kind", "direction", "physical", "pair", "latency_frames"),
        "A port of the audio system. port: its full name. name: its pretty name, or the part behind the client. kind: "
        "audio or midi. direction: out (a source) or in. physical: 1 for a port of a device. pair: the name that it "
        "shares with the other channel of a stereo pair; client:pair names both. latency_frames: before a source, or "
        "behind a destination.",
        keyed=True,
    ),
    Reading(
        "routing.link",
        ("link", "source", "destination", "state"),
        "A connection of two ports. link: source > destination. state: made; away (wanted, and a port is missing).",
        keyed=True,
    ),
    Reading(
        "routing.scene",
        ("scene", "links", "made", "active"),
        "A saved set of connections, how many of them are made, and whether it was restored or saved last. links: -1 "
        "if its file has an error; restoring it says which.",
        keyed=True,
    ),
    Reading(
        "routing.event",
        ("time_ms", "event", "source", "destination"),
        "A change of the connections. event: connected; cut; away (its port left, it is wanted still); restored (its "
        "port is back; or a scene, then source is its name and destination how many are made). time_ms: since 1970.",
        queued=True,
        history=50,
    ),
    Reading(
        "jobs",
        ("job", "kind", "what", "state", "share", "done", "of", "left_s", "speed", "folder", "detail"),
        "A job on files. state: waits, runs, paused, done, failed, cancelled. share: 0 to 1. done and of: files. "
        "left_s: -1 where unknown. speed: seconds of audio per second. detail: the present file and step, or the "
        "error.",
        keyed=True,
    ),
    Reading(
        "ableton.state",
        ("state", "version", "detail"),
        "Whether Ableton Live answers through AbletonOSC. state: off, searching, connected, lost. version: of Live. "
        "detail: what to do about it, such as which program has one of the ports.",
    ),
    Reading(
        "ableton.transport",
        ("rolling", "beat", "tempo_bpm", "numerator", "denominator"),
        "Live's transport. beat: from the start of the set, as Live said last, about once a second.",
    ),
    Reading("ableton.track", ("track", "name", "kind"), "A track of Live, from 1. kind: midi or audio.", keyed=True),
    Reading("ableton.scene", ("scene", "name"), "A scene of Live, from 1.", keyed=True),
    Reading(
        "ableton.clip",
        ("slot", "part", "state", "done", "of", "detail"),
        "A clip that was written: slot is track/scene. state: writing, written or failed. done and of: ranges of "
        "notes. detail: why it failed.",
        keyed=True,
    ),
    Reading(
        "ableton.client",
        ("client", "received", "sent"),
        "A program that shares AbletonOSC through the hub, and how many messages came from it and went to it.",
        keyed=True,
    ),
    Reading(
        "jobs.file",
        ("file", "job", "state", "share", "detail"),
        "A file of a job that runs. file: the number of the job, a slash, and the file. state: as of a job.",
        keyed=True,
    ),
)
