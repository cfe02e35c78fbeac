"""How inputs of each kind of data come over the wire: one file a modality, found by its name."""
