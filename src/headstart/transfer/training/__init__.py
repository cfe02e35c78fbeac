"""Networks that are trained: the one loop, what is frozen, the parts behind a cut, and new heads."""
