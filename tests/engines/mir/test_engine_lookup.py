from __future__ import annotations

import pytest

from bridge.core.control import Control
from bridge.errors import BridgeError
from engines.mir.engine_lookup import DEFAULT, create_engine, list_analysis_engines, parse_control_values

PRIOR = Control("mir.prior", 60.0, 200.0, 120.0)
SOURCE = Control("mir.source", 0, 1, 0, kind="choice", choices=("mix", "drums"))


def test_the_default_engine_is_registered() -> None:
    assert DEFAULT in list_analysis_engines()
    assert create_engine(DEFAULT).spec.name == DEFAULT


@pytest.mark.parametrize(
    ("name", "message"), [("mir.chrome", "did you mean mir.chroma?"), ("accompaniment.basic", "has no audio input")]
)
def test_an_engine_that_cannot_analyse_is_named(name: str, message: str) -> None:
    with pytest.raises(BridgeError, match=name) as raised:
        create_engine(name)
    assert message in str(raised.value)


def test_controls_are_set_by_number_or_by_word() -> None:
    assert parse_control_values((PRIOR, SOURCE), ["mir.prior=90", "mir.source=drums"]) == {
        "mir.prior": 90,
        "mir.source": 1,
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("mir.prio=90", "did you mean mir.prior?"),
        ("mir.prior", "a number from 60 to 200"),
        ("mir.prior=fast", "a number from 60 to 200"),
        ("mir.prior=nan", "a number from 60 to 200"),
        ("mir.prior=300", "a number from 60 to 200"),
        ("mir.source=bass", "mix or drums"),
    ],
)
def test_a_wrong_setting_names_the_control_and_its_range(word: str, message: str) -> None:
    with pytest.raises(BridgeError) as raised:
        parse_control_values((PRIOR, SOURCE), [word])
    assert word in str(raised.value)
    assert message in str(raised.value)
