"""Optional services: a target of OSC that is our own port is refused before anything starts; the clock at the start."""

from __future__ import annotations

import socket
from typing import Literal

import pytest

from bridge.control.bus import Bus
from bridge.core.clock import CLOCK_SOURCES
from bridge.errors import ConfigError
from bridge.installed_controls import make_registry
from bridge.optional_services import refuse_own_target, set_start_clock
from bridge.settings import ClockSettings, DawSettings, OscSettings, Settings


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "::1", "0.0.0.0", socket.gethostname()])
@pytest.mark.parametrize(("kind", "own"), [("reaper", 8000), ("ardour", 3819)])
def test_a_surface_whose_default_port_is_ours_is_refused(
    host: str, kind: Literal["reaper", "ardour"], own: int
) -> None:
    with pytest.raises(ConfigError, match=r"daw: .* is Sideman's own port"):
        refuse_own_target(Settings(osc=OscSettings(port=own), daw=DawSettings(kind, host, 0)))


def test_a_surface_at_another_port_or_none_is_taken() -> None:
    refuse_own_target(Settings(daw=DawSettings("ardour", "127.0.0.1", 3819)))
    refuse_own_target(Settings(osc=OscSettings(port=8000)))
    refuse_own_target(Settings(osc=OscSettings(port=8000), daw=DawSettings("reaper", "192.0.2.7", 0)))


def test_the_clock_starts_as_the_settings_say_and_presets_do_not_touch_it() -> None:
    bus = Bus(make_registry(Settings()))
    set_start_clock(bus, ClockSettings(source="mtc", timebase_master=True, mtc_start_s=3600.0))
    values = {
        name: bus.get(name) for name in ("clock.source", "clock.link", "clock.timebase_master", "clock.mtc_start_s")
    }
    assert list(values.values()) == [CLOCK_SOURCES.index("mtc"), 0, 1, 3600]
    assert not any(bus.registry.get_control(name).saved for name in values)


@pytest.mark.parametrize("clock", [ClockSettings(link=True), ClockSettings(source="link")])
def test_a_clock_by_link_without_its_extra_is_refused_with_what_to_install(
    clock: ClockSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.control.link_controls.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"sideman\.toml: clock: .*Link is not installed; pip install"):
        set_start_clock(Bus(make_registry(Settings())), clock)
