"""Layout building: pages, sections and places, also of controls that nobody has thought of yet."""

from __future__ import annotations

import pytest

from bridge.control.registry import Registry
from bridge.core.control import Action, Control
from bridge.core.file_choice import FileChoice
from bridge.layouts import element_types
from bridge.layouts.layout_building import build_layout
from bridge.layouts.layout_pages import Layout
from bridge.layouts.layout_subscription import list_addresses, list_patterns
from bridge.layouts.page_rules import PAGE_COLORS, find_placement
from bridge.osc.pattern import AddressPattern
from bridge.osc.subscriptions import MAX_PATTERNS
from tests.layouts.places import find_outside, find_overlaps


def make_registry(*items: Control | Action) -> Registry:
    registry = Registry()
    registry.add(items, "the test")
    return registry


def test_the_pages_are_those_of_the_rules_in_their_order(layout: Layout) -> None:
    titles = [page.title.rstrip(" 23456789") for page in layout.pages]
    assert list(dict.fromkeys(titles)) == list(PAGE_COLORS)


@pytest.mark.parametrize(
    ("name", "page", "heading", "label"),
    [
        ("stems.dry", "Stems", "", "Dry mix"),
        ("accompaniment.band.style", "Band", "", "Style"),
        ("accompaniment.band.keys.follows", "Parts", "Keys", "Follows"),
        ("transport.start", "Clock", "Transport", "Start"),
        ("clock.link_offset_ms", "Clock", "Clock", "Link offset"),
        ("inserts.mix.chain", "Inserts", "Mix", "Chain"),
        ("latency.mir.reserve_frames", "Latency", "Analysis", "Reserve"),
        ("latency.drums.ping", "Latency", "Replace a path by a pure delay", "Drums"),
        ("choir.size.small_hz", "More", "Choir", "Size small"),
    ],
)
def test_a_name_says_where_an_item_stands(name: str, page: str, heading: str, label: str) -> None:
    placement = find_placement(name)
    assert (placement.page, placement.heading, placement.label) == (page, heading, label)


def test_many_controls_go_on_over_further_pages() -> None:
    controls = [Control(f"choir.voice{number}.gain", 0, 1, 0, doc="Gain.") for number in range(70)]
    layout = build_layout(make_registry(*controls), ())
    assert [page.title for page in layout.pages] == ["More", "More 2", "More 3"]
    for page in layout.pages:
        places = [(str(one), (one.box.x, one.box.y, one.box.x + one.box.width, one.box.y + one.box.height))
                  for one in page.elements]  # fmt: skip
        assert find_overlaps(places) == []
        assert find_outside(places, (0, 0, 1024, 672)) == []
        last = page.elements[-1]
        assert not isinstance(last, element_types.Caption), "a heading stands over something"


def test_more_stems_than_strips_fit_stand_as_other_faders() -> None:
    stems = [Control(f"stems.s{number}.gain_db", -60, 12, 0, unit="dB") for number in range(7)]
    (page,) = build_layout(make_registry(*stems), ()).pages
    faders = [one for one in page.elements if isinstance(one, element_types.Fader)]
    assert len(faders) == 7
    assert not any(one.is_vertical for one in faders)


def test_a_few_short_words_are_a_row_and_many_or_long_ones_a_menu() -> None:
    few = Control("band.few", 0, 2, 0, kind="choice", choices=("a", "b", "c"))
    long = Control("band.long", 0, 8, 0, kind="choice", choices=tuple(f"a very long word {n}" for n in range(9)))
    (page,) = build_layout(make_registry(few, long), ()).pages
    assert [
        type(one) for one in page.elements if isinstance(one, element_types.ButtonRow | element_types.ChoiceMenu)
    ] == [element_types.ButtonRow, element_types.ChoiceMenu]


def test_what_cannot_be_chosen_has_no_button() -> None:
    gone = FileChoice("b", "its file is gone", "restore it")
    choice = Control("band.few", 0, 2, 0, kind="choice", choices=("a", "b", "c"), unavailable=(gone,))
    (page,) = build_layout(make_registry(choice), ()).pages
    (row,) = [one for one in page.elements if isinstance(one, element_types.ButtonRow)]
    assert row.numbers == (0, 2)


def test_an_action_that_needs_a_word_has_no_button_but_the_given_one() -> None:
    locate, connect = Action("transport.locate", arguments=("beat",)), Action("routing.connect", arguments=("a", "b"))
    layout = build_layout(make_registry(locate, connect, Control("transport.loop", 0, 1, 0, kind="switch")), ())
    (page,) = layout.pages
    kinds = [type(one).__name__ for one in page.elements]
    assert kinds == ["Caption", "ToggleButton", "ActionButton"]
    assert isinstance(page.elements[1], element_types.ToggleButton)


def test_the_patterns_cover_what_is_shown_and_nothing_else(
    registry: Registry, layout: Layout, patterns: tuple[str, ...]
) -> None:
    compiled = [AddressPattern(one) for one in patterns]
    covered = {one.address for one in registry if not isinstance(one, Action)
               if any(pattern.covers(one.address) for pattern in compiled)}  # fmt: skip
    assert covered == set(list_addresses(layout.elements))
    assert "/log" not in covered
    assert len(patterns) < MAX_PATTERNS // 2


def test_a_whole_branch_is_one_pattern(registry: Registry) -> None:
    stems = [one.address for one in registry.controls if one.name.startswith("stems.")]
    assert list_patterns(registry, stems) == ("/stems",)
    assert list_patterns(registry, stems[:2]) == ("/stems/drums/{gain_db,mute}",)
    assert list_patterns(registry, []) == ()
