"""Readers: a person's files become a clean, split `Task` with its test split sealed. One file per shape of data."""
