"""Tests of plugin chains."""
