"""Tests of PortAudio's driver, without PortAudio."""
