"""Batches: one command on many files, on this machine or on a cluster, with a journal by which it goes on."""
