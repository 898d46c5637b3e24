"""Files with chord sheets, whatever editor wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from engines.accompaniment.sheet_file import LARGEST_BYTES, decode_text, read_sheet_file

TEXT = "tempo: 96\r\n| C | Am |\r\n"
SHARED = Path(__file__).parents[3] / ".." / "shared" / "data" / "faults"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_a_sheet_is_read_in_any_unicode(encoding: str, ends: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.txt"
    path.write_bytes(TEXT.replace("\r\n", ends).encode(encoding))
    sheet = read_sheet_file(path)
    assert sheet.tempo == 96
    assert [bar[0].label for bar in sheet.sections[0].bars] == ["C", "Am"]


def test_byte_order_marks_are_no_text() -> None:
    assert decode_text(b"\xef\xbb\xbf" + TEXT.encode(), "x") == TEXT
    assert decode_text(b"\xfe\xff" + TEXT.encode("utf-16-be"), "x") == TEXT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TEXT.encode("utf-16-le"), "no text, or UTF-16 without a byte order mark"),
        (b"| C |\n| Am | \xb0", "sheet.txt: not UTF-8 at byte 13, line 2"),
        (b"\xff\xfe| C", "sheet.txt: not UTF-16 at byte"),
        (b"| C |\0", "no text"),
        (b"|" * (LARGEST_BYTES + 1), "longer than a chord sheet can be (1 MiB)"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        decode_text(data, "sheet.txt")
    assert said in error.value.message
    assert "UTF-8" in error.value.hint


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the files of public reports beside the checkout")
def test_sheets_of_public_reports() -> None:
    def read(name: str) -> list[str]:
        return [bar[0].label for bar in read_sheet_file(SHARED / name).sections[0].bars]

    assert read("11_paren_alteration.txt") == ["E7", "F", "Caug", "G7"]
    assert read("12_m7-5.txt") == ["Bdim", "E7", "Am", "Am"]
    assert read("16_bom.txt") == ["C", "Am"]
    with pytest.raises(ConfigError, match=r"write \[verse\] or \[chorus x2\]"):
        read("14_hint_eaten.txt")
    with pytest.raises(ConfigError, match=r"'\[/b\]' is no chord"):
        read("14_markup_crash.txt")
