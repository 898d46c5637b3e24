"""Tests of what talks to Ableton Live, with a model of AbletonOSC as the other side."""
