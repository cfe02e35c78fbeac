"""Texts: which column of a table holds them, which of several tells of the label, which are nearly the same."""
