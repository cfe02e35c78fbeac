"""Heads on frozen features, as plain arrays."""
