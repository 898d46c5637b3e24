"""Tests of the checks of chains."""
