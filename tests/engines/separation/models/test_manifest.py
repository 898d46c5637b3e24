"""Manifests: read strictly, written back the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from engines.separation.models.manifest import Manifest, ModelFile, StatePair, read_manifest, to_toml

HASH = "0123456789abcdef" * 4
GOOD = f"""schema = 1
name = "htdemucs"
adapter = "htdemucs"
file = "htdemucs.onnx"
sha256 = "{HASH}"
licence = "MIT"
source = "https://example.org/htdemucs.onnx"
rate = 44100
stems = ["drums", "bass", "other", "vocals"]
"""


def save_manifest(folder: Path, text: str) -> Path:
    path = folder / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_tells_its_files_with_what_they_give(tmp_path: Path) -> None:
    manifest = read_manifest(save_manifest(tmp_path, GOOD))
    assert manifest.stems == ("drums", "bass", "other", "vocals")
    assert [(part.file, part.sha256, part.kept) for part in manifest.parts] == [
        ("htdemucs.onnx", HASH, ("drums", "bass", "other", "vocals"))
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("schema = 1", "schema = 2", "schema: 2"),
        ("licence", "license", "license: unknown key"),
        ('licence = "MIT"', "", "licence: missing"),
        ('licence = "MIT"', 'licence = ""', "licence: "),
        ('name = "htdemucs"', 'name = "../up"', "`name`: '../up': it takes small letters"),
        ('name = "htdemucs"', 'name = ".hidden"', "`name`: '.hidden': "),
        ('name = "htdemucs"', 'name = "con"', "`name`: 'con': Windows keeps this name"),
        ('name = "htdemucs"', 'name = "aux.v2"', "`name`: 'aux.v2': Windows keeps this name"),
        ('name = "htdemucs"', 'name = "mine."', "`name`: 'mine.': Windows drops dots"),
        ('file = "htdemucs.onnx"', 'file = "NUL.onnx"', "`file`: 'NUL.onnx': Windows keeps this name"),
        ("rate = 44100", 'rate = 44100\nrest = "aux"', "`stems`: 'aux': Windows keeps this name"),
        ('file = "htdemucs.onnx"', 'file = "../htdemucs.onnx"', "`file`: "),
        ('file = "htdemucs.onnx"', 'file = "/etc/a.onnx"', "`file`: "),
        ('file = "htdemucs.onnx"', 'file = "htdemucs.zip"', "`file`: "),
        (HASH, HASH[1:], "`sha256`: "),
        (HASH, HASH.upper(), "`sha256`: "),
        ('adapter = "htdemucs"', 'adapter = "magic"', "adapter: "),
        ("rate = 44100", "rate = 0", "rate: "),
        ('["drums", "bass", "other", "vocals"]', "[]", "`stems`: none"),
        ('["drums", "bass", "other", "vocals"]', '["drums", "drums"]', "`stems`: 'drums' is named twice"),
        ('["drums", "bass", "other", "vocals"]', '["Drums"]', "`stems`: 'Drums': it takes small letters"),
        ("rate = 44100", 'rate = 44100\nkeep = ["piano"]', "`keep`: 'piano' is not among the stems"),
        ("rate = 44100", "rate = 44100\nhop = 0", "hop: "),
        ("rate = 44100", 'rate = 44100\nrest = "../x"', "'../x': it takes"),
        ("rate = 44100", "rate = 44100\ngain = 0.0", "gain: "),
        ("rate = 44100", "rate = 44100\nsynthesis = 8", "`synthesis`: means nothing to the adapter htdemucs"),
        (
            "rate = 44100",
            "rate = 44100\nbins = [1]",
            "`bins`: means nothing to the adapter htdemucs; it is for roformer",
        ),
    ],
)
def test_an_error_names_file_key_and_hint(tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in GOOD
    path = save_manifest(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_manifest(path)
    assert caught.value.message.startswith(f"{path}: ")
    assert place in caught.value.message
    assert caught.value.hint


def test_further_files_and_memories_are_checked_too(tmp_path: Path) -> None:
    more = f'[[more]]\nfile = "b.onnx"\nsha256 = "{HASH}"\nstems = ["piano"]\n'
    assert len(read_manifest(save_manifest(tmp_path, GOOD + more)).parts) == 2
    for wrong, place in (
        (more.replace("b.onnx", "htdemucs.onnx"), "'htdemucs.onnx' is named twice"),
        (more.replace("b.onnx", "HTDemucs.onnx"), "'htdemucs.onnx' is named twice"),
        (more.replace("piano", "bass"), "'bass' is given by two files; say which with `keep`"),
        (more + "size = 1\n", "size: unknown key"),
    ):
        with pytest.raises(ConfigError, match=place):
            read_manifest(save_manifest(tmp_path, GOOD + wrong))


def test_a_synthesis_shorter_than_its_hop_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace('adapter = "htdemucs"', 'adapter = "streaming"') + "hop = 128\nsynthesis = 64\n"
    with pytest.raises(ConfigError, match="`synthesis`: 64 is shorter than the hop of 128"):
        read_manifest(save_manifest(tmp_path, text))


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    fields = {"file": "a.onnx", "sha256": HASH, "licence": 'by "me"', "source": "https://example.org/a", "rate": 48000}
    more = (ModelFile(file="b.onnx", sha256=HASH, stems=("a", "b"), keep=("b",), source="https://example.org/b"),)
    states = (StatePair(input="h", output="h2"),)
    for manifest in (
        Manifest(name="a", adapter="roformer", stems=("vocals",), bins=(0, 1, 1), hop=441, gives="masks", **fields),  # type: ignore[arg-type]
        Manifest(name="b", adapter="streaming", stems=("vocals",), synthesis=256, hop=128, states=states, **fields),  # type: ignore[arg-type]
        Manifest(name="c", adapter="mdxnet", stems=("other",), rest="vocals", gain=1.035, more=more, **fields),  # type: ignore[arg-type]
    ):
        assert read_manifest(save_manifest(tmp_path, to_toml(manifest))) == manifest


def test_what_is_left_at_its_default_is_not_written(tmp_path: Path) -> None:
    assert to_toml(read_manifest(save_manifest(tmp_path, GOOD))) == GOOD
