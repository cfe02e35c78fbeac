"""What a report says of a kind of task, one file a kind: see `_kind.Panels`."""
