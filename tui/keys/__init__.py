"""Keys of the terminal app: the actions of the whole app, names of keys, and the user's keymap."""
