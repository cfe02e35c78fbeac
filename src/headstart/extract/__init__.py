"""One pass over the pictures through a frozen backbone (or down to small pixels), cached by content."""
