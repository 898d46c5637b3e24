"""Declarations of the sidecar's own actions; engines add controls of their own."""

from __future__ import annotations

from bridge.core.control import Action

ROUTING_RESULT = ("event", "source", "destination")
"""Outcome for each connection: connected, cut, or away, which waits for a port."""

ACTIONS: tuple[Action, ...] = (
    Action(
        "transport.panic",
        "Release all sounding notes. With the argument dry also switch to the dry mix, as stems.dry does.",
        arguments=("dry",),
        optional=1,
    ),
    Action(
        "transport.start",
        "Start the transport: JACK's, or of a sidecar that runs offline its song; the internal one where that is the "
        "clock, or where there is no other; with transport under [daw] also the DAW's. Refused where the clock is one "
        "that cannot be asked, and no DAW is.",
        uses_files=True,
    ),
    Action("transport.stop", "Stop the transport, as transport.start starts it.", uses_files=True),
    Action(
        "transport.locate",
        "Move the transport to a beat: quarter notes from the song's start, from 0. The DAW, with transport under "
        "[daw], goes to its time by the clock's tempo. Refused where the clock is one that cannot be asked, and no "
        "DAW is.",
        arguments=("beat",),
        uses_files=True,
    ),
    Action(
        "transport.tap",
        "Tap the tempo: from the second tap on it is set as the tempo prior, doubled or halved into its range; where "
        "the clock has a tempo that can be set, as that.",
        result=("bpm", "taps"),
    ),
    Action(
        "accompaniment.regenerate",
        "Let the band play another performance from the next bar on: a new random seed.",
        result=("seed",),
    ),
    Action("engines.reset", "Reset the engines."),
    Action(
        "preset.save",
        "Save the controls as a session preset in the user's folder; doc: its description.",
        arguments=("name", "doc"),
        optional=1,
        uses_files=True,
    ),
    Action(
        "preset.load",
        "Load a session preset: set the controls that it names. The result: its chains that cannot run live, and why.",
        arguments=("name",),
        uses_files=True,
        result=("control", "chain", "obstacle"),
    ),
    Action(
        "preset.show",
        "List the controls that a session preset names, and their values.",
        arguments=("name",),
        uses_files=True,
        result=("control", "value"),
    ),
    Action("preset.rename", "Give a session preset of yours another name.", arguments=("name", "new"), uses_files=True),
    Action(
        "preset.delete",
        "Delete a session preset of yours. A shipped one that it took the place of is there again.",
        arguments=("name",),
        uses_files=True,
    ),
    Action(
        "preset.describe",
        "Set the description of a session preset of yours; an empty one removes it.",
        arguments=("name", "doc"),
        uses_files=True,
    ),
    Action(
        "latency.tune",
        "Set each worker's reserve to the minimum that 99.9 % of its hops meet, unless it runs ahead of the input.",
    ),
    Action(
        "latency.measure",
        "Measure every path on the JACK server: an impulse and a note are sent through, and can be audible; the paths "
        "are pure delays for two seconds. Refused while a transport or MIDI clock runs, unless mode is anyway.",
        arguments=("mode",),
        optional=1,
        uses_files=True,
        result=("path", "declared", "measured"),
    ),
    Action(
        "inserts.reload",
        "Read the file of the chain at this insert point again, at all points without one: it fades out, and in again "
        "when it is loaded.",
        arguments=("point",),
        optional=1,
        uses_files=True,
    ),
    Action("counters.reset", "Set all counters to 0: late frames, skipped cycles, xruns, late and lost MIDI events."),
    Action(
        "controllers.reload",
        "Open the MIDI controllers anew and read their mappings again; one that is refused leaves the last good one.",
        uses_files=True,
    ),
    Action(
        "learn.start",
        "Learn which fader, knob or button is to set this control or trigger this action: move it now.",
        arguments=("control",),
        uses_files=True,
    ),
    Action(
        "learn.take",
        "Bind the candidate of this rank, 1 is the likeliest, and write the mapping.",
        arguments=("rank",),
        uses_files=True,
    ),
    Action(
        "learn.forget",
        "Remove what sets this control, or triggers this action, from the mapping.",
        arguments=("control",),
        uses_files=True,
    ),
    Action("learn.undo", "Restore the mapping as it was before the last change by learning.", uses_files=True),
    Action("learn.cancel", "End learning, and bind nothing."),
    Action(
        "routing.connect",
        "Connect two ports of any clients: a source, then a destination, by full names. The name of a stereo pair "
        "means both its channels; a pair is connected whole or not at all.",
        arguments=("source", "destination"),
        uses_files=True,
        result=ROUTING_RESULT,
    ),
    Action(
        "routing.cut",
        "Cut all connections between two ports or stereo pairs; those that wait for a port are forgotten.",
        arguments=("source", "destination"),
        uses_files=True,
        result=ROUTING_RESULT,
    ),
    Action(
        "routing.undo", "Take back the last connecting, cutting or restoring.", uses_files=True, result=ROUTING_RESULT
    ),
    Action("routing.redo", "Do again what routing.undo took back.", uses_files=True, result=ROUTING_RESULT),
    Action(
        "routing.save",
        "Save all connections as a scene in the user's folder, those that wait for a port too. It becomes the active "
        "scene.",
        arguments=("scene",),
        uses_files=True,
    ),
    Action(
        "routing.restore",
        "Make the connections of a scene, at once or when their ports appear. Cut are those of the scene before it, "
        "and others between the ports that it names.",
        arguments=("scene",),
        uses_files=True,
        result=ROUTING_RESULT,
    ),
    Action("routing.delete", "Delete a scene; its connections stay.", arguments=("scene",), uses_files=True),
    Action(
        "jobs.start",
        "Start a job on files: kind is separate, analyze, accompany, render or batch, the arguments are as on the "
        "command line, sources first and all paths absolute; those of batch begin with the command. The result is its "
        "number.",
        arguments=("kind", "argument"),
        repeats=True,
        result=("job",),
        uses_files=True,
    ),
    Action(
        "jobs.cancel",
        "End a job. What is finished stays.",
        arguments=("job",),
        uses_files=True,
    ),
    Action(
        "jobs.pause",
        "Let a job stand still.",
        arguments=("job",),
        uses_files=True,
    ),
    Action(
        "jobs.resume",
        "Let a paused job go on, in its turn.",
        arguments=("job",),
        uses_files=True,
    ),
    Action(
        "jobs.retry",
        "Run a job again that has ended: what failed or was left, or all where all was done.",
        arguments=("job",),
        uses_files=True,
    ),
    Action(
        "jobs.remove",
        "Take a job that has ended from the list. Its results stay.",
        arguments=("job",),
        uses_files=True,
    ),
    Action("daw.start", "Start the transport of the DAW of [daw], by OSC.", uses_files=True),
    Action("daw.stop", "Stop the transport of the DAW of [daw], by OSC.", uses_files=True),
    Action("daw.locate", "Move the DAW of [daw] to this time of its session.", arguments=("seconds",), uses_files=True),
    Action(
        "daw.position",
        "Where the transport of the DAW of [daw] is, and whether it rolls. Ardour alone.",
        result=("seconds", "rolling"),
        uses_files=True,
    ),
    Action(
        "daw.marker",
        "Add a marker in the DAW of [daw]; in Ardour while its transport is stopped, and where none is at that sample. "
        "Reaper numbers it, and takes no name.",
        arguments=("seconds", "name"),
        uses_files=True,
    ),
    Action(
        "daw.markers",
        "Add a marker in the DAW of [daw] for each section of a song: file is band.mid of sideman accompany; or for "
        "each key: the song map (.json) of sideman analyze. The song begins at 0. A second time adds none twice; "
        "Reaper does not say what it has, so there again sends all once more.",
        arguments=("file", "again"),
        optional=1,
        result=("seconds", "name"),
        uses_files=True,
    ),
    Action("ableton.play", "Let Ableton Live play on from where it stands."),
    Action("ableton.stop", "Stop Ableton Live."),
    Action("ableton.tempo", "Set the tempo of Ableton Live.", arguments=("bpm",), uses_files=True),
    Action(
        "ableton.fire_scene", "Fire a scene of Ableton Live, by its number from 1 or its name.", arguments=("scene",)
    ),
    Action(
        "ableton.write",
        "Write what a part of the band has played last into a clip of Ableton Live: whole bars, 4 by default. track: "
        "its number from 1, or its name. The slot is empty, or has a clip that was written by this action.",
        arguments=("part", "track", "slot", "bars"),
        optional=1,
        uses_files=True,
        result=("track", "slot", "notes", "beats"),
    ),
    Action(
        "ableton.import",
        "Write a track of a MIDI file, such as accompany makes, into a clip of Ableton Live, as ableton.write does. "
        "file: its whole path. part: the name of its track, or its number from 1.",
        arguments=("file", "part", "track", "slot"),
        uses_files=True,
        result=("track", "slot", "notes", "beats"),
    ),
    Action(
        "ableton.launch",
        "Start a clip of Ableton Live on a bar; one that ableton.write has written is in phase with the song. "
        "offset_beats: how far its position is measured ahead of the song's.",
        arguments=("track", "slot"),
        uses_files=True,
        result=("beat", "offset_beats", "tries"),
    ),
    Action(
        "ableton.wire",
        "Make tracks in Ableton Live that take the stems and the band, and set their inputs from the lists that Live "
        "shows. first: the audio input with the left channel of the first stem, 1 by default.",
        arguments=("first",),
        optional=1,
        uses_files=True,
        result=("track", "setting", "value"),
    ),
    Action(
        "jobs.log",
        "The last lines that a job's command printed.",
        arguments=("job",),
        result=("line",),
        uses_files=True,
    ),
)
