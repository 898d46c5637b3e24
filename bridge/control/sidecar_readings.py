"""Declarations of the sidecar's own readings; engines add controls of their own."""

from __future__ import annotations

from bridge.control.connection_readings import CONNECTION_READINGS
from bridge.control.music_readings import MUSIC_READINGS
from bridge.core.control import Reading

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
        "jobs",
        ("job", "kind", "what", "state", "share", "done", "of", "left_s", "speed", "folder", "detail"),
        "A job on files. state: waits, runs, paused, done, failed, cancelled. share: 0 to 1. done and of: files. "
        "left_s: -1 where unknown. speed: seconds of audio per second. detail: the present file and step, or the "
        "error.",
        keyed=True,
    ),
    Reading(
        "jobs.file",
        ("file", "job", "state", "share", "detail"),
        "A file of a job that runs. file: the number of the job, a slash, and the file. state: as of a job.",
        keyed=True,
    ),
    *MUSIC_READINGS,
    *CONNECTION_READINGS,
)
