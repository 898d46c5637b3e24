"""Session manager check of the doctor: nobody, somebody, and a bad address, each with its fix."""

from __future__ import annotations

from pathlib import Path

from bridge.doctor.nsm_checks import check_session_manager
from tests.nsm.session_server import SessionServer
from tests.ports import free_port


def test_without_a_session_manager_all_is_well() -> None:
    assert check_session_manager({}).state == "ok"


def test_a_session_manager_is_found_and_sent_nothing(tmp_path: Path) -> None:
    with SessionServer(tmp_path) as server:
        found = check_session_manager({"NSM_URL": server.get_url()})
        assert found.state == "ok"
        assert f"127.0.0.1:{server.port}" in found.detail
    assert server.received == []


def test_an_address_where_nobody_listens_is_named_with_the_fix() -> None:
    port = free_port()
    found = check_session_manager({"NSM_URL": f"osc.udp://studio:{port}/"})
    assert found.state == "warn"
    assert f"127.0.0.1:{port}" in found.detail
    assert "unset NSM_URL" in found.fix


def test_a_bad_address_is_named_with_the_fix() -> None:
    found = check_session_manager({"NSM_URL": "localhost"})
    assert (found.state, "unset NSM_URL" in found.fix) == ("warn", True)
