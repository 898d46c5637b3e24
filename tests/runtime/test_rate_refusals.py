"""An engine that does not run at the server's rate takes its own role away and no other's."""

from __future__ import annotations

import pytest

from bridge.core.engine import Engine, EngineSpec
from bridge.core.role import ROLES
from bridge.errors import EngineError
from bridge.runtime import rate_refusals, wiring
from bridge.runtime.rate_refusals import wire_runnable
from bridge.runtime.wiring import Wiring
from bridge.settings import EngineSettings
from tests.runtime.toys import ACCOMPANIMENT_SPEC, MIR_SPEC, SEPARATION_SPEC, Toy

RESERVES = dict.fromkeys(ROLES, 512)


def roles(wired: Wiring) -> list[str]:
    return [node.role for node in wired.nodes]


@pytest.mark.parametrize(("rate", "off"), [(8000, "mir"), (16000, "mir"), (11025, "mir"), (48000, ""), (22050, "")])
def test_the_engines_that_ship_at_common_rates(rate: int, off: str) -> None:
    engines = {role: str(getattr(EngineSettings(), role)) for role in ROLES} | {"synth": "synth.plain"}
    wired, refused = wire_runnable(engines, rate, RESERVES)
    assert list(refused) == ([off] if off else [])
    assert roles(wired) == [role for role in ROLES if role != off]
    if off:
        assert "mir.standard" in refused[off].message
        assert "22050" in refused[off].hint
        assert wired.plan.workers[roles(wired).index("accompaniment")].waits_for == ()


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> dict[str, Exception | None]:
    """Toys in three roles; what is put here by an engine's name is raised where it is prepared for 16 kHz."""
    raised: dict[str, Exception | None] = {}
    specs = {spec.name: spec for spec in (SEPARATION_SPEC, MIR_SPEC, ACCOMPANIMENT_SPEC)}

    class Picky(Toy):
        def __init__(self, spec: EngineSpec) -> None:
            super().__init__(spec)

        def prepare(self, rate: int, max_frames: int, lead_frames: int = 0) -> None:
            error = raised.get(self.spec.name)
            if error is not None and (rate == 16000 or str(error) == "always"):
                raise error

    def load(name: str, *_: int) -> Engine:
        return Picky(specs[name])

    monkeypatch.setattr(rate_refusals, "load_engine", load)
    monkeypatch.setattr(wiring, "load_engine_at_rate", load)
    return raised


TOYS = {"separation": "toy.separation", "mir": "toy.mir", "accompaniment": "toy.accompaniment"}


@pytest.mark.parametrize("role", TOYS)
@pytest.mark.parametrize("error", [EngineError("not here", "go elsewhere"), ValueError("odd"), ZeroDivisionError("0")])
def test_whatever_an_engine_raises_at_a_rate_the_others_play(
    toys: dict[str, Exception | None], role: str, error: Exception
) -> None:
    toys[TOYS[role]] = error
    wired, refused = wire_runnable(TOYS, 16000, RESERVES)
    assert list(refused) == [role]
    assert str(error) in str(refused[role])
    assert roles(wired) == [other for other in TOYS if other != role]
    assert wire_runnable(TOYS, 48000, RESERVES)[1] == {}


def test_where_all_engines_refuse_no_role_is_on_and_nothing_fails(toys: dict[str, Exception | None]) -> None:
    toys |= dict.fromkeys(TOYS.values(), EngineError("not here"))
    wired, refused = wire_runnable(TOYS, 16000, RESERVES)
    assert (roles(wired), set(refused)) == ([], set(TOYS))


def test_an_engine_that_runs_at_no_rate_is_an_error(toys: dict[str, Exception | None]) -> None:
    toys["toy.mir"] = EngineError("always")
    with pytest.raises(EngineError, match="always"):
        wire_runnable(TOYS, 16000, RESERVES)


def test_an_engine_that_is_not_registered_is_an_error() -> None:
    with pytest.raises(EngineError, match=r"'mir\.nothing' is not registered"):
        wire_runnable({"mir": "mir.nothing"}, 16000, RESERVES)
