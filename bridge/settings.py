"""Settings of ``sideman run``: the user's ``sideman.toml``, with a default for each key."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from bridge.config import SCHEMA, Table, read_toml, user_dir
from bridge.core.clock import AUTO, CLOCK_SOURCES
from bridge.core.role import ROLES
from bridge.names import why_not_jack

SETTINGS_FILE = "sideman.toml"
LONGEST_TOKEN = 1024
ChannelNumber = Annotated[int, msgspec.Meta(ge=1, le=1024)]
PortNumber = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class OscSettings(Table, frozen=True):
    """Where the OSC server listens (UDP)."""

    host: str = "127.0.0.1"
    port: PortNumber = 9123


class LanSettings(Table, frozen=True):
    """Who else may reach the OSC server: both are needed before it binds anything but loopback.

    ``allow``: addresses or networks, such as ``192.168.1.0/24``. ``token``: what a peer sends with ``/auth``.
    """

    allow: tuple[str, ...] = ()
    token: str = ""

    def __post_init__(self) -> None:
        for entry in self.allow:
            ipaddress.ip_network(entry, strict=False)
        if not self.token.isprintable() or len(self.token) > LONGEST_TOKEN:
            raise ValueError(f"the token has control characters, or more than {LONGEST_TOKEN}: no message can carry it")


class OscQuerySettings(Table, frozen=True):
    """OSCQuery: what can be set and read, over HTTP and WebSocket (TCP), for clients that ask instead of being set up.

    ``enabled``: serve it. ``host``: where it listens; beyond loopback with [lan] alone, as OSC. ``port``: 0 for the
    number of OSC's. ``advertise``: by zeroconf, with the extra ``discovery``.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    advertise: bool = False


NO_OSCQUERY = OscQuerySettings(enabled=False)
"""For a sidecar that measures, which nobody else asks for anything."""


class JackSettings(Table, frozen=True):
    """``server``: JACK's server name, empty for the default one. ``client``: our name on it."""

    server: str = ""
    client: Annotated[str, msgspec.Meta(min_length=1)] = "sideman"

    def __post_init__(self) -> None:
        for kind, name in (("client", self.client), ("server", self.server or "default")):
            if why := why_not_jack(name):
                raise ValueError(f"{kind} {name!r}: {why}")
        # a client named like its server breaks that server for everyone who comes later (status 0x11)
        if self.client == (self.server or "default"):
            raise ValueError(f"the client name {self.client!r} equals the server's name")


class AudioSettings(Table, frozen=True):
    """What the sidecar runs on.

    ``system``: ``jack``, or ``portaudio`` for the devices of the machine; the other keys are PortAudio's alone.
    ``api``: words of a host API's name (``core audio``, ``wasapi``, ``asio``), empty for PortAudio's default.
    ``input``, ``output``: words of a device's name, empty for the default one; ``none`` for no input. ``rate``: in Hz,
    0 for the output's own. ``input_channels``: the two that the graph gets, from 1. ``outputs``: an audio path for each
    pair of channels, several joined by +, - for silence; none for as many as there are pairs. ``midi``: offer virtual
    MIDI ports in place of those of JACK.
    """

    system: Literal["jack", "portaudio"] = "jack"
    api: str = ""
    input: str = ""
    output: str = ""
    rate: Annotated[int, msgspec.Meta(ge=0, le=384_000)] = 0
    input_channels: tuple[ChannelNumber, ChannelNumber] = (1, 2)
    outputs: tuple[str, ...] = ()
    midi: bool = True


class ControllerSettings(Table, frozen=True):
    """MIDI controllers.

    ``midi``: open the system's MIDI devices. ``api``: of which MIDI system, empty for the system's own (ALSA, CoreMIDI,
    WinMM). JACK is none of them: python-rtmidi holds Python's lock while it opens a client, JACK meanwhile waits for
    Python callbacks of the sidecar's own client, and both stand still. ``mcu``: with ``midi``, offer the DAW ports as a
    Mackie Control, on systems that have virtual ports.
    ``control_in``: the mapping of the JACK port control_in, empty to choose it by the names of what is connected there;
    ``mcu``: control_in and control_out are a Mackie Control for a DAW.
    """

    midi: bool = True
    api: Literal["", "alsa", "coremidi", "winmm"] = ""
    mcu: bool = True
    control_in: str = ""


NO_DEVICES = ControllerSettings(midi=False, mcu=False)
"""For a sidecar beside the user's own, which may have the devices."""


class JobSettings(Table, frozen=True):
    """Jobs on files: `separate`, `analyze`, `accompany` and `render` beside the music.

    ``enabled``: whether this sidecar runs jobs. ``parallel``: how many at a time. ``nice``: their priority, 0 as other
    programs to 19 the lowest. ``pause_when_late``: jobs stand still while callbacks come late.
    """

    enabled: bool = True
    parallel: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    nice: Annotated[int, msgspec.Meta(ge=0, le=19)] = 10
    pause_when_late: bool = True


NO_JOBS = JobSettings(enabled=False)
"""For a sidecar beside the user's own, which has the jobs."""


