"""Controller: what a device's messages do, by buttons, encoders, faders, layers and banks."""

from __future__ import annotations

import random
import threading

import pytest

from bridge.control.bus import Bus
from bridge.controllers.mappings.strips import Bank
from bridge.errors import ControlError
from tests.controllers.rig import DeviceRig, make_registry

MUTE = "stems.vocals.mute"
GAIN = "stems.vocals.gain_db"
BAND = "accompaniment.band"
SECTION = "accompaniment.band.section"
INTENSITY = "accompaniment.band.intensity"


def test_a_momentary_button_is_on_while_it_is_held() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "momentary"\nset = "{MUTE}"')
    rig.send("90 0A 7F")
    assert rig.get(MUTE) == 1
    rig.send("90 0A 00")
    assert rig.get(MUTE) == 0
    rig.send("90 0A 7F")
    rig.send("80 0A 40")
    assert rig.get(MUTE) == 0


def test_a_latched_button_flips_what_the_control_is_now() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 48"\nbutton = "latched"\nset = "{MUTE}"')
    rig.send("B0 30 7F", "B0 30 00")
    assert rig.get(MUTE) == 1
    rig.set(MUTE, 0)
    rig.send("B0 30 7F", "B0 30 00")
    assert rig.get(MUTE) == 1  # its own copy would have said off


def test_pressure_on_a_held_button_is_no_second_press() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 48"\nbutton = "latched"\nset = "{MUTE}"')
    rig.send("B0 30 30", "B0 30 40", "B0 30 7F", "B0 30 00")
    assert rig.get(MUTE) == 1


def test_a_note_whose_release_was_lost_can_be_pressed_again() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "latched"\nset = "{MUTE}"')
    rig.send("90 0A 7F")
    rig.send("90 0A 7F")
    assert rig.get(MUTE) == 0


def test_the_state_of_a_toggle_is_that_of_the_device() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 48"\nbutton = "toggle"\nset = "{MUTE}"')
    rig.send("B0 30 7F")
    assert rig.get(MUTE) == 1
    rig.set(MUTE, 0)
    rig.send("B0 30 00")
    assert rig.get(MUTE) == 0
    rig.send("B0 30 7F")
    assert rig.get(MUTE) == 1


def test_a_toggle_that_triggers_does_so_with_both_of_its_messages() -> None:
    rig = DeviceRig('[[input]]\nmidi = "cc 48"\nbutton = "toggle"\naction = "transport.panic"')
    rig.send("B0 30 7F")
    rig.send("B0 30 00")
    assert rig.actions == [("transport.panic", "")] * 2


def test_a_button_with_a_value_sets_it_and_leaves_it() -> None:
    text = f'[[input]]\nmidi = "note 10-11"\nbutton = "momentary"\nset = "{SECTION}"\nvalue = ["verse", "chorus"]'
    rig = DeviceRig(text, BAND)
    rig.send("90 0B 7F", "90 0B 00")
    assert rig.get(SECTION) == 3
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 2


def test_a_latched_button_with_a_value_returns_to_the_default() -> None:
    text = f'[[input]]\nmidi = "note 10"\nbutton = "latched"\nset = "{SECTION}"\nvalue = "chorus"'
    rig = DeviceRig(text, BAND)
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 3
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 0
    rig.set(SECTION, "verse")
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == 3


@pytest.mark.parametrize(
    ("control", "setting", "values"),
    [(INTENSITY, "value = 0.9", [0.9, 0.5, 0.9]), (GAIN, "range = [0, -60]", [-60, 0, -60])],
)
def test_a_latched_button_knows_which_end_of_a_range_is_on(control: str, setting: str, values: list[float]) -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "latched"\nset = "{control}"\n{setting}', BAND)
    seen = []
    for _ in values:
        rig.send("90 0A 7F", "90 0A 00")
        seen.append(rig.get(control))
    assert seen == values


def test_steps_of_a_button_wrap_for_choices_and_stop_for_others() -> None:
    text = f"""
    [[input]]
    midi = "note 10"
    button = "momentary"
    set = "{SECTION}"
    step = -1
    [[input]]
    midi = "note 11"
    button = "momentary"
    set = "{INTENSITY}"
    step = 0.3
    """
    rig = DeviceRig(text, BAND)
    highest = rig.bus.registry.get_control(SECTION).high
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == highest
    rig.send("90 0A 7F", "90 0A 00")
    assert rig.get(SECTION) == highest - 1
    for _ in range(3):
        rig.send("90 0B 7F", "90 0B 00")
    assert rig.get(INTENSITY) == 1.0


