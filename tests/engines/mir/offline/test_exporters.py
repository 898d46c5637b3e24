from __future__ import annotations

import csv
import io
from xml.etree import ElementTree

from engines.mir.offline.exporters import format_text_files
from engines.mir.offline.song_map import ChordSpan, KeySpan, SongBeat, SongMap

SONG = SongMap(
    "song.wav", "mir.x", 48000, 480_000, 10.0,
    beats=(SongBeat(0.5, 1, 4, 0.9), SongBeat(1.0, 2, 4, 0.8)),
    chords=(
        ChordSpan(0.0, 2.0, "N", "N", -1, -1, (), 0.5), ChordSpan(2.0, 9.25, "Am/C", "A:min/b3", 9, 0, (9, 0, 4), 0.75)
    ),
    keys=(KeySpan(3.0, 10.0, "A minor", 9, True, 0.6),),
    events={"onset": ({"time_s": 0.25, "strength": 0.5},)},
)  # fmt: skip
FILES = format_text_files(SONG)


def layer(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(FILES[name])


def test_tables_have_a_heading_and_a_row_each() -> None:
    rows = list(csv.DictReader(io.StringIO(FILES["chords.csv"])))
    assert rows[1] == {"start_s": "2.0", "end_s": "9.25", "label": "Am/C", "harte": "A:min/b3", "confidence": "0.75"}
    assert FILES["beats.csv"] == "time_s,number,bar_beats,confidence\n0.5,1,4,0.9\n1.0,2,4,0.8\n"
    assert FILES["onset.csv"] == "time_s,strength\n0.25,0.5\n"


def test_audacity_gets_start_end_and_text_with_tabs() -> None:
    assert FILES["beats.txt"] == "0.500000\t0.500000\t1\n1.000000\t1.000000\t2\n"
    assert FILES["keys.txt"] == "3.000000\t10.000000\tA minor\n"


def test_chord_research_gets_hartes_labels() -> None:
    assert FILES["chords.lab"].splitlines()[1] == "2.000000\t9.250000\tA:min/b3"


def test_beats_are_instants_to_sonic_visualiser() -> None:
    points = [(point.get("frame"), point.get("label")) for point in layer("beats.svl").iter("point")]
    assert points == [("24000", "1"), ("48000", "2")]
    (model,) = layer("beats.svl").iter("model")
    assert (model.get("dimensions"), model.get("sampleRate")) == ("1", "48000")
    (shown,) = layer("beats.svl").iter("layer")
    assert (shown.get("type"), shown.get("model")) == ("timeinstants", model.get("id"))


def test_chords_are_regions_to_sonic_visualiser() -> None:
    _, point = layer("chords.svl").iter("point")
    assert dict(point.items()) == {"frame": "96000", "value": "1", "duration": "348000", "label": "Am/C"}
    (model,) = layer("chords.svl").iter("model")
    (dataset,) = layer("chords.svl").iter("dataset")
    assert (model.get("dimensions"), model.get("subtype"), model.get("dataset")) == ("3", "region", dataset.get("id"))


def test_a_song_without_anything_still_gives_whole_files() -> None:
    empty = format_text_files(SongMap("song.wav", "mir.x", 48000, 0, 0.0))
    assert empty["beats.txt"] == ""
    layer = ElementTree.fromstring(empty["beats.svl"])
    assert list(layer.iter("point")) == []
    assert [(model.get("start"), model.get("end")) for model in layer.iter("model")] == [("0", "0")]
