"""Terminal of the app: the interface drawn by Textual, and the guard that restores the terminal."""