def test_a_range_is_off_and_on_of_a_button() -> None:
    text = f'[[input]]\nmidi = "cc 48"\nbutton = "momentary"\nset = "{GAIN}"\nrange = [0, -60]'
    rig = DeviceRig(text)
    rig.send("B0 30 7F")
    assert rig.get(GAIN) == -60
    rig.send("B0 30 00")
    assert rig.get(GAIN) == 0


def test_accelerated_steps_count_in_full() -> None:
    """The bytes of a report: 01 02 05 7F 7B 40 00, two's complement."""
    text = f'[[input]]\nmidi = "cc 16"\nencoder = "twos_complement"\nset = "{GAIN}"\nstep = 0.5'
    rig = DeviceRig(text)
    gains = []
    for value in ("01", "02", "05", "7F", "7B", "40", "00"):
        rig.send(f"B0 10 {value}")
        gains.append(rig.get(GAIN))
    assert gains == [0.5, 1.5, 4.0, 3.5, 1.0, -31.0, -31.0]


def test_an_encoder_needs_a_hundred_steps_for_a_range_and_one_for_a_choice() -> None:
    text = f"""
    [[input]]
    midi = "cc 16"
    encoder = "sign_bit"
    set = "{GAIN}"
    [[input]]
    midi = "cc 17"
    encoder = "sign_bit"
    set = "{SECTION}"
    """
    rig = DeviceRig(text, BAND)
    rig.send("B0 10 01")
    assert rig.get(GAIN) == pytest.approx(0.72)
    rig.send("B0 11 02", "B0 11 41")
    rig.take()
    assert rig.get(SECTION) == 1
    rig.send("B0 11 45")
    assert rig.get(SECTION) == 0  # the end of a choice stops an encoder


def test_a_fader_s_ends_are_those_of_its_range() -> None:
    text = f'[[input]]\nmidi = "cc 7"\nencoder = "absolute"\nset = "{GAIN}"\nrange = [6, -30]'
    rig = DeviceRig(text)
    rig.send("B0 07 7F")
    assert rig.get(GAIN) == -30
    rig.send("B0 07 00")
    assert rig.get(GAIN) == 6


def test_a_program_selects_the_choice_of_its_number() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "program"\nencoder = "absolute"\nset = "{SECTION}"', BAND)
    rig.send("C0 04")
    assert rig.get(SECTION) == 4


def test_a_program_as_a_button_is_pressed_each_time() -> None:
    rig = DeviceRig('[[input]]\nmidi = "program 3"\nbutton = "momentary"\naction = "transport.panic"')
    rig.send("C0 03", "C0 04", "C0 03")
    assert len(rig.actions) == 2


def test_an_action_is_triggered_by_the_press_alone_with_its_argument() -> None:
    text = '[[input]]\nmidi = "note 1"\nbutton = "momentary"\naction = "preset.load"\nargument = "verse"'
    rig = DeviceRig(text)
    rig.send("90 01 7F")
    rig.send("90 01 00")
    assert rig.actions == [("preset.load", "verse")]


