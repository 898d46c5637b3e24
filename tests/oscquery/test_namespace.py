"""The address space that OSCQuery serves: each item of the registry, with its attributes, once."""

from __future__ import annotations

from typing import Any

from bridge.control.bus import Bus
from bridge.core.control import Action, Control, Reading
from bridge.oscquery.namespace import Namespace
from tests.oscquery.conftest import Client


def list_nodes(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All nodes at and below ``node``, by their path."""
    found = {node["FULL_PATH"]: node}
    for part, child in node.get("CONTENTS", {}).items():
        assert child["FULL_PATH"].rpartition("/")[2] == part
        found |= list_nodes(child)
    return found


def test_everything_in_the_registry_is_in_the_tree(bus: Bus, client: Client) -> None:
    nodes = list_nodes(client.read("/"))
    described = {path for path, node in nodes.items() if "DESCRIPTION" in node}
    assert described == {item.address for item in bus.registry}
    for item in bus.registry:
        node = nodes[item.address]
        assert node["DESCRIPTION"].startswith(item.doc)
        assert node["ACCESS"] == {Control: 3, Action: 2, Reading: 1}[type(item)]
    assert all(node["ACCESS"] == 0 for path, node in nodes.items() if path not in described)


def test_the_value_of_each_control_fits_its_type_and_its_range(bus: Bus, client: Client) -> None:
    nodes = list_nodes(client.read("/"))
    for control in bus.registry.controls:
        node = nodes[control.address]
        (value,) = node["VALUE"]
        match control.kind:
            case "switch":
                assert node["TYPE"] == ("T" if value else "F")
            case "choice":
                assert node["TYPE"] == "s"
                assert value in node["RANGE"][0]["VALS"]
            case "integer":
                assert (node["TYPE"], node["RANGE"]) == ("i", [{"MIN": int(control.low), "MAX": int(control.high)}])
            case _:
                assert (node["TYPE"], node["RANGE"]) == ("f", [{"MIN": control.low, "MAX": control.high}])
        assert ("CLIPMODE" in node) == (control.kind in {"integer", "linear", "log"})


def test_each_kind_of_item_is_described_by_its_attributes(bus: Bus, client: Client) -> None:
    bus.set("stems.vocals.mute", True, "test")
    bus.set("stems.vocals.gain_db", -7.5, "test")
    vocals = client.read("/stems/vocals")["CONTENTS"]
    assert (vocals["mute"]["TYPE"], vocals["mute"]["VALUE"]) == ("T", [True])
    assert vocals["gain_db"] == {
        "FULL_PATH": "/stems/vocals/gain_db", "DESCRIPTION": "Fader of the vocals stem; -60 dB is silence.",
        "ACCESS": 3, "TYPE": "f", "VALUE": [-7.5], "RANGE": [{"MIN": -60.0, "MAX": 12.0}], "CLIPMODE": ["both"],
        "UNIT": ["gain.db"],
    }  # fmt: skip
    style = client.read("/comp/style")
    assert (style["TYPE"], style["VALUE"], style["RANGE"]) == ("s", ["straight"], [{"VALS": ["straight", "swing"]}])
    panic, load = client.read("/transport/panic"), client.read("/preset/load")
    assert (panic["TYPE"], load["TYPE"]) == ("I", "s")
    assert "VALUE" not in panic


def test_a_reading_has_its_last_values_their_types_and_units(bus: Bus, client: Client) -> None:
    assert client.ask("/health?VALUE")[0] == 204  # never published
    bus.publish("health", "mir", "running")
    health = client.read("/health")
    assert (health["ACCESS"], health["TYPE"], health["VALUE"]) == (1, "ss", ["mir", "running"])
    assert "Fields: " in health["DESCRIPTION"]


def test_an_attribute_is_answered_alone(client: Client) -> None:
    assert client.read("/stems/vocals/gain_db?VALUE") == {"VALUE": [0.0]}
    assert client.read("/stems/vocals/gain_db?RANGE") == {"RANGE": [{"MIN": -60.0, "MAX": 12.0}]}
    assert client.read("/stems/vocals/gain_db?UNIT") == {"UNIT": ["gain.db"]}
    assert set(client.read("/stems/vocals?CONTENTS")["CONTENTS"]) == {"gain_db", "mute", "solo"}
    assert client.read("/stems/?FULL_PATH") == {"FULL_PATH": "/stems"}


def test_a_known_path_without_the_attribute_has_no_content(client: Client) -> None:
    for target in ("/stems?VALUE", "/transport/panic?VALUE", "/stems/vocals/mute?RANGE", "/stems/vocals/mute?CONTENTS"):
        assert client.ask(target) == (204, b"")


def test_host_info_says_where_osc_is_and_what_the_server_can_do(client: Client) -> None:
    info = client.read("/?HOST_INFO")
    assert (info["NAME"], info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == (
        "sideman", "127.0.0.1", 9123, "UDP"
    )  # fmt: skip
    assert info["EXTENSIONS"]["LISTEN"] is info["EXTENSIONS"]["VALUE"] is True
    assert info["EXTENSIONS"]["PATH_CHANGED"] is False


def test_choices_that_come_while_it_runs_are_in_the_tree(bus: Bus) -> None:
    namespace, style = Namespace(bus), bus.registry.get_control("comp.style")
    assert namespace.count_nodes("/comp") == 2
    bus.registry.replace([style.add_user_choices(("bossa",))])
    node = namespace.describe("/comp/style")
    assert node is not None
    assert node["RANGE"] == [{"VALS": ["straight", "swing", "bossa"]}]
