"""The only folder that opens the sealed test split: intervals, calibration, the verdict."""
