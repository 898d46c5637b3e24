"""Tests of the shipped mappings."""
