"""How networks for one kind of data are trained, and its rivals: a file a modality."""
