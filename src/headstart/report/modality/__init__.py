"""How examples are shown: one file a modality, each with `SHOWN` (see `report/_modality.py`)."""
