"""Command ``sideman devices``: the audio devices that PortAudio finds, and what Sideman would use."""

from __future__ import annotations

from dataclasses import asdict

from bridge.drivers.audio_system import PORTAUDIO
from bridge.drivers.portaudio.devices import LIST_FIX, AudioDevice, find_devices
from bridge.drivers.portaudio.library import PortAudioLibrary
from bridge.errors import DriverError
from bridge.printing import Printer, columns, one_line
from bridge.settings import Settings
from bridge.streams import write_json

CHOOSE = "choose others by words of their names: --input and --output, or [audio] in sideman.toml"
ON_JACK = "sideman run uses JACK, and these devices with --audio portaudio"


def show_audio_devices(settings: Settings, json_: bool) -> None:
    """Print the devices, those that ``settings`` choose marked.

    Raises:
        DriverError: PortAudio is missing.
    """
    library = PortAudioLibrary(server=settings.jack.server)
    try:
        devices = library.list_devices()
    finally:
        library.close()
    audio = settings.audio
    chosen: tuple[AudioDevice | None, AudioDevice | None] = (None, None)
    problem = ""
    try:
        chosen = find_devices(devices, audio.api, audio.input, audio.output)
    except DriverError as error:
        problem = str(error).removesuffix(f"; {LIST_FIX}")  # they are listed here
    if json_:
        write_json({"devices": [asdict(one) | {"use": describe_use(one, chosen)} for one in devices]})
        return
    console = Printer()
    table = columns("device", "host API", "in", "out", "Hz", "use", left=("device", "host API", "use"))
    for one in devices:
        cells = (one.name, one.api, one.inputs, one.outputs, one.rate, describe_use(one, chosen))
        table.add_row(*map(one_line, cells))
    if devices:
        console.print(table)
        console.say(CHOOSE if audio.system == PORTAUDIO else f"{ON_JACK}; {CHOOSE}")
    if problem:
        console.say(problem, "yellow")


def describe_use(device: AudioDevice, chosen: tuple[AudioDevice | None, AudioDevice | None]) -> str:
    """What a sidecar would use ``device`` for; ``chosen``: its input and output."""
    return " and ".join(use for use, one in zip(("input", "output"), chosen, strict=True) if one == device)
