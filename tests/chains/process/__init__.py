"""Tests of host processes."""
