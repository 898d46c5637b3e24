"""Fixtures of the tests of the hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chains.process.host_process import HostProcess
from tests.chains.hosts.host_session import HostSession
from tests.chains.plugins import require_hosts


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostSession]:
    """The host session: a child process that lives as long as pytest's."""
    require_hosts()
    with HostProcess() as process:
        yield HostSession(process, tmp_path_factory.mktemp("hosts"))
