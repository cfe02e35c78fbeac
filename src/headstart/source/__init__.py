"""Pre-trained sources: the catalogue (`catalogue/*.toml`), one loader per origin, and the backbones they become."""
