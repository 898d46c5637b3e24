"""Text modes of the terminal app, without Textual: one look, following, typed commands, snapshots."""
