"""Tests of the hosts: in one host process for the session, because no plugin is loaded in pytest's own."""
