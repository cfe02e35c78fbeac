"""Rivals that start fresh, a file each: what a modality makes of `classical` and of `scratch`."""
