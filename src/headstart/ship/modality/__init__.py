"""How the inputs of a prediction are found and read: one file a modality, found by its name."""
