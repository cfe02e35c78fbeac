"""What runs a frozen backbone: one engine a file."""
