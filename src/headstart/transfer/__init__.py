"""Strategies, one file each; `REUSES` tells transfer from the rivals that start fresh.

A strategy module has: `TITLE` (for people), `PAPER`, `NEEDS`, `REUSES`, `STOCHASTIC` (does a training seed matter),
`PRIOR` (0 first: which is preferred in its camp when validation cannot tell), a frozen `Config`, and

* `views(sources) -> list[View]`: what it can look at (a source's features, or pixels);
* `settings(facts) -> list[Config]`: exactly `SEARCH` settings, among which validation data chooses;
* `run(train, config, k, *, seed, valid=None, share=1.0, scratchpad=None)`: a generator of `Progress` that returns a
  `Head`; `share` < 1 asks for a shortened run, to compare settings cheaply; `RUNG` is the share it wants for that;
* `logits(state, config, x) -> [n k]`: how a fitted state reads new rows.
"""
