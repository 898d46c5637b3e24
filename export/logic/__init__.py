"""Logic Pro: a folder to open, with a page of steps, since Logic has no open format."""
