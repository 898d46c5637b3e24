"""Connection readings: MIDI controllers, JACK connections and Ableton Live."""

from __future__ import annotations

from bridge.core.control import Reading

CONNECTION_READINGS: tuple[Reading, ...] = (
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
)
