"""How a network of one kind of data is written for its own library: one file a modality, found by its name."""
