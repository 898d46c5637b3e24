"""Command line of the evaluations."""

from __future__ import annotations

from research.common.command_line import format_command, split_names


def test_names_are_split_at_commas_without_blanks() -> None:
    assert split_names(" a, b,,") == ["a", "b"]


def test_the_command_is_shown_without_this_machine_s_folders_and_pages() -> None:
    arguments = ["--folder", "/home/x/songs", "--json", "--into", "docs/mir.md", "--rate", "44100", "--markdown"]
    shown = format_command("research.mir.evaluation", arguments, ("--folder",))
    assert shown == "`python -m research.mir.evaluation --folder DIR --rate 44100`\n\n"
