"""Models in processes of their own: whatever a graph does ends within limits, and the next run starts afresh."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

from bridge.errors import ModelError
from engines.separation.models.chunked import PieceSeparator
from engines.separation.models.confined_session import ProcessLimits, open_confined
from engines.separation.models.model_loader import load_separator
from engines.separation.models.models_command import app
from engines.separation.models.store import ModelStore, open_user_store
from tests.engines.separation.models import graphs
from tests.engines.separation.models.graphs import Builder, noise
from tests.waiting import HANG_S, until

SHAPE = (1, 2, 160)
MIX = {"mix": noise(160)[np.newaxis]}
FEW_S = 2.0


def write_endless_graph(path: Path, *, growing: bool = False, unless_silent: bool = False) -> Path:
    """Four stems of ``mix`` from a loop without end; ``growing``: each time a MB is added to what it collects.

    ``unless_silent``: of silence the loop is left at once.
    """
    body = [helper.make_node("Mul", ["x", "one"], ["next"]), helper.make_node("Identity", ["go"], ["on"])]
    outputs = [_value("on", (), TensorProto.BOOL), _value("next", SHAPE)]
    if growing:
        body.append(helper.make_node("Expand", ["x", "many"], ["collected"]))
        outputs.append(_value("collected", (800, 2, 160)))
    constants = [
        numpy_helper.from_array(np.asarray(1, np.float32), "one"),
        numpy_helper.from_array(np.array([800, 2, 160]), "many"),
    ]
    inputs = [_value("i", (), TensorProto.INT64), _value("go", (), TensorProto.BOOL), _value("x", SHAPE)]
    builder = Builder()
    value = builder.find_input("mix", SHAPE)
    begins = builder.constant(True, np.bool_)
    if unless_silent:
        loudest = builder.node("ReduceMax", builder.node("Abs", value), keepdims=0)
        begins = builder.node("Greater", loudest, builder.constant(0.0))
    name = builder.loop(begins, value, helper.make_graph(body, "body", inputs, outputs, constants), growing)
    stems = builder.node("Mul", builder.axis(name, 1), builder.constant(graphs.column((0.1, 0.2, 0.3, 0.4), 4)))
    builder.output("stems", stems, (1, 4, 2, 160))
    return builder.write(path)


def _value(name: str, shape: tuple[int, ...], kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def children() -> list[int]:
    return [process.pid for process in psutil.Process().children(recursive=True)]


def test_a_graph_gives_the_same_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", (1, 2, "frames"), (0.5, 0.25))
    before = children()
    confined = open_confined(path)
    assert [str(tensor) for tensor in (*confined.inputs, *confined.outputs)] == [
        "mix (1, 2, any)",
        "stems (1, 2, 2, any)",
    ]
    for frames in (7, 160, 100_000):
        mix = noise(frames)
        np.testing.assert_array_equal(
            confined.run({"mix": mix[np.newaxis]})["stems"][0], np.stack([mix * 0.5, mix * 0.25])
        )
    assert len(children()) == len(before) + 1
    del confined
    until("the child ended with its graph", lambda: children() == before)


def test_an_endless_loop_ends_at_its_limit_and_the_next_run_starts_afresh(tmp_path: Path) -> None:
    before = children()
    graph = open_confined(write_endless_graph(tmp_path / "m.onnx", unless_silent=True), ProcessLimits(cpu_s=FEW_S))
    for _ in range(2):
        with pytest.raises(ModelError, match=r"m\.onnx: took more than 2 s of processor time .* limit_s"):
            graph.run(MIX)
        assert children() == before
    assert graph.run({"mix": np.zeros(SHAPE, np.float32)})["stems"].shape == (1, 4, 2, 160)


def test_a_graph_that_takes_memory_without_end_is_ended(tmp_path: Path) -> None:
    graph = open_confined(
        write_endless_graph(tmp_path / "m.onnx", growing=True), ProcessLimits(memory_bytes=600_000_000)
    )
    with pytest.raises(ModelError, match=r"m\.onnx: took more than 0\.6 GB of memory"):
        graph.run(MIX)


def test_a_graph_whose_process_is_killed_is_an_error_and_runs_again(tmp_path: Path) -> None:
    before = children()
    graph = open_confined(graphs.write_stacked_graph(tmp_path / "m.onnx", "mix", SHAPE, (1.0,)))
    (own,) = set(children()) - set(before)
    os.kill(own, signal.SIGKILL)
    psutil.Process(own).wait(HANG_S)
    np.testing.assert_array_equal(graph.run(MIX)["stems"][0, 0], MIX["mix"][0])
    graph = open_confined(write_endless_graph(tmp_path / "n.onnx"))
    (own,) = set(children()) - set(before)
    with pytest.raises(ModelError, match=r"n\.onnx: its process died \(SIGKILL"):
        subprocess.Popen(  # once it is at work: it was idle before
            [sys.executable, "-c", _KILLER, str(own)]
        )
        graph.run(MIX)


_KILLER = (
    "import psutil, sys, time\np = psutil.Process(int(sys.argv[1]))\nbegan = sum(p.cpu_times()[:2])\n"
    "while sum(p.cpu_times()[:2]) < began + 0.1:\n    time.sleep(0.01)\np.kill()\n"
)


@pytest.mark.parametrize("content", [b"", b"hello", b"<html>login</html>"])
def test_what_is_no_graph_is_the_same_error_as_without_a_process(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.onnx: (is empty|cannot be loaded)"):
        open_confined(tmp_path / "m.onnx")


def test_a_song_that_a_model_hangs_on_is_an_error_and_the_next_one_is_separated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_endless_graph(tmp_path / "tiny.onnx", unless_silent=True)
    store = ModelStore(tmp_path / "models")
    with store.open_draft("tiny") as draft:
        (draft.folder / path.name).write_bytes(path.read_bytes())
        draft.publish(graphs.manifest_for(path, "htdemucs", ("drums", "bass", "other", "vocals"), limit_s=1))
    separator = load_separator("tiny", store)
    assert isinstance(separator, PieceSeparator)
    with pytest.raises(ModelError, match="took more than 1 s of processor time"):
        separator.separate(noise(200), 44100)
    assert separator.separate(np.zeros((2, 200), np.float32), 44100).shape == (4, 2, 200)


def test_verifying_a_model_that_hangs_names_it_and_goes_on_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIDEMAN_CONFIG_HOME", str(tmp_path / "home"))
    hanging = write_endless_graph(tmp_path / "hanging.onnx")
    good = graphs.write_stacked_graph(tmp_path / "good.onnx", "mix", SHAPE, (0.1, 0.2, 0.3, 0.4))
    for path in (hanging, good):
        with open_user_store().open_draft(path.stem) as draft:
            (draft.folder / path.name).write_bytes(path.read_bytes())
            stems = ("drums", "bass", "other", "vocals")
            draft.publish(graphs.manifest_for(path, "htdemucs", stems, name=path.stem, limit_s=1))
    assert app(["verify", "--json"], result_action="return_value", exit_on_error=False) == 1
    problems = {one["name"]: one["problem"] for one in json.loads(capsys.readouterr().out)}
    assert problems["good"] == ""
    assert "took more than 1 s of processor time" in problems["hanging"]


ADDING = "import sys; from engines.separation.models.models_command import app; sys.exit(app())"


def test_ctrl_c_ends_adding_a_model_that_hangs_and_nothing_is_stored(tmp_path: Path) -> None:
    path = write_endless_graph(tmp_path / "m.onnx")
    words = ["add", str(path), "--adapter", "htdemucs", "--licence", "MIT", "--stems", "drums,bass,other,vocals"]
    process = subprocess.Popen(
        [sys.executable, "-c", ADDING, *words, "--accept"],
        env=os.environ | {"SIDEMAN_CONFIG_HOME": str(tmp_path / "home")},
        stderr=subprocess.PIPE,
    )
    own = _at_work(process.pid)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=HANG_S)
    assert process.returncode != 0
    assert not psutil.pid_exists(own)
    assert [one.name for one in (tmp_path / "home" / "models").iterdir()] == []


def test_a_graph_does_not_outlive_a_process_that_was_killed(tmp_path: Path) -> None:
    path = write_endless_graph(tmp_path / "m.onnx")
    program = (
        "import sys, json, numpy as np; from pathlib import Path\n"
        "from engines.separation.models.confined_session import open_confined\n"
        f"open_confined(Path({json.dumps(str(path))})).run({{'mix': np.ones((1, 2, 160), np.float32)}})"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    own = _at_work(process.pid)
    process.kill()
    process.wait(HANG_S)
    until("the graph's process ended", lambda: not psutil.pid_exists(own))


def _at_work(parent: int) -> int:
    """The child of ``parent`` once its graph runs: it has more than the opening behind it."""
    found: list[int] = []

    def at_work() -> bool:
        found[:] = [
            one.pid
            for one in psutil.Process(parent).children()
            if sum(one.cpu_times()[:2]) > 1.5 and one.status() == psutil.STATUS_RUNNING
        ]
        return bool(found)

    until("the graph was at work", at_work)
    return found[0]
