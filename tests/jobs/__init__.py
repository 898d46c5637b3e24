"""Tests of bridge.jobs."""
