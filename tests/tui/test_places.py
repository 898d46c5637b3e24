"""Places: what can be selected on each screen is found without touching it."""

from __future__ import annotations

import pytest

from tests.tui.sample_session import make_sample
from tui.overlays.places import find_places
from tui.terminal.terminal import make_screens

LISTS = {"stems": 4, "presets": 6, "jobs": 5, "routing": 6}
"""Screens with a list, and how many of its rows the sample session shows at least."""


@pytest.mark.parametrize("name", [screen.name for screen in make_screens()])
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_places_are_found_without_an_effect(name: str, size: tuple[int, int]) -> None:
    rig = make_sample(*size)
    screen = next(one for one in make_screens() if one.name == name)
    before = screen.draw(rig.context, size[0], size[1] - 5)
    places = find_places(screen, rig.context, size[0], size[1] - 5)
    assert screen.draw(rig.context, size[0], size[1] - 5) == before
    assert rig.messages == []
    assert len(places) >= LISTS.get(name, 0)


@pytest.mark.parametrize("name", LISTS)
def test_the_place_that_is_chosen_is_marked(name: str) -> None:
    rig = make_sample()
    screen = next(one for one in make_screens() if one.name == name)
    place = find_places(screen, rig.context, 80, 19)[-1]
    place.select()
    rows = screen.draw(rig.context, 80, 19)
    text = "".join(part for part, _ in rows[place.row])
    assert text[place.column] == "▌"
