"""The version of headstart. It is part of the names under which finished work is kept."""

__version__ = "0.1.0"