def test_an_action_that_fails_is_said_at_its_binding_and_the_device_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "momentary"
    action = "preset.load"
    argument = "missing"
    [[input]]
    midi = "note 2"
    button = "latched"
    set = "{MUTE}"
    """
    bus = Bus(make_registry())
    rig = DeviceRig(text, bus=bus)

    def fail(argument: str) -> None:
        raise ControlError(f"no preset {argument}", "save it first")

    bus.add_handler("preset.load", fail)
    for _ in range(3):
        rig.send("90 01 7F", "90 01 00")
    problem = "preset.load: no preset missing; save it first"
    assert [row.state for row in rig.controller.list_bindings()] == [problem, ""]
    assert caplog.text.count("no preset missing") == 1
    rig.send("90 02 7F")
    assert rig.get(MUTE) == 1


LAYERS = f"""
[[input]]
midi = "note 1"
button = "momentary"
hold_layer = "shift"
[[input]]
midi = "note 2"
button = "momentary"
hold_layer = "alt"
[[input]]
midi = "note 3"
button = "momentary"
select_layer = "alt"
[[input]]
midi = "note 10"
button = "momentary"
layer = "main"
set = "{MUTE}"
[[input]]
midi = "note 10"
button = "momentary"
layer = "shift"
set = "stems.vocals.solo"
[[input]]
midi = "note 10"
button = "momentary"
layer = "alt"
set = "stems.direct"
"""
THREE = 'layers = ["main", "shift", "alt"]'


def test_layers_are_held_nested_and_released_in_any_order() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    layers = []
    for message in ("90 01 7F", "90 02 7F", "90 01 00", "90 02 00", "90 02 7F", "90 01 7F", "90 01 00", "90 02 00"):
        rig.send(message)
        layers.append(rig.controller.layer)
    assert layers == ["shift", "alt", "alt", "main", "alt", "shift", "alt", "main"]


def test_a_layer_that_is_selected_stays_after_a_held_one() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    rig.send("90 01 7F", "90 03 7F", "90 03 00")
    assert rig.controller.layer == "shift"
    rig.send("90 01 00")
    assert rig.controller.layer == "alt"


def test_a_button_is_released_in_the_layer_in_which_it_was_pressed() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    rig.send("90 0A 7F", "90 01 7F", "90 0A 00")
    assert (rig.get(MUTE), rig.get("stems.vocals.solo")) == (0, 0)
    rig.send("90 0A 7F")
    assert rig.get("stems.vocals.solo") == 1
    rig.send("90 01 00", "90 0A 00")
    assert (rig.get("stems.vocals.solo"), rig.get(MUTE)) == (0, 0)


def test_unplugging_releases_buttons_layers_and_all() -> None:
    rig = DeviceRig(LAYERS, top=THREE)
    rig.send("90 01 7F", "90 0A 7F", "90 02 7F")
    rig.controller.release(rig.now_s)
    assert (rig.get("stems.vocals.solo"), rig.controller.layer) == (0, "main")
    rig.send("90 0A 00", "90 01 00")  # what comes late changes nothing
    assert (rig.get(MUTE), rig.get("stems.vocals.solo"), rig.controller.layer) == (0, 0, "main")


STRIPS = """
[[input]]
midi = "note 16-17"
button = "momentary"
strip = 1
function = "mute"
[[input]]
midi = "cc 0-1"
encoder = "absolute"
strip = 1
function = "fader"
"""
BANKS = """
[[input]]
midi = "note 46"
button = "momentary"
bank = -2
[[input]]
midi = "note 47"
button = "momentary"
bank = 2
"""


def test_strips_follow_the_bank_and_a_held_mute_is_released_where_it_was_pressed() -> None:
    rig = DeviceRig(STRIPS + BANKS, device="strips = 2")
    rig.send("90 10 7F", "90 2F 7F", "90 2F 00")
    assert (rig.get("stems.drums.mute"), rig.bank.position) == (1, 2)
    rig.send("90 10 00")
    assert (rig.get("stems.drums.mute"), rig.get(MUTE)) == (0, 0)
    rig.send("90 10 7F", "90 2F 7F", "90 2F 00")
    assert (rig.get(MUTE), rig.bank.position) == (1, 2)  # there is no strip beyond
    rig.send("B0 01 7F")
    assert rig.get("stems.other.gain_db") == 12


def test_an_extender_has_the_strips_after_the_main_unit_s_and_moves_with_it() -> None:
    bus, bank = Bus(make_registry()), Bank()
    main = DeviceRig(STRIPS, device="strips = 2", bus=bus, bank=bank)
    extender = DeviceRig(STRIPS, device="strips = 2\nfirst_strip = 2", bus=bus, bank=bank)
    extender.send("90 10 7F")
    assert bus.get("stems.bass.mute") == 1
    bank.move(1)
    main.send("90 10 7F", "90 10 00")
    extender.send("90 11 7F")
    assert (bus.get("stems.bass.mute"), bus.get("stems.other.mute")) == (0, 1)


def test_a_strip_that_does_not_exist_does_nothing() -> None:
    rig = DeviceRig(STRIPS.replace("16-17", "16-23").replace("0-1", "0-7"), device="strips = 8")
    before = dict(rig.bus.values())
    rig.send("90 17 7F", "90 17 00", "B0 07 40")
    assert dict(rig.bus.values()) == before


def test_a_storm_sets_a_control_with_the_last_value_of_each_update() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 7"\nencoder = "absolute"\nset = "{GAIN}"\nrange = [-60, 12]')
    changes: list[float] = []
    rig.bus.subscribe(lambda _name, values, _source: changes.append(float(values[0])))
    for update in range(100):
        rig.send(*[f"B0 07 {(update + k) % 128:02X}" for k in range(100)], after_s=0.01)
        rig.take(after_s=0.0)
        assert rig.get(GAIN) == pytest.approx(-60 + 72 * ((update + 99) % 128) / 127)
    assert len(changes) <= 200


def test_an_update_sets_the_last_value_though_no_output_is_asked_for() -> None:
    rig = DeviceRig(
        f'[[input]]\nmidi = "cc 7"\nencoder = "absolute"\nset = "{GAIN}"\nrange = [-60, 12]\npickup = false'
    )
    rig.send("B0 07 10", "B0 07 20", "B0 07 7F")
    rig.controller.update(rig.now_s)
    assert rig.get(GAIN) == 12.0


def test_a_storm_of_presses_loses_none_and_stays_in_order() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "latched"
    set = "{MUTE}"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    """
    rig = DeviceRig(text)
    mutes: list[tuple[str, float]] = []
    rig.bus.subscribe(lambda name, values, _source: mutes.append((name, float(values[0]))))
    rig.send(*["90 01 7F", "90 01 00", "B0 07 01", "B0 07 02"] * 501)
    rig.take()
    assert [value for name, value in mutes if name == MUTE] == [float(k % 2 == 0) for k in range(501)]
    assert rig.get(MUTE) == 1


