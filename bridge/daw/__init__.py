"""What a DAW needs to be told, and how."""
