"""Downloads within bounds: of size, of the disk, of time; whatever a server says or leaves out."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridge.errors import ModelError
from engines.separation.models.download import SLOWEST_S, SPARE_BYTES, download
from engines.separation.models.store import copy_file
from tests.engines.separation.models.serving import Handler, serve
from tests.engines.separation.models.test_download import BODY, HASH, answer_range, left_in, whole


def endless(handler: Handler) -> None:
    """Far more than any test's bound; not for ever, lest a broken bound fill the disk."""
    handler.reply(200, length=-1)
    with contextlib.suppress(OSError):  # whoever has enough hangs up
        for _ in range(50):
            handler.wfile.write(BODY)


def test_a_file_without_end_and_length_is_given_up_at_the_bound_and_nothing_is_kept(tmp_path: Path) -> None:
    with (
        serve(endless) as server,
        pytest.raises(ModelError, match=r"larger than 5,000,000 bytes; nothing was kept"),
    ):
        download(server.url(), tmp_path / "model.onnx", pauses_s=(0.0,), most_bytes=5_000_000)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("length", [len(BODY) + 1, 10**17])
def test_a_length_beyond_the_bound_is_refused_before_a_byte_is_taken(tmp_path: Path, length: int) -> None:
    reported: list[int] = []
    with (
        serve(lambda handler: handler.reply(200, BODY, length=length)) as server,
        pytest.raises(ModelError, match="larger than 1,024,000 bytes"),
    ):
        download(
            server.url(), tmp_path / "m", HASH, lambda done, _: reported.append(done), (0.0,), most_bytes=len(BODY)
        )
    assert reported == []
    assert left_in(tmp_path) == []


def test_a_file_of_just_the_bound_is_taken(tmp_path: Path) -> None:
    with serve(whole) as server:
        assert download(server.url(), tmp_path / "m", HASH, most_bytes=len(BODY)) == HASH


def test_a_part_beyond_the_bound_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "m.part").write_bytes(bytes(len(BODY) + 1))
    with serve(answer_range) as server:
        assert download(server.url(), tmp_path / "m", HASH, pauses_s=(), most_bytes=len(BODY)) == HASH
        assert server.header(0, "range") is None


@pytest.mark.parametrize("length", ["9" * 5000, "-5", "\u00b2", "1e6", "0x10", ""])
def test_a_length_that_is_no_number_counts_as_none(tmp_path: Path, length: str) -> None:
    with serve(lambda handler: handler.reply(200, BODY, length=-1, headers={"Content-Length": length})) as server:
        assert download(server.url(), tmp_path / "m", HASH, pauses_s=()) == HASH


def test_what_does_not_fit_on_the_disk_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = SPARE_BYTES + len(BODY) - 1

    def usage(_: Path) -> SimpleNamespace:
        return SimpleNamespace(free=free - sum(path.stat().st_size for path in tmp_path.iterdir()))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with serve(whole) as server, pytest.raises(ModelError, match=r"are free; free some space"):
        download(server.url(), tmp_path / "m", HASH, pauses_s=())
    assert left_in(tmp_path) == []
    with serve(endless) as server, pytest.raises(ModelError, match=r"0\.3 GB are free"):
        download(server.url(), tmp_path / "m", pauses_s=())
    (tmp_path / "source").write_bytes(BODY)
    with pytest.raises(ModelError, match="too few for"):
        copy_file(tmp_path / "source", tmp_path / "copy")


def test_a_server_that_gives_a_byte_now_and_then_is_given_up(tmp_path: Path) -> None:
    def answer_slowly(handler: Handler) -> None:
        handler.reply(200, length=-1)
        with contextlib.suppress(OSError):
            for _ in range(10_000):
                handler.wfile.write(b"x")

    ticks = itertools.count(step=SLOWEST_S)
    with serve(answer_slowly) as server, pytest.raises(ModelError, match=r"broke off after .* in 60 s; run it again"):
        download(server.url(), tmp_path / "m", pauses_s=(), clock=lambda: float(next(ticks)))


@pytest.mark.parametrize("location", ["http://[::1", "http://", "ftp://example.org/m", "data:,x", "file:///etc/passwd"])
def test_a_redirect_to_what_is_no_web_address_is_refused(tmp_path: Path, location: str) -> None:
    with (
        serve(lambda handler: handler.reply(302, headers={"Location": location})) as server,
        pytest.raises(ModelError) as caught,
    ):
        download(server.url(), tmp_path / "m", pauses_s=())
    assert "no answer" not in caught.value.message  # nobody was asked there
    assert caught.value.hint
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_an_address_that_no_name_can_have_is_an_error(tmp_path: Path, host: str) -> None:
    with pytest.raises(ModelError, match="is no address"):
        download(f"http://{host}/m.onnx", tmp_path / "m", pauses_s=())
