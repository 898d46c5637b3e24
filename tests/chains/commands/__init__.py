"""Tests of the commands of chains."""
