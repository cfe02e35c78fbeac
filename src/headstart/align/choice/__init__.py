"""Choosing without target labels (`choose`), what to expect there (`estimate`), and the evidence for both."""
