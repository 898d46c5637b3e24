"""Tables of an evaluation: groups, means, text, Markdown and data."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from research.common.evaluation_tables import (
    EvaluationTable,
    compute_means,
    format_means,
    group_by_collection,
    to_data,
)

TABLE = EvaluationTable(["tracker", "F"], [["mir.x", "0.5"], ["y", "–"]], ("tracker",))


def test_texts_are_aligned_left_and_figures_right() -> None:
    assert TABLE.to_text() == "tracker    F\nmir.x    0.5\ny          –\n"
    assert TABLE.to_markdown() == "| tracker | F |\n| --- | ---: |\n| mir.x | 0.5 |\n| y | – |\n"


def test_groups_keep_the_order_of_collections_and_of_names_within_them() -> None:
    results = [("a", "x", 1), ("b", "x", 2), ("a", "y", 3), ("a", "x", 4)]
    groups = group_by_collection(results, lambda result: result[:2])
    assert [(key, [number for *_, number in group]) for key, group in groups.items()] == [
        (("a", "x"), [1, 4]),
        (("a", "y"), [3]),
        (("b", "x"), [2]),
    ]


def test_a_mean_is_over_the_songs_that_have_the_figure() -> None:
    means = compute_means([{"f": 1.0, "key": math.nan}, {"f": 0.5, "root": 0.25}])
    assert (means["f"].mean, means["f"].songs, means["root"].mean) == (0.75, 2, 0.25)
    assert "key" not in means
    assert format_means(means, ("root", "key"), 2) == ["0.25 of 1", "–"]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    figure: float


def test_what_is_no_number_is_null_in_json() -> None:
    data = to_data([Row("a", math.inf)], [Row("b", math.nan), Row("c", 1.0)])
    assert json.loads(json.dumps(data, allow_nan=False)) == {
        "table": [{"name": "a", "figure": None}],
        "results": [{"name": "b", "figure": None}, {"name": "c", "figure": 1.0}],
    }
