"""TOML files within bounds: what is beyond them is refused with its place, before a parser meets it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.config import read_toml
from bridge.errors import ConfigError
from bridge.settings import Settings
from bridge.toml import MAX_BYTES, MAX_LEVELS, parse_text, parse_toml

GOOD = "schema = 1\n[osc]\nport = 9000\n"


def written(folder: Path, data: bytes) -> Path:
    path = folder / "x.toml"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_what_an_editor_on_windows_saves_is_read(tmp_path: Path, data: bytes) -> None:
    assert read_toml(written(tmp_path, data), Settings).osc.port == 9000


@pytest.mark.parametrize(
    ("data", "place", "fix"),
    [
        (GOOD.encode("utf-16"), "is UTF-16", "UTF-8"),
        (GOOD.encode("utf-16-le"), "is UTF-16", "UTF-8"),
        (GOOD.encode("utf-16-be"), "is UTF-16", "UTF-8"),
        (b"schema = 1 # \xe9\n", "not UTF-8 at byte 13", "UTF-8"),
        (b"schema = 1\n\xef\xbb\xbf[osc]\n", "line 2", "correct the TOML"),
        (b"schema = 1\nschema = 1\n", "Cannot overwrite a value", "correct the TOML"),
        (b"schema = 1\n\nname = \"x\n[osc]\n", "x.toml: line 3: a text has no closing quote", "close it"),
        (b"schema = 1\na = 'na\nb = '2'\n", "x.toml: line 2: a text has no closing quote", "close it"),
        (b"schema = 1\n[osc\n", "x.toml: line 2, column 5: Expected ']'", "correct the TOML"),
        (b"schema = 1\nname = \"x", "x.toml: Unterminated string (at end", "correct the TOML"),
        (b"schema = 1\n#" + b" " * MAX_BYTES, "larger than 1,048,576 bytes", "the right one"),
        (b"schema = " + b"1" * 5000, "line 1: a number of 5,000 figures", "at most 400"),
        (b"schema = 1\n[osc]\nport = -" + b"9" * 4301, "line 3: a number of 4,302 figures", "at most 400"),
        (b"schema = 0x" + b"f" * 5000, "line 1: a number of 5,002 figures", "at most 400"),
        (b"schema = 1\n[osc]\nport = [0b" + b"1" * 401 + b"]", "line 3: a number", "at most 400"),
        (b"schema = 1\n[osc]\nport = 1." + b"0" * 401, "line 3: a number", "at most 400"),
        (b"schema = 0x" + b"f" * 17, "schema: a whole number beyond 64 bits", "9223372036854775807"),
        (b"schema = 1\n[osc]\nport = 9223372036854775808", "osc.port: a whole number beyond 64 bits", "give -922"),
        (b"schema = 1\n" + b"a." * 20000 + b"a = 1", "line 2: nested more than 16 levels", "the right one"),
        (b"schema = 1\n" + b'"a" . ' * 20000 + b"a = 1", "line 2: nested more than 16 levels", "the right one"),
        (b"schema = 1\n\n[" + b"a." * 20000 + b"a]", "line 3: nested more than 16 levels", "the right one"),
        (b"schema = 1\n[[" + b"a." * 20000 + b"a]]", "line 2: nested more than 16 levels", "the right one"),
        (b"schema = 1\na = " + b"[" * 2000 + b"]" * 2000, "line 2: nested more than 16 levels", "the right one"),
        (b"schema = 1\na = " + b"[\n" * 2000, "line 18: nested more than 16 levels", "the right one"),
        (b"schema = 1\na = " + b"{a = " * 2000, "line 2: nested more than 16 levels", "the right one"),
    ],
)  # fmt: skip
def test_a_file_beyond_the_bounds_is_refused_with_its_place(tmp_path: Path, data: bytes, place: str, fix: str) -> None:
    path = written(tmp_path, data)
    with pytest.raises(ConfigError) as caught:
        read_toml(path, Settings)
    assert caught.value.message.startswith(str(path))
    assert place in caught.value.message
    assert fix in caught.value.hint


def test_levels_of_headers_keys_and_inline_tables_add_up() -> None:
    deep = "a." * (MAX_LEVELS - 2) + "a"
    assert parse_text(f"[{deep}]\nx = 1", "x.toml")
    with pytest.raises(ConfigError, match="nested more than 16 levels"):
        parse_text(f"[{deep}]\nx.y = 1", "x.toml")
    with pytest.raises(ConfigError, match="nested more than 16 levels"):
        parse_text(f"[{deep}]\nx = [{{y = 1}}]", "x.toml")


@pytest.mark.parametrize(
    "value",
    [
        '"' + "a." * 50 + '"',
        "'" + "[{" * 50 + "'",
        '"""\n' + '["" . . \\""" {\n' * 50 + '"""',
        "'''\n" + "['' . . {\n" * 50 + "'''",
        '"' + "9" * 5000 + '"',
        '""""two at its end"""""',
        "1 # " + "a.[{" * 50,
        "9223372036854775807",
        "-9223372036854775808",
        "0." + "3" * 300,
    ],
)
def test_what_stands_in_text_and_comments_counts_for_nothing(value: str) -> None:
    assert list(parse_text(f"a = {value}\nb.c = 1.5\n", "x.toml")) == ["a", "b"]


def test_an_error_repeats_no_more_of_the_file_than_fits_a_line(tmp_path: Path) -> None:
    for text in ("schema = '" + "x" * 5000 + "'", "schema = 1\n" + "k" * 5000 + " = 1", "schema = 1\nosc = 3"):
        with pytest.raises(ConfigError) as caught:
            read_toml(written(tmp_path, text.encode()), Settings)
        assert len(caught.value.message) < len(str(tmp_path)) + 700
    with pytest.raises(ConfigError, match=r"x\.toml: schema: "):
        read_toml(written(tmp_path, b"schema = [1]"), Settings)


def test_a_key_that_looks_like_the_parsers_own_words_is_named_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        read_toml(written(tmp_path, b'schema = 1\n"' + b" - at `$" * 50_000 + b'" = 1\n'), Settings)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[member]\na = 1\n[member]\na = 2", "member"),
        ("[a.b]\nx = 1\n[a.b]\nx = 2", "a.b"),
        ("[[m]]\n[m.k]\n[m.k]", "m.k"),
    ],
)
def test_a_table_that_stands_twice_gets_the_brackets_of_a_list(text: str, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_text(text, "x.toml")
    assert "x.toml: line " in caught.value.message
    assert f"[[{name}]]" in caught.value.hint
    assert "(" not in str(caught.value)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a file"):
        parse_toml(tmp_path)
    with pytest.raises(ConfigError, match="no such file"):
        parse_toml(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"cannot be read|no such file"):
        parse_toml(tmp_path / ("x" * 300))
    with pytest.raises(ConfigError, match="no such file"):
        parse_toml(tmp_path / "a\0b.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.toml")
    with pytest.raises(ConfigError, match="not a file"):
        parse_toml(tmp_path / "x.toml")
