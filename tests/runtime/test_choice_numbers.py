"""Choices by number between processes that list different files."""

from __future__ import annotations

import pytest

from bridge.core.control import Control
from bridge.core.engine import Block
from bridge.core.time import BlockTime
from bridge.runtime.choice_numbers import ChoiceNumbers
from bridge.runtime.engine_runner import EngineRunner
from tests.runtime.callback_driver import HOP, PLAN, SEPARATION, open_callback
from tests.runtime.toys import SEPARATION_SPEC, Toy, split_evenly, with_controls

STYLE = Control("toy.style", 0, 2, 1, kind="choice", choices=("folk", "pop", "rock"))


def translate(names: tuple[str, ...], control: Control) -> list[str]:
    """What ``control`` takes each of ``names``' numbers for."""
    numbers, found = ChoiceNumbers({control.name: names}, [control]), []
    for number in range(len(names)):
        values = {control.name: float(number), "toy.level": 0.25}
        numbers.translate(values)
        assert values["toy.level"] == 0.25
        found.append(control.choices[int(values[control.name])])
    return found


def test_a_name_keeps_its_meaning_where_files_were_added(caplog: pytest.LogCaptureFixture) -> None:
    names = STYLE.add_user_choices(("zouk",)).choices
    assert translate(names, STYLE.add_user_choices(("bossa", "zouk"))) == [*names]
    assert not caplog.records


def test_the_default_takes_the_place_of_what_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    names = STYLE.add_user_choices(("bossa", "zouk")).choices
    assert translate(names, STYLE.add_user_choices(("zouk",))) == ["folk", "pop", "rock", "pop", "zouk"]
    assert "toy.style: bossa is not there any more; pop takes its place" in caplog.text


def test_numbers_pass_where_both_list_the_same_or_nothing_was_given() -> None:
    values = {"toy.style": 2.0}
    ChoiceNumbers({}, [STYLE]).translate(values)
    ChoiceNumbers({"toy.style": STYLE.choices}, [STYLE]).translate(values)
    assert values == {"toy.style": 2.0}


def test_an_engine_gets_the_number_of_the_name_that_was_chosen() -> None:
    values: list[float] = []

    def act(block: Block, time: BlockTime, out: Block) -> None:
        split_evenly(block, time, out)
        values.append(block.values["toy.style"])

    chosen = STYLE.add_user_choices(("zouk",))
    plan = PLAN.workers[SEPARATION]
    mine = type(plan)(
        plan.role, plan.engine, plan.index, plan.hop, 0, controls=("toy.style",), choices={"toy.style": chosen.choices}
    )
    spec = with_controls(SEPARATION_SPEC, STYLE.add_user_choices(("bossa", "zouk")))
    with open_callback() as callback:
        runner = EngineRunner(PLAN, mine, callback.shared, Toy(spec, act))
        runner.prepare()
        callback.shared.values[SEPARATION, 0] = chosen.choices.index("zouk")
        callback.read_inputs(HOP)
        runner.process_available()
    assert values == [4.0]
