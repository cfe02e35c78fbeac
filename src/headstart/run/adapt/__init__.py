"""Adapting a finished run to another domain without its labels: rows of both, methods, the choice, what is left."""
