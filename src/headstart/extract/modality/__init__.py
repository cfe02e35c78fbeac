"""What enters a network, by what examples are: one file a modality, found by its name."""
