"""Tests of bridge.clocks."""
