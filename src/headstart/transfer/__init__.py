"""Strategies, one file each; `REUSES` tells transfer from the rivals that start fresh."""
