"""Downloads from servers that behave, and from those that do not."""

from __future__ import annotations

import hashlib
import re
import socket
from http.client import HTTPMessage
from io import BytesIO
from pathlib import Path
from urllib.request import Request

import pytest

from bridge.errors import ModelError
from engines.separation.models.download import NoDowngrade, download, hash_file, is_url
from tests.engines.separation.models.serving import Answer, Handler, serve

BODY = bytes(range(256)) * 4000
"""A megabyte, so that it is read in several chunks."""
HASH = hashlib.sha256(BODY).hexdigest()
TAG = '"one"'


def whole(handler: Handler) -> None:
    handler.reply(200, BODY)


def answer_range(handler: Handler) -> None:
    handler.range(BODY, TAG)


def breaking_off(after: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(200, BODY[:after], length=len(BODY), headers=named)


def make_failing(status: int) -> Answer:
    return lambda handler: handler.reply(status)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_with_its_hash(tmp_path: Path) -> None:
    with serve(whole) as server:
        assert download(server.url(), tmp_path / "model.onnx", HASH) == HASH
    assert (tmp_path / "model.onnx").read_bytes() == BODY
    assert left_in(tmp_path) == ["model.onnx"]


def test_without_a_hash_the_hash_of_the_file_is_returned(tmp_path: Path) -> None:
    with serve(whole) as server:
        assert download(server.url(), tmp_path / "model.onnx") == HASH


def test_progress_is_reported_up_to_the_end(tmp_path: Path) -> None:
    reports: list[tuple[int, int | None]] = []
    with serve(whole) as server:
        download(server.url(), tmp_path / "model.onnx", report=lambda done, total: reports.append((done, total)))
    assert len(reports) > 1
    assert reports[-1] == (len(BODY), len(BODY))


def test_what_broke_off_is_gone_on_with(tmp_path: Path) -> None:
    with serve(breaking_off(300_000, ETag=TAG), answer_range) as server:
        download(server.url(), tmp_path / "model.onnx", HASH, pauses_s=(0.0,))
        assert server.header(1, "range") == "bytes=300000-"
        assert server.header(1, "if-range") == TAG
    assert (tmp_path / "model.onnx").read_bytes() == BODY


def test_a_later_run_goes_on_where_an_earlier_one_ended(tmp_path: Path) -> None:
    with serve(breaking_off(300_000, ETag=TAG), answer_range) as server:
        with pytest.raises(
            ModelError, match=r"broke off after 300,000 of 1,024,000 bytes.*continues from 300,000 bytes"
        ):
            download(server.url(), tmp_path / "model.onnx", pauses_s=())
        assert left_in(tmp_path) == ["model.onnx.part", "model.onnx.part.validator"]
        assert download(server.url(), tmp_path / "model.onnx", pauses_s=()) == HASH
        assert server.header(1, "range") == "bytes=300000-"


def test_what_has_changed_on_the_server_is_begun_anew(tmp_path: Path) -> None:
    other = bytes(reversed(BODY))
    with serve(breaking_off(300_000, ETag=TAG), lambda handler: handler.range(other, '"two"')) as server:
        download(server.url(), tmp_path / "model.onnx", pauses_s=(0.0,))
    assert (tmp_path / "model.onnx").read_bytes() == other


def test_without_validator_and_hash_nothing_is_patched_together(tmp_path: Path) -> None:
    with serve(breaking_off(300_000), answer_range) as server:
        download(server.url(), tmp_path / "model.onnx", pauses_s=(0.0,))
        assert server.header(1, "range") is None
    assert (tmp_path / "model.onnx").read_bytes() == BODY


def test_a_weak_tag_is_no_validator_but_a_date_is(tmp_path: Path) -> None:
    date = "Sat, 21 Nov 2026 11:00:00 GMT"
    with serve(breaking_off(300_000, ETag='W/"one"', Last_Modified=date), whole) as server:
        download(server.url(), tmp_path / "model.onnx", pauses_s=(0.0,))
        assert server.header(1, "if-range") == date


def test_a_part_of_another_address_is_not_gone_on_with(tmp_path: Path) -> None:
    with serve(breaking_off(300_000, ETag=TAG), answer_range) as server:
        with pytest.raises(ModelError):
            download(server.url("/a"), tmp_path / "model.onnx", pauses_s=())
        download(server.url("/b"), tmp_path / "model.onnx", pauses_s=())
        assert server.header(1, "range") is None


def test_a_server_that_ignores_the_range_is_read_from_the_start(tmp_path: Path) -> None:
    with serve(breaking_off(300_000, ETag=TAG), whole) as server:
        download(server.url(), tmp_path / "model.onnx", HASH, pauses_s=(0.0,))
        assert server.header(1, "range") == "bytes=300000-"
    assert (tmp_path / "model.onnx").read_bytes() == BODY


def test_a_server_that_sends_another_range_is_asked_again_from_the_start(tmp_path: Path) -> None:
    def wrong(handler: Handler) -> None:
        handler.reply(206, BODY[5:], headers={"Content-Range": f"bytes 5-{len(BODY) - 1}/{len(BODY)}"})

    with serve(breaking_off(300_000, ETag=TAG), wrong, whole) as server:
        download(server.url(), tmp_path / "model.onnx", HASH, pauses_s=(0.0, 0.0))
        assert server.header(2, "range") is None
    assert (tmp_path / "model.onnx").read_bytes() == BODY


def test_a_whole_part_needs_no_more_bytes(tmp_path: Path) -> None:
    (tmp_path / "model.onnx.part").write_bytes(BODY)
    with serve(answer_range) as server:
        assert download(server.url(), tmp_path / "model.onnx", HASH, pauses_s=()) == HASH
        assert len(server.asked) == 1


def test_a_part_longer_than_the_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "model.onnx.part").write_bytes(BODY + b"more")
    with serve(answer_range) as server:
        assert download(server.url(), tmp_path / "model.onnx", HASH, pauses_s=(0.0,)) == HASH


