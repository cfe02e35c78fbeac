"""What leaves the house: saved models and predictions."""
