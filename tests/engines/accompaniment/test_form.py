"""The form as it is played: what is wished is taken up on a bar line, and led to and opened as it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.accompaniment.arranger import DEFAULT_INTENSITY, INTENSITIES, REPEAT_LIFT, arrange
from engines.accompaniment.form import AUTO, SECTIONS, BeatPosition, Form, FormRequest, Shape
from engines.accompaniment.sheet import read_sheet

VERSE, CHORUS, BREAK = (SECTIONS.index(name) for name in ("verse", "chorus", "break"))


def beats(form: Form, first: int, wishes: dict[int, FormRequest], count: int, bar_beats: int = 4) -> list[Shape]:
    """The shape at each of ``count`` beats from ``first`` on; a wish holds from its beat on."""
    request, results = FormRequest(), []
    for beat in range(first, first + count):
        request = wishes.get(beat, request)
        number = beat % bar_beats
        results.append(form.update(BeatPosition(beat - number, number, bar_beats), request))
    return results


def test_a_section_begins_with_the_next_bar_and_opens_it() -> None:
    results = beats(Form(), 0, {0: FormRequest(VERSE), 6: FormRequest(CHORUS)}, 16)
    assert [shape.section for shape in results] == ["verse"] * 8 + ["chorus"] * 8
    assert [shape.opens for shape in results] == [True] * 4 + [False] * 4 + [True] * 4 + [False] * 4
    assert [shape.position for shape in results[::4]] == [0, 1, 0, 1]
    assert results[0].intensity == INTENSITIES["verse"] < INTENSITIES["chorus"] == results[8].intensity


def test_the_rest_of_the_bar_in_which_it_was_asked_for_leads_to_it() -> None:
    results = beats(Form(), 0, {0: FormRequest(VERSE), 6: FormRequest(CHORUS)}, 12)
    assert [shape.fill for shape in results] == [False] * 6 + [True] * 2 + [False] * 4


def test_a_fill_that_was_begun_is_finished_and_opened_after_though_the_wish_is_withdrawn() -> None:
    results = beats(Form(), 0, {0: FormRequest(VERSE), 5: FormRequest(CHORUS), 7: FormRequest(VERSE)}, 12)
    assert [shape.fill for shape in results[4:8]] == [False, True, True, True]
    assert {shape.section for shape in results} == {"verse"}
    assert results[8].opens
    assert results[8].position == 2


def test_a_section_that_comes_back_is_played_a_little_harder() -> None:
    form = Form()
    results = beats(
        form, 0, {0: FormRequest(VERSE), 4: FormRequest(CHORUS), 8: FormRequest(VERSE), 12: FormRequest(CHORUS)}, 16
    )
    assert results[12].intensity == pytest.approx(results[4].intensity + REPEAT_LIFT)


def test_without_a_wish_there_is_a_fill_every_eight_bars_and_what_follows_it_opens() -> None:
    results = beats(Form(), 0, {}, 72)
    fills = [i // 4 for i, shape in enumerate(results) if shape.fill]
    assert set(fills) == {7, 15}
    assert {i // 4 for i, shape in enumerate(results) if shape.opens} == {0, 8, 16}
    assert {shape.intensity for shape in results} == {DEFAULT_INTENSITY}


def test_detected_chords_are_played_where_no_sheet_or_user_overrides_them() -> None:
    results = beats(
        Form(),
        0,
        {0: FormRequest(detected=VERSE), 4: FormRequest(detected=CHORUS), 8: FormRequest(BREAK, detected=CHORUS)},
        12,
    )
    assert [shape.section for shape in results[::4]] == ["verse", "chorus", "break"]


def test_the_sheet_says_its_sections_and_the_user_may_overrule_it() -> None:
    bars = arrange(read_sheet("[intro]\n| C | F |\n[chorus]\n| G | C |"))
    wishes = {4 * bar: FormRequest(written=bars[bar], detected=BREAK) for bar in range(4)}
    results = beats(Form(), 0, wishes, 16)
    assert [shape.section for shape in results[::4]] == ["intro", "intro", "chorus", "chorus"]
    assert [shape.fill for shape in results[::4]] == [False, True, False, True]
    assert [shape.opens for shape in results[::4]] == [True, False, True, False]
    assert results[8].intensity == bars[2].intensity
    overruled = beats(Form(), 0, {beat: replace(request, section=BREAK) for beat, request in wishes.items()}, 16)
    assert {shape.section for shape in overruled} == {"break"}


def test_parts_drop_out_and_come_back_on_a_bar_with_an_opening() -> None:
    results = beats(Form(), 0, {0: FormRequest(VERSE), 6: FormRequest(VERSE, dropout=True), 13: FormRequest(VERSE)}, 20)
    assert [shape.dropped for shape in results] == [False] * 8 + [True] * 8 + [False] * 4
    assert [shape.fill for shape in results[12:16]] == [False, True, True, True]
    assert results[16].opens
    assert not results[8].opens
    on_the_bar = beats(
        Form(), 0, {0: FormRequest(VERSE), 4: FormRequest(VERSE, dropout=True), 12: FormRequest(VERSE)}, 16
    )
    assert not on_the_bar[11].fill
    assert on_the_bar[12].opens


@pytest.mark.parametrize("beat", [4, 6, 7])
def test_a_requested_fill_lasts_from_the_next_beat_to_the_end_of_the_bar(beat: int) -> None:
    form, request = Form(), {0: FormRequest(VERSE)}
    before = beats(form, 0, request, beat)
    form.request_fill()
    after = beats(form, beat, {beat: FormRequest(VERSE)}, 12 - beat)
    assert [shape.fill for shape in (*before, *after)] == [beat <= i < 8 for i in range(12)]
    assert [shape.opens for shape in after[8 - beat :]] == [True] * 4


def test_a_fill_that_is_requested_again_for_each_beat_fills_each_bar() -> None:
    form, shapes = Form(), []
    for beat in range(8):
        form.request_fill()
        shapes += beats(form, beat, {beat: FormRequest(VERSE)}, 1)
    assert all(shape.fill for shape in shapes)


@pytest.mark.parametrize(("first", "counted"), [(0, 4), (1, 3), (2, 6), (3, 5)])
def test_at_least_a_bar_but_its_first_beat_is_counted_up_to_a_bar_line(first: int, counted: int) -> None:
    form = Form()
    beats(form, 40, {40: FormRequest(CHORUS)}, 8)
    form.restart(3)
    results = beats(form, first, {first: FormRequest(CHORUS)}, 12)
    assert [shape.counting for shape in results] == [True] * counted + [False] * (12 - counted)
    after = results[counted]
    assert (after.section, after.position, after.opens) == ("chorus", 0, True)


def test_a_count_that_is_broken_off_is_forgotten_where_the_song_goes_on() -> None:
    form = Form()
    form.restart(3)
    assert beats(form, 1, {}, 2)[-1].counting
    form.restart(0)
    assert not beats(form, 32, {}, 1)[0].counting


def test_a_jump_begins_no_section_and_keeps_the_eight_bars_of_the_song() -> None:
    form = Form()
    beats(form, 0, {0: FormRequest(VERSE)}, 20)
    results = beats(form, 40 * 4, {160: FormRequest(VERSE)}, 8)
    assert results[0].section == "verse"
    assert (results[0].position, results[0].opens) == (0, True)
    assert beats(form, 47 * 4, {188: FormRequest(VERSE)}, 4)[-1].fill
    results = beats(form, 27 * 4, {108: FormRequest(VERSE)}, 4)
    assert (results[0].position, results[0].opens) == (3, False)


def test_from_its_state_it_goes_on_to_the_same_and_forgetting_makes_it_new() -> None:
    one, other = Form(), Form()
    beats(one, 0, {0: FormRequest(VERSE), 7: FormRequest(CHORUS, dropout=True)}, 11)
    other.restore(one.state())
    rest = {11: FormRequest(AUTO, detected=BREAK)}
    assert beats(one, 11, rest, 9) == beats(other, 11, rest, 9)
    one.reset()
    fresh = Form().state()
    assert all(np.array_equal(one.state()[name], array) for name, array in fresh.items())
