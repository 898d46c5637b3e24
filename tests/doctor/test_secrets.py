"""Settings file check: other users who can read or change it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.doctor import secrets
from bridge.doctor.secrets import check_settings_file
from tests.test_cli import sideman

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    path = tmp_path / "sideman.toml"
    path.write_text('schema = 1\n[lan]\nallow = ["127.0.0.1"]\ntoken = "a long random word"\n')
    path.chmod(0o600)
    return path


@pytest.fixture
def shared_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_is_private", lambda *_: False)


@pytest.mark.parametrize(
    ("mode", "token", "detail"),
    [
        (0o600, True, ""), (0o400, True, ""), (0o644, True, "read the token"), (0o640, True, "read the token"),
        (0o604, True, "read the token"), (0o666, True, "read the token"), (0o622, True, "change"),
        (0o644, False, ""), (0o664, False, "change"), (0o646, False, "change"), (0o666, False, "change"),
        (0o711, True, ""),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("shared_group")
def test_a_file_that_others_can_read_or_change_is_a_warning(
    settings: Path, mode: int, token: bool, detail: str
) -> None:
    settings.chmod(mode)
    finding = check_settings_file(settings, token)
    assert finding.state == ("warn" if detail else "ok")
    assert detail in finding.detail
    if detail:
        assert finding.fix == f"chmod 600 {settings}"
        settings.chmod(0o600)
        assert check_settings_file(settings, token).state == "ok"


def test_a_group_of_one_s_own_is_nobody_else(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_is_private", lambda *_: True)
    settings.chmod(0o660)
    assert check_settings_file(settings, True).state == "ok"
    settings.chmod(0o664)
    assert "read the token" in check_settings_file(settings, True).detail


@pytest.mark.parametrize(("mode", "state"), [(0o755, "ok"), (0o775, "warn"), (0o777, "warn"), (0o1777, "ok")])
@pytest.mark.usefixtures("shared_group")
def test_a_folder_in_which_others_can_replace_it_is_a_warning(settings: Path, mode: int, state: str) -> None:
    settings.parent.chmod(mode)
    finding = check_settings_file(settings, True)
    assert finding.state == state
    if state == "warn":
        assert finding.fix == f"chmod go-w {settings.parent}"


@pytest.mark.usefixtures("shared_group")
def test_a_link_is_as_open_as_what_it_leads_to(settings: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(settings)
    assert check_settings_file(link, True).state == "ok"
    settings.chmod(0o644)
    assert "read the token" in check_settings_file(link, True).detail


def test_a_file_of_another_user_is_a_warning(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = settings.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner != 0:
        assert "belongs to another user" in check_settings_file(settings, True).detail
    else:
        assert check_settings_file(settings, True).state == "ok", "root can do as it likes"


def test_without_a_file_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert check_settings_file(tmp_path / "sideman.toml", False).state == "ok"


def test_the_doctor_and_lan_warn_of_a_token_that_others_can_read(settings: Path) -> None:
    settings.chmod(0o644)
    for command in (("doctor",), ("run", "--lan")):
        done = sideman(*command, home=settings.parent)
        said = "".join((done.stdout + done.stderr).split())
        assert "otheruserscanreadthetokenin" in said, command
        assert f"chmod600{settings}" in said, command
    settings.chmod(0o600)
    assert "other users" not in sideman("run", "--lan", home=settings.parent).stderr
