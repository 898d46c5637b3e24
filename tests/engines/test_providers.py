"""The fastest provider runs the model, every time the same, and a bad one never stops it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.errors import EngineError
from engines.onnx import CPU, open_session
from engines.providers import FILE, choose_provider, measure_p99_s, open_fastest
from tests.engines.separation.tiny import write_equal_shares

CUDA, TENSORRT, COREML = "CUDAExecutionProvider", "TensorrtExecutionProvider", "CoreMLExecutionProvider"
ALL = ("AzureExecutionProvider", CPU, COREML, TENSORRT, CUDA)


def make_measure(**times_s: float) -> Callable[[str], float]:
    """A measure with known results; a provider that is not among them fails."""

    def measure(provider: str) -> float:
        name = provider.removesuffix("ExecutionProvider")
        if name not in times_s:
            raise EngineError(f"{provider}: no such device")
        return times_s[name]

    return measure


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / FILE


def test_with_the_cpu_alone_nothing_is_measured_or_written(file: Path) -> None:
    assert choose_provider(b"model", ["AzureExecutionProvider", CPU], make_measure(), file) == CPU
    assert not file.exists()


def test_the_shortest_p99_wins(file: Path) -> None:
    assert (
        choose_provider(b"one", ALL, make_measure(CUDA=0.003, Tensorrt=0.001, CoreML=0.004, CPU=0.002), file)
        == TENSORRT
    )
    assert choose_provider(b"two", ALL, make_measure(CUDA=0.003, Tensorrt=0.004, CoreML=0.004, CPU=0.002), file) == CPU


def test_of_equals_the_cpu_wins(file: Path) -> None:
    assert (
        choose_provider(b"model", ALL, make_measure(CUDA=0.002, Tensorrt=0.002, CoreML=0.002, CPU=0.002), file) == CPU
    )


def test_a_failing_provider_is_left_out_with_its_reason(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert choose_provider(b"model", ALL, make_measure(CoreML=0.001, CPU=0.002), file) == COREML
    assert "CUDAExecutionProvider is left out: CUDAExecutionProvider: no such device" in caplog.text


def test_where_every_provider_fails_it_is_the_cpu(file: Path) -> None:
    assert choose_provider(b"model", ALL, make_measure(), file) == CPU


def test_the_choice_is_remembered_for_this_model_and_these_providers(file: Path) -> None:
    fast, slow = make_measure(CUDA=0.001, CoreML=0.002, CPU=0.003), make_measure(CUDA=0.009, CoreML=0.008, CPU=0.003)
    assert choose_provider(b"model", [CUDA, CPU], fast, file) == CUDA
    assert choose_provider(b"model", [CUDA, CPU], slow, file) == CUDA
    assert choose_provider(b"other", [CUDA, CPU], slow, file) == CPU
    assert choose_provider(b"model", [CUDA, COREML, CPU], slow, file) == CPU


def test_what_is_remembered_is_not_measured_again(file: Path) -> None:
    def never(provider: str) -> float:
        raise AssertionError(f"{provider} was measured again")

    choose_provider(b"model", [CUDA, CPU], make_measure(CUDA=0.001, CPU=0.002), file)
    assert choose_provider(b"model", [CUDA, CPU], never, file) == CUDA


def test_an_instance_that_measured_first_decides_for_the_one_that_measured_meanwhile(file: Path) -> None:
    def slowly(provider: str) -> float:
        choose_provider(b"model", [CUDA, CPU], make_measure(CUDA=0.001, CPU=0.002), file)
        return make_measure(CUDA=0.002, CPU=0.001)(provider)

    assert choose_provider(b"model", [CUDA, CPU], slowly, file) == CUDA


@pytest.mark.parametrize("content", ["schema = 1\nchosen = 3\n", "", "junk ="])
def test_a_broken_memory_is_measured_again(content: str, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.parent.mkdir()
    file.write_text(content)
    assert choose_provider(b"model", [CUDA, CPU], make_measure(CUDA=0.001, CPU=0.002), file) == CUDA
    assert FILE in caplog.text
    assert choose_provider(b"model", [CUDA, CPU], make_measure(), file) == CUDA


def test_a_remembered_provider_that_no_longer_starts_gives_way_to_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path))
    model = write_equal_shares(tmp_path / "model.onnx").read_bytes()
    assert choose_provider(model, [CUDA, CPU], make_measure(CUDA=0.001, CPU=0.002), tmp_path / FILE) == CUDA
    with caplog.at_level(logging.WARNING):
        assert open_fastest(model, "model.onnx", [CUDA, CPU]).get_providers() == [CPU]
    assert "model.onnx runs on the CPU: " in caplog.text


def test_a_model_is_timed(tmp_path: Path) -> None:
    session = open_session(write_equal_shares(tmp_path / "model.onnx").read_bytes(), "model.onnx")
    assert 0 < measure_p99_s(session) < 10
