"""Tests of bridge.nsm."""
