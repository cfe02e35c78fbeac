"""Code that a saved folder carries, copied into it as it is: the head that its library has no class for.

It is opened with `trust_remote_code=True`, as that of any model of one's own. Nothing here imports headstart.
"""
