"""Folders → records: what is an example, and which level names its class."""
