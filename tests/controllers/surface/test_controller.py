"""Controller: what a device's messages do, by buttons, encoders, faders, layers and banks."""

from __future__ import annotations

import random
import threading

import pytest

from tests.controllers.rig import DeviceRig

MUTE = "stems.vocals.mute"
GAIN = "stems.vocals.gain_db"
BAND = "accompaniment.band"
SECTION = "accompaniment.band.section"


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


def test_a_storm_sets_a_control_with_the_last_value_of_each_update() -> None:
    rig = DeviceRig(f'[[input]]\nmidi = "cc 7"\nencoder = "absolute"\nset = "{GAIN}"\nrange = [-60, 12]')
    changes: list[float] = []
    rig.bus.subscribe(lambda name, values, _source: changes.extend([float(values[0])] if name == GAIN else []))
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