class ClockSettings(Table, frozen=True):
    """The clock at the start; the controls ``clock.*`` change it while the sidecar runs.

    ``source``: one of CLOCK_SOURCES. ``link``: join the Ableton Link session. ``timebase_master``: be JACK's timebase
    master. ``mtc_start_s``: MIDI time code at which the song begins, in seconds.
    """

    source: str = AUTO
    link: bool = False
    timebase_master: bool = False
    mtc_start_s: Annotated[float, msgspec.Meta(ge=0.0, le=86400.0)] = 0.0

    def __post_init__(self) -> None:
        if self.source not in CLOCK_SOURCES:
            raise ValueError(f"source {self.source!r}: give one of {', '.join(CLOCK_SOURCES)}")


class DawSettings(Table, frozen=True):
    """The OSC surface of Ardour or Reaper, for the actions ``daw.*``.

    ``kind``: which of them, empty for none. ``host``: its machine. ``port``: where it listens, 0 for its default: 3819
    of Ardour, 8000 of Reaper. ``transport``: whether transport.start, transport.stop and transport.locate go to it too.
    """

    kind: Literal["", "ardour", "reaper"] = ""
    host: Annotated[str, msgspec.Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    transport: bool = False

    def __post_init__(self) -> None:
        if self.transport and not self.kind:
            raise ValueError('transport is true, but no DAW is set up: set kind = "ardour" or "reaper"')


class AbletonSettings(Table, frozen=True):
    """Ableton Live through AbletonOSC.

    ``enabled``: follow Live. ``host``: of Live; ``port``: where AbletonOSC listens; ``reply_port``: where its replies
    come to, whoever asked. ``hub_port``: where other programs share AbletonOSC with the sidecar, 0 for no hub.
    ``clients``: programs, as 127.0.0.1:11003, that get whatever Live sends. ``midi_port``: words of the name of the
    MIDI port that brings the band's notes to Live, for `ableton.wire`; empty for none.
    """

    enabled: bool = False
    host: Annotated[str, msgspec.Meta(min_length=1)] = "127.0.0.1"
    port: PortNumber = 11000
    reply_port: PortNumber = 11001
    hub_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 11002
    clients: tuple[str, ...] = ()
    midi_port: str = ""

    def __post_init__(self) -> None:
        own = (self.port, self.reply_port, self.hub_port)
        if len(set(own)) < len(own):
            raise ValueError(f"port, reply_port and hub_port are {own}: what is sent would come back; give three ports")
        for client in self.clients:
            host, _, port = client.rpartition(":")
            if not host or not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
                raise ValueError(f"client {client!r}: give an address and a port, such as 127.0.0.1:11003")
            # by whatever name: a program on another machine does not need the same port either
            if int(port) in own:
                raise ValueError(f"client {client!r} has a port of this table: what is sent would come back")


if TYPE_CHECKING:

    class EngineSettings(Table, frozen=True):
        """The registered engine of each role: a field per role, which type checkers cannot see."""

        def __init__(self, **engines: str) -> None: ...
        def __getattr__(self, role: str) -> str: ...

else:
    EngineSettings = msgspec.defstruct(
        "EngineSettings",
        [(role, str, spec.engine) for role, spec in ROLES.items()],
        bases=(Table,),
        namespace={"__doc__": "The registered engine of each role; an empty name leaves the role out."},
        module=__name__,
        frozen=True,
    )


class Settings(Table, frozen=True):
    """The settings of ``sideman run``."""

    schema: int = SCHEMA
    osc: OscSettings = OscSettings()
    lan: LanSettings = LanSettings()
    jack: JackSettings = JackSettings()
    audio: AudioSettings = AudioSettings()
    engines: EngineSettings = EngineSettings()
    controllers: ControllerSettings = ControllerSettings()
    jobs: JobSettings = JobSettings()
    clock: ClockSettings = ClockSettings()
    ableton: AbletonSettings = AbletonSettings()
    daw: DawSettings = DawSettings()
    oscquery: OscQuerySettings = OscQuerySettings()

    def __post_init__(self) -> None:
        taken = {self.ableton.port, self.ableton.reply_port, self.ableton.hub_port}
        taken |= {int(client.rpartition(":")[2]) for client in self.ableton.clients}
        if self.ableton.enabled and self.osc.port in taken - {0}:  # 0 selects a free port
            raise ValueError(f"osc.port {self.osc.port} is one of [ableton] too: messages would come back")
        # by whatever name of this machine; a DAW on another one does not need the same port either
        if self.daw.kind and self.daw.port == self.osc.port:
            raise ValueError(f"daw.port {self.daw.port} is osc.port too: messages would come back")


def settings_path() -> Path:
    """Where the user's settings are, or would be."""
    return user_dir() / SETTINGS_FILE


def list_engines_by_role(settings: Settings) -> dict[str, str]:
    """Role to the name of its engine; empty where the role is not filled."""
    return msgspec.structs.asdict(settings.engines)


def load_settings(path: Path | None = None) -> Settings:
    """The settings in ``path``, by default ``sideman.toml`` in the user's folder; the defaults where it is absent."""
    if path is None:
        path = settings_path()
        if not path.exists():
            return Settings()
    return read_toml(path, Settings)
