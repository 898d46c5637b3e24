"""Layers: the button that was pressed last decides."""

from __future__ import annotations

from bridge.controllers.surface.layers import LayerStack


def test_the_button_that_was_pressed_last_decides_and_each_ends_its_own() -> None:
    layers = LayerStack(("main", "a", "b"))
    layers.hold("one", "a")
    layers.hold("two", "b")
    layers.hold("one", "a")
    assert layers.active == "a"
    layers.release("one")
    assert layers.active == "b"
    layers.release("two")
    layers.release("never pressed")
    assert layers.active == "main"
    assert LayerStack(()).active == ""
