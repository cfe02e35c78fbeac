"""What a kind of data says of its sources: one file a modality, each with `SOURCES` (see `source/_modality.py`)."""
