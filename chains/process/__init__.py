"""Host processes: a child process for each chain, with limits and a verdict on what went wrong."""
