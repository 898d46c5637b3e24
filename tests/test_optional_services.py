"""Optional services: a target of OSC that is our own port is refused before anything starts."""

from __future__ import annotations

import socket
from typing import Literal

import pytest

from bridge.errors import ConfigError
from bridge.optional_services import refuse_own_target
from bridge.settings import DawSettings, OscSettings, Settings


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
