"""Machine checks: rights, processor, packages, engines and what they lack."""

from __future__ import annotations

import os
import resource
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bridge.doctor import (
    machine_checks,
    run_checks,
)
from bridge.settings import EngineSettings, Settings
from engines.synth.fluidsynth import load_library
from tests.doctor.findings import by_name


@pytest.mark.parametrize(
    ("limit", "capable", "state"),
    [
        (8 << 20, False, "warn"),
        (8 << 20, True, "ok"),
        (resource.RLIM_INFINITY, False, "ok"),
        (1 << 30, False, "ok"),
    ],
)
def test_memory_locking_is_judged_by_limit_and_capability(limit: int, capable: bool, state: str) -> None:
    assert machine_checks.check_memory_lock(limit, capable, "fix").state == state


@pytest.mark.parametrize(("priority", "capable", "state"), [(0, False, "warn"), (0, True, "ok"), (95, False, "ok")])
def test_realtime_rights_are_judged_by_limit_and_capability(priority: int, capable: bool, state: str) -> None:
    assert machine_checks.check_realtime(priority, capable, "fix").state == state


def test_a_priority_that_is_refused_is_a_warning_with_the_fix_of_rights() -> None:
    finding = machine_checks.check_worker_priority(
        PermissionError(1, "Operation not permitted"), False, "join the group"
    )
    assert (finding.state, finding.fix) == ("warn", "join the group")
    assert "Operation not permitted" in finding.detail
    assert machine_checks.check_worker_priority(None, False, "join the group").state == "ok"


def test_a_priority_that_is_refused_in_spite_of_the_rights_has_another_fix() -> None:
    finding = machine_checks.check_worker_priority(
        PermissionError(1, "Operation not permitted"), True, "join the group"
    )
    assert "control group" in finding.fix
    assert "join the group" not in finding.fix


@pytest.mark.skipif(sys.platform != "linux", reason="scheduling is a process's own elsewhere")
def test_trying_for_priority_leaves_the_doctor_as_it_was() -> None:
    before = os.sched_getscheduler(0)
    machine_checks.try_priority()
    assert os.sched_getscheduler(0) == before
    assert machine_checks.try_priority(10_000) is not None  # no such priority: what the system says is handed on


@pytest.mark.skipif(sys.platform != "linux", reason="limits.d is Linux's")
def test_the_fix_of_rights_names_only_the_steps_that_are_left(tmp_path: Path) -> None:
    assert "dpkg-reconfigure" in machine_checks.describe_rights_fix(True, tmp_path)
    (tmp_path / "other.conf").write_text("@video - rtprio 95\n# @audio - rtprio 95\n")
    assert "dpkg-reconfigure" in machine_checks.describe_rights_fix(True, tmp_path)
    (tmp_path / "audio.conf").write_text("@audio   -  rtprio     95\n@audio - memlock unlimited\n")
    assert machine_checks.describe_rights_fix(True, tmp_path) == "log in again"
    assert machine_checks.describe_rights_fix(False, tmp_path) == 'sudo usermod -aG audio "$USER", log in again'


def test_a_slow_governor_is_a_warning_and_none_is_not(tmp_path: Path) -> None:
    assert machine_checks.check_governor(tmp_path).state == "ok"
    for cpu, governor in enumerate(("performance", "powersave")):
        folder = tmp_path / f"cpu{cpu}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(governor + "\n")
    finding = machine_checks.check_governor(tmp_path)
    assert (finding.state, finding.detail) == ("warn", "performance, powersave")


def test_missing_semaphores_are_a_warning() -> None:
    assert machine_checks.check_semaphores(False).state == "warn"
    assert machine_checks.check_semaphores(True).state == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_a_missing_sequencer_is_a_warning(tmp_path: Path) -> None:
    assert machine_checks.check_midi(tmp_path / "seq").state == "warn"
    assert machine_checks.check_midi(tmp_path).state == "ok"


def test_a_package_that_does_not_load_says_why_and_what_for() -> None:
    finding = machine_checks.check_import("x", "no_such_module_here", "MIDI controllers", "fix it")
    assert finding.state == "warn"
    assert "no_such_module_here" in finding.detail and "MIDI controllers" in finding.detail


def test_the_model_runtime_is_shown_with_its_version_and_what_it_computes_on() -> None:
    finding = by_name(run_checks())["ONNX Runtime"]
    if finding.state == "ok":
        assert version("onnxruntime") in finding.detail
        assert "computes on" in finding.detail and "CPU" in finding.detail


def test_a_cache_folder_that_cannot_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    assert machine_checks.check_numba_cache().state == "ok"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "absent"))
    finding = machine_checks.check_numba_cache()
    assert finding.state == "warn"
    assert "NUMBA_CACHE_DIR" in finding.fix


def test_an_engine_that_run_needs_and_that_is_not_there_is_missing() -> None:
    settings = Settings(engines=EngineSettings(separation="separation.nowhere"))
    finding = by_name(run_checks(settings))["engines"]
    assert finding.state == "missing"
    assert "separation.nowhere" in finding.detail
    assert finding.fix


def test_a_role_that_no_engine_fills_is_no_lack() -> None:
    assert by_name(run_checks(Settings(engines=EngineSettings(separation=""))))["engines"].state == "ok"


def test_without_a_sound_font_the_doctor_names_the_packages_and_does_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    font = tmp_path / "gone.sf2"
    monkeypatch.setenv("SIDEMAN_SOUND_FONT", str(font))
    monkeypatch.setattr("engines.synth.synth_engine.load_library", lambda: None)
    found = by_name(run_checks())["synth.fluid"]
    assert found.state == "warn"
    assert str(font) in found.detail
    monkeypatch.delenv("SIDEMAN_SOUND_FONT")
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("engines.synth.fonts.FONT_FOLDERS", ())
    found = by_name(run_checks())["synth.fluid"]
    assert "timgm6mb-soundfont" in found.fix
    font.touch()
    monkeypatch.setenv("SIDEMAN_SOUND_FONT", str(font))
    assert by_name(run_checks())["synth.fluid"].state == "ok"


def test_without_fluidsynth_the_doctor_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.synth.fluidsynth.ctypes.util.find_library", lambda _: None)
    monkeypatch.setattr("engines.synth.fluidsynth.BREW", ())
    load_library.cache_clear()
    try:
        found = by_name(run_checks())["synth.fluid"]
    finally:
        load_library.cache_clear()
    assert (found.state, "libfluidsynth3" in found.fix) == ("warn", True)


def test_an_engine_that_needs_nothing_has_no_finding_of_its_own() -> None:
    settings = Settings(engines=EngineSettings(synth=""))
    assert not {"synth.fluid", "mir.standard"} & set(by_name(run_checks(settings)))
