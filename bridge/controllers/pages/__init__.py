"""Pages of the documentation: a mapping as a picture and a table."""
