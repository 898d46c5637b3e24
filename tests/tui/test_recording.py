"""Recordings: what was received is there again at its time, also where the writer was killed."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.wire_rig import WireRig
from tui.core.session import Session
from tui.wire.connection import ReplayConnection
from tui.wire.recording import Recorder, RecordingError, parse_time, read_recording
from tui.wire.replay import IS_RECORDING, RecordedRemote, Replay


def record(path: Path, seconds: int = 3) -> WireRig:
    """A recording of a session in which the bass is muted after the first second, and the sidecar ends."""
    rig = WireRig()
    with Recorder(path, rig.link):
        rig.link.show((("/log", 20.0), ("/meters", 10.0)), ("log",))
        rig.attach()
        started_s = rig.now_s
        rig.bus.publish("meters", "in", -6.123456, *[-12.0] * 5)
        rig.bus.publish("log", 1, "info", "sideman", "zwölf\nlines")
        while rig.now_s < started_s + 1:
            rig.step()
        rig.bus.set("stems.bass.mute", True, "hand")
        while rig.now_s < started_s + seconds:
            rig.step()
        rig.deliver("/goodbye", "it ends")
    return rig


def replay(path: Path, to_s: float = 1e9) -> Session:
    session = Session()
    Replay(read_recording(path), session).advance(to_s)
    return session


def test_a_replayed_session_is_what_was_recorded(tmp_path: Path) -> None:
    rig = record(tmp_path / "one.rec")
    session = replay(tmp_path / "one.rec")
    assert session.registry == rig.session.registry
    assert session.values == rig.session.values
    assert session.read_rows("meters") == rig.session.read_rows("meters")
    assert session.read_events("log") == rig.session.read_events("log")
    assert session.read_events("change") == rig.session.read_events("change")
    assert (session.state, session.source) == ("lost", rig.source)


def test_a_replay_goes_to_any_time(tmp_path: Path) -> None:
    record(tmp_path / "one.rec")
    session = replay(tmp_path / "one.rec", 0.9)
    assert session.state == "attached" and not session.is_on("stems.bass.mute")
    session = replay(tmp_path / "one.rec", 2.0)
    assert session.state == "attached" and session.is_on("stems.bass.mute")


def test_a_recording_of_a_killed_writer_is_read_up_to_its_last_second(tmp_path: Path) -> None:
    record(tmp_path / "one.rec", seconds=5)
    data = (tmp_path / "one.rec").read_bytes()
    (tmp_path / "cut.rec").write_bytes(data[: len(data) - 40])
    session = replay(tmp_path / "cut.rec")
    assert session.is_on("stems.bass.mute") and session.state == "attached"


def test_a_writer_that_is_killed_has_written_all_but_the_last_second(tmp_path: Path) -> None:
    rig = WireRig()
    with Recorder(tmp_path / "one.rec", rig.link):
        rig.attach()
        rig.bus.set("stems.bass.mute", True, "hand")
        for _ in range(50):
            rig.step()
        assert replay(tmp_path / "one.rec").is_on("stems.bass.mute")  # before it is closed


def test_a_recording_is_a_gzip_file_and_has_no_token(tmp_path: Path) -> None:
    rig = WireRig()
    rig.link._token = "secret word"
    with Recorder(tmp_path / "one.rec", rig.link):
        rig.step()
    text = gzip.decompress((tmp_path / "one.rec").read_bytes()).decode()
    assert "/auth" in text and "secret" not in text


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "one.rec").write_text("mine")
    with pytest.raises(RecordingError, match="another name"), Recorder(tmp_path / "one.rec", WireRig().link):
        pass
    assert (tmp_path / "one.rec").read_text() == "mine"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json\n",
        "[]\n",
        '{"sideman recording": 99}\n',
        '{"sideman recording": 1}\n[1]\n',
        '{"sideman recording": 1}\n[0,"in",0,"/x",NaN]\n',
        "[" * 9999,
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.rec").write_bytes(gzip.compress(text.encode() + b"\n" * bool(text)))
    with pytest.raises(RecordingError):
        replay(tmp_path / "one.rec")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_recording_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.rec"
    packer = zlib.compressobj(wbits=31)
    head = packer.compress(b'{"sideman recording":1}\n' + data) + packer.flush()
    for content in (data, head):
        path.write_bytes(content)
        try:
            replay(path)
        except RecordingError as error:
            assert str(path) in str(error)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        replay(tmp_path / "none.rec")


@pytest.mark.parametrize(("text", "seconds"), [("12:30", 750.0), ("90", 90.0), ("1:00:01.5", 3601.5)])
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1:2:3:4", "-1", "nan", "1:inf"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(RecordingError, match="MINUTES:SECONDS"):
        parse_time(text)


def test_the_app_replays_on_its_loop_to_the_end(tmp_path: Path) -> None:
    record(tmp_path / "one.rec")
    session = Session()
    ended = asyncio.Event()

    async def run() -> None:
        replayed = Replay(read_recording(tmp_path / "one.rec"), session)
        connection = ReplayConnection(replayed, session, lambda _text, _role: ended.set(), at_s=2.9)
        connection.start(asyncio.get_running_loop(), lambda: None)
        await ended.wait()
        connection.stop()

    asyncio.run(run())
    assert session.state == "lost" and session.is_on("stems.bass.mute")


def test_a_recording_cannot_be_changed() -> None:
    said: list[str] = []
    remote = RecordedRemote(lambda text, _role: said.append(text))
    remote.toggle("stems.bass.mute")
    answers: list[str] = []
    remote.call("transport.panic", answer=lambda error, _rows: answers.append(error))
    assert said == [IS_RECORDING, IS_RECORDING] and answers == [IS_RECORDING]
