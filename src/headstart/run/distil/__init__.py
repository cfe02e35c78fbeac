"""A distillation: a finished run teaches a smaller student; `steps.py` carries it out, `record.py` tells of it."""
