"""What the methods that train a network have in common."""

UNITS = 128  # of a discriminator
