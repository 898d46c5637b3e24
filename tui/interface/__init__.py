"""Interface of the app: screens with their frame and overlays, and what each key does; it knows no terminal."""