def test_a_press_comes_after_the_moves_before_it() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "latched"
    set = "{MUTE}"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    """
    rig = DeviceRig(text)
    names: list[str] = []
    rig.bus.subscribe(lambda name, _values, _source: names.append(name))
    rig.send("B0 07 01", "B0 07 02", "90 01 7F", "B0 07 03")
    rig.take()
    assert names == [GAIN, GAIN, MUTE, GAIN]


def test_steps_of_an_encoder_in_one_update_are_added() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 16"\nencoder = "offset_64"\nset = "{GAIN}"\nstep = 0.5')
    rig.send(*["B0 10 41"] * 10)
    rig.take()
    assert rig.get(GAIN) == 5.0


def test_what_is_sent_all_at_once_sets_every_fader_and_picks_up_none_that_is_elsewhere() -> None:
    """SEND ALL of a MIDI Mix: 33 controllers in one burst, with pickup."""
    names = [f"stems.{stem}.gain_db" for stem in ("drums", "bass", "vocals", "other")]
    text = f'[[input]]\nmidi = "cc 16-19"\nencoder = "absolute"\nset = {names!r}'.replace("'", '"')
    rig = DeviceRig(text, pickup=True)
    burst = [f"B0 {number:02X} 20" for number in range(16, 49)]
    rig.send(*burst)
    assert [rig.get(name) for name in names] == [0.0] * 4
    for position in range(0x20, 0x70):
        rig.send(f"B0 10 {position:02X}")
    assert rig.get(names[0]) == pytest.approx(-60 + 72 * 0x6F / 127)
    assert [rig.get(name) for name in names[1:]] == [0.0] * 3


def test_a_fader_that_returns_to_a_layer_has_to_pick_up_again() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "momentary"
    hold_layer = "shift"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    range = [0, 12]
    layer = "main"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "stems.drums.gain_db"
    range = [0, 12]
    layer = "shift"
    """
    rig = DeviceRig(text, top='layers = ["main", "shift"]', pickup=True)
    rig.send("B0 07 00")
    rig.send("B0 07 0A")
    picked = rig.get(GAIN)
    assert picked == pytest.approx(12 * 10 / 127)
    rig.send("90 01 7F")
    for position in range(0x0A, 0x60):
        rig.send(f"B0 07 {position:02X}")
    rig.send("90 01 00")
    rig.send("B0 07 61")
    assert rig.get(GAIN) == picked  # it would have jumped


