"""Whether a source is what its record says: one file a modality."""
