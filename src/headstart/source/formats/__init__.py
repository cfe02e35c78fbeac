"""Weights files as packages keep them: each file here reads one format, and nothing else."""
