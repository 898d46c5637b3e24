"""Declarations of the sidecar's own actions; engines add controls of their own."""

from __future__ import annotations

from bridge.core.control import Action

ACTIONS: tuple[Action, ...] = (
    Action("transport.panic", "Release all sounding notes."),
    Action("engines.reset", "Reset the engines."),
    Action(
        "preset.save",
        "Save the controls as a session preset in the user's folder; doc: its description.",
        arguments=("name", "doc"),
        optional=1,
        uses_files=True,
    ),
    Action(
        "preset.load", "Load a session preset: set the controls that it names.", arguments=("name",), uses_files=True
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
)
