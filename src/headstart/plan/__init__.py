"""Which candidates to try, in which order, and the journal of what was decided and why."""
