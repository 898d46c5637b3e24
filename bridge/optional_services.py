"""Services beside the audio that need the signal path, or an optional part of the system."""

from __future__ import annotations

from collections.abc import Callable

from bridge.clocks.clock_service import ClockService
from bridge.clocks.host_source import HostSource
from bridge.clocks.internal_transport import InternalTransport
from bridge.clocks.link_source import LinkSource
from bridge.clocks.midi_clock_source import MidiClockSource
from bridge.clocks.time_code_source import TimeCodeSource
from bridge.control.bus import Bus
from bridge.control.clock_controls import TIME_CODE_START, TIMEBASE_MASTER
from bridge.control.link_controls import LINK_ON
from bridge.core.clock import CLOCK_SOURCE
from bridge.daw.ableton.ableton_service import AbletonService
from bridge.daw.osc_surfaces import ardour_surface, reaper_surface
from bridge.daw.osc_surfaces.surface_service import OscSurfaceService
from bridge.drivers.audio_system import PORTAUDIO
from bridge.errors import ConfigError, ControlError
from bridge.osc.own_address import refuse_loop
from bridge.oscquery.oscquery_service import OscQueryService
from bridge.runtime.service import Service
from bridge.settings import SETTINGS_FILE, ClockSettings, Settings
from bridge.signal_path import SignalPath


def make_optional_services(
    settings: Settings, bus: Bus, find_path: Callable[[], SignalPath], find_osc_port: Callable[[], int]
) -> tuple[Service, ...]:
    """All such services, in the order in which they are entered.

    ``find_path``: the present signal path; raises NoSignalPathError while no audio runs. ``find_osc_port``: the port
    that the OSC server has bound; asked once the services are entered.

    Raises:
        ConfigError: [daw] names our own OSC port, or [clock] a source that this installation lacks.
    """
    refuse_own_target(settings)
    set_start_clock(bus, settings.clock)
    link = LinkSource(bus, lambda: find_path().driver)
    sources = (HostSource(), link, MidiClockSource(), TimeCodeSource(bus), InternalTransport(bus))
    surface = OscSurfaceService(settings.daw)
    return (
        *make_device_services(settings, bus, find_path),
        ClockService(bus, sources, lambda: find_path().driver, surface),
        AbletonService(bus, settings.ableton),
        surface,
        OscQueryService(bus, settings, find_osc_port),
    )


def make_device_services(settings: Settings, bus: Bus, find_path: Callable[[], SignalPath]) -> tuple[Service, ...]:
    """The services of a sidecar that runs on audio devices, without JACK."""
    if settings.audio.system != PORTAUDIO:
        return ()
    from bridge.device_midi import DeviceMidiService, open_virtual_ports
    from bridge.drivers.portaudio.device_service import AudioDeviceService

    device = AudioDeviceService(bus, lambda: find_path().driver)
    if not settings.audio.midi:
        return (device,)
    api = settings.controllers.api
    return device, DeviceMidiService(lambda: find_path().driver, lambda: open_virtual_ports(api))


def refuse_own_target(settings: Settings) -> None:
    """Refuse a [daw] that is our own OSC port, by whatever name of this machine.

    Raises:
        ConfigError: It is.
    """
    daw = settings.daw
    if daw.kind:
        port = daw.port or (ardour_surface.PORT if daw.kind == "ardour" else reaper_surface.PORT)
        refuse_loop("daw", daw.host, port, (settings.osc.port,))


def set_start_clock(bus: Bus, clock: ClockSettings) -> None:
    """Set the controls of the clock to what the settings say.

    Raises:
        ConfigError: They need Ableton Link, and its extra is not installed.
    """
    try:
        bus.set_all(
            {
                CLOCK_SOURCE: clock.source,
                LINK_ON: "on" if clock.link else "off",
                TIMEBASE_MASTER: clock.timebase_master,
                TIME_CODE_START: clock.mtc_start_s,
            },
            "settings",
        )
    except ControlError as error:
        raise ConfigError(f"{SETTINGS_FILE}: clock: {error}", error.hint) from error
