"""Jobs of a running sidecar: the commands that work on files, in processes of their own (docs/jobs.md)."""