def test_a_fader_sets_each_layer_s_control_by_its_own_range() -> None:
    text = f"""
    [[input]]
    midi = "note 1"
    button = "momentary"
    hold_layer = "shift"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{GAIN}"
    range = [0, 12]
    layer = "main"
    [[input]]
    midi = "cc 7"
    encoder = "absolute"
    set = "{INTENSITY}"
    layer = "shift"
    """
    rig = DeviceRig(text, BAND, top='layers = ["main", "shift"]', pickup=True)
    for position in range(65):
        rig.send(f"B0 07 {position:02X}")
    assert rig.get(GAIN) == pytest.approx(12 * 64 / 127)
    rig.send("90 01 7F", "B0 07 3F", "B0 07 40", "B0 07 41")
    rig.take()
    assert rig.get(INTENSITY) == pytest.approx(65 / 127)
    assert rig.get(GAIN) == pytest.approx(12 * 64 / 127)


def test_a_fader_has_to_pick_up_again_after_it_was_unplugged() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 7"\nencoder = "absolute"\nset = "{GAIN}"\nrange = [0, 12]', pickup=True)
    rig.send("B0 07 00")
    rig.send("B0 07 20")
    picked = rig.get(GAIN)
    assert picked > 0
    rig.controller.release(rig.now_s)
    rig.send("B0 07 60")
    assert rig.get(GAIN) == picked


def test_pressure_that_is_not_mapped_changes_nothing() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "momentary"\nset = "{MUTE}"')
    rig.send("90 0A 7F", "A0 0A 20", "D0 30", "A0 0A 00", "F8", "F0 7E 00 F7")
    assert rig.get(MUTE) == 1
    assert rig.controller.received is not None
    assert rig.controller.received.control == MUTE


def test_a_closed_controller_neither_holds_nor_listens() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "note 10"\nbutton = "momentary"\nset = "{MUTE}"')
    rig.send("90 0A 7F")
    rig.controller.close()
    assert rig.get(MUTE) == 0
    assert not rig.bank.can_move(1)


def test_changes_from_many_threads_are_all_shown_in_the_end() -> None:
    switches = [
        f"stems.{stem}.{switch}" for stem in ("drums", "bass", "vocals", "other") for switch in ("mute", "solo")
    ]
    text = f"""
    [[input]]
    midi = "note 0-7"
    button = "latched"
    set = {switches!r}
    led = {{ on = "90 {{n}} 7F", off = "90 {{n}} 00" }}
    """.replace("'", '"')
    rig = DeviceRig(text)

    def change(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(2000):
            rig.bus.set(draw.choice(switches), draw.randrange(2), f"thread {seed}")

    threads = [threading.Thread(target=change, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        rig.send("90 03 7F", "90 03 00")
        rig.take()
    for thread in threads:
        thread.join()
    rig.take()
    lights = {f"90 0{k}": f"90 0{k} {127 * (rig.get(name) > 0):02X}" for k, name in enumerate(switches)}
    assert rig.shown == lights


@pytest.mark.parametrize(
    "other",
    [
        f'encoder = "absolute"\nset = "{GAIN}"',
        'button = "toggle"\nset = "stems.drums.solo"',
        'button = "latched"\nset = "stems.drums.solo"',
    ],
)
def test_a_button_that_is_something_else_in_the_other_layer_is_still_released(other: str) -> None:
    text = f"""
    [[input]]
    midi = "cc 10"
    button = "momentary"
    set = "{MUTE}"
    layer = "main"
    [[input]]
    midi = "cc 10"
    {other}
    layer = "shift"
    [[input]]
    midi = "cc 11"
    button = "toggle"
    hold_layer = "shift"
    layer = "main"
    [[input]]
    midi = "cc 11"
    {other}
    layer = "shift"
    """
    rig = DeviceRig(text, top='layers = ["main", "shift"]')
    rig.send("B0 0A 7F", "B0 0B 7F")
    assert (rig.get(MUTE), rig.controller.layer) == (1, "shift")
    assert rig.controller.predict_switches()[0xB0, 10, False] == {MUTE: 0.0}
    rig.send("B0 0A 00")
    assert (rig.get(MUTE), rig.get(GAIN), rig.get("stems.drums.solo")) == (0, 0, 0)
    rig.send("B0 0B 00")
    assert rig.controller.layer == "main"
