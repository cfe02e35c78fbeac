"""Tables → records: bytes to text, text to rows, rows to labelled examples."""
