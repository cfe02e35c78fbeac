"""Curves: files with a number a line."""

NOUN = "curve"  # what one example is called
