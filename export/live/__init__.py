"""Ableton Live: a folder to drag from, with a page of steps, since no document describes Live's own format."""