def test_a_length_that_is_too_long_is_an_error_not_a_file(tmp_path: Path) -> None:
    with (
        serve(lambda handler: handler.reply(200, BODY, length=len(BODY) + 10)) as server,
        pytest.raises(ModelError, match="broke off after 1,024,000 of 1,024,010 bytes"),
    ):
        download(server.url(), tmp_path / "model.onnx", HASH, pauses_s=(0.0,))
    assert not (tmp_path / "model.onnx").exists()


def test_a_length_that_is_too_short_is_found_out_by_the_hash(tmp_path: Path) -> None:
    with (
        serve(lambda handler: handler.reply(200, BODY, length=1000)) as server,
        pytest.raises(ModelError, match="nothing was kept"),
    ):
        download(server.url(), tmp_path / "model.onnx", HASH, pauses_s=())
    assert left_in(tmp_path) == []


def test_no_length_at_all_is_fine_where_the_hash_is_right(tmp_path: Path) -> None:
    with serve(lambda handler: handler.reply(200, BODY, length=-1)) as server:
        assert download(server.url(), tmp_path / "model.onnx", HASH) == HASH


def test_wrong_bytes_are_refused_with_both_hashes_and_nothing_is_kept(tmp_path: Path) -> None:
    other = b"x" * len(BODY)
    with serve(lambda handler: handler.range(other, TAG)) as server, pytest.raises(ModelError) as caught:
        download(server.url(), tmp_path / "model.onnx", HASH)
    assert f"the SHA-256 is {hashlib.sha256(other).hexdigest()}, not {HASH}" in caught.value.message
    assert left_in(tmp_path) == []


