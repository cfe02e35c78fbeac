"""Task kinds, one file each: how logits become decisions and what is measured. Strategies know no kind by name."""
