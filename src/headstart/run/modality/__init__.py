"""What a run does in its own way with one kind of data: one file a modality, each with `RUN` (see `particulars.py`)."""