def test_a_wrong_hash_is_not_tried_again(tmp_path: Path) -> None:
    with serve(whole) as server:
        with pytest.raises(ModelError):
            download(server.url(), tmp_path / "model.onnx", "0" * 64, pauses_s=(0.0, 0.0))
        assert len(server.asked) == 1


def test_a_redirect_is_followed_with_its_range(tmp_path: Path) -> None:
    def elsewhere(handler: Handler) -> None:
        handler.reply(302, headers={"Location": "/other"})

    (tmp_path / "model.onnx.part").write_bytes(BODY[:100])
    with serve(elsewhere, answer_range) as server:
        assert download(server.url(), tmp_path / "model.onnx", HASH) == HASH
        assert [path for path, _ in server.asked] == ["/model.onnx", "/other"]
        assert server.header(1, "range") == "bytes=100-"


def test_a_redirect_to_a_file_is_refused(tmp_path: Path) -> None:
    with (
        serve(lambda handler: handler.reply(302, headers={"Location": "file:///etc/passwd"})) as server,
        pytest.raises(ModelError, match=r"redirects to file:///etc/passwd|302"),
    ):
        download(server.url(), tmp_path / "model.onnx", pauses_s=())
    assert left_in(tmp_path) == []


def test_a_redirect_from_https_to_http_is_refused() -> None:
    request = Request("https://example.org/model.onnx")
    with pytest.raises(ModelError, match="redirects to http://example"):
        NoDowngrade().redirect_request(request, BytesIO(), 302, "Found", HTTPMessage(), "http://example.org/m")


def test_a_redirect_without_end_is_an_error(tmp_path: Path) -> None:
    with (
        serve(lambda handler: handler.reply(302, headers={"Location": "/model.onnx"})) as server,
        pytest.raises(ModelError, match="the server answers 302"),
    ):
        download(server.url(), tmp_path / "model.onnx", pauses_s=())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_final(tmp_path: Path, status: int) -> None:
    with serve(make_failing(status), whole) as server:
        with pytest.raises(ModelError, match=f"the server answers {status}"):
            download(server.url(), tmp_path / "model.onnx", pauses_s=(0.0, 0.0))
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_in_trouble_is_asked_again(tmp_path: Path, status: int) -> None:
    with serve(make_failing(status), whole) as server:
        assert download(server.url(), tmp_path / "model.onnx", pauses_s=(0.0,)) == HASH


def test_the_pauses_between_tries_are_the_caller_s(tmp_path: Path) -> None:
    waited: list[float] = []
    with serve(make_failing(500)) as server:
        with pytest.raises(ModelError, match="the server answers 500"):
            download(server.url(), tmp_path / "model.onnx", pauses_s=(1.0, 2.0, 4.0), wait=waited.append)
        assert len(server.asked) == 4
    assert waited == [1.0, 2.0, 4.0]


def test_nobody_there_is_an_error_that_names_the_address(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/model.onnx"
        with pytest.raises(ModelError, match=re.escape(url) + ": no answer"):
            download(url, tmp_path / "model.onnx", pauses_s=())


def answer_nonsense(handler: Handler) -> None:
    handler.wfile.write(b"hello\r\n")


def test_something_that_speaks_no_http_is_an_error(tmp_path: Path) -> None:
    with (
        serve(answer_nonsense) as server,
        pytest.raises(ModelError, match="no answer"),
    ):
        download(server.url(), tmp_path / "model.onnx", pauses_s=())


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with serve(whole) as server, pytest.raises(ModelError, match="cannot be written"):
        download(server.url(), tmp_path / "file" / "model.onnx", pauses_s=())


def test_only_web_addresses_are_urls() -> None:
    assert is_url("https://example.org/a.onnx")
    assert not any(
        is_url(text)
        for text in ("http://[::1", "a.onnx", "/a/b.onnx", "file:///a.onnx", "ftp://a/b", "C:\\a.onnx", "http:")
    )


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    assert hash_file(tmp_path / "a") == HASH
