"""Scheduler address: this machine, or TLS; nothing else by accident."""

from __future__ import annotations

import pytest

from batch.scheduler_address import check_address
from bridge.errors import ConfigError


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:8786", "tls://cluster.studio.example:8786"]
)
def test_this_machine_and_tls_are_taken(address: str) -> None:
    check_address(address, allows_insecure=False)


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "tcp://127.0.0.1.example.org:8786", "tcp://0.0.0.0:8786"])
def test_another_machine_without_tls_is_refused_unless_it_is_asked_for(address: str) -> None:
    with pytest.raises(ConfigError, match="without TLS"):
        check_address(address, allows_insecure=False)
    check_address(address, allows_insecure=True)


@pytest.mark.parametrize(
    "address", ["", "dask", "127.0.0.1:8786", "tcp://127.0.0.1", "http://127.0.0.1:1", "tcp://a:b"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="no address of a scheduler"):
        check_address(address, allows_insecure=True)
