"""Strategies, one file each; `REUSES` tells transfer from the rivals that start fresh. Callers see `strategy.Strategy`.

A strategy module has: `TITLE` (for people) or `title(modality, kind)`, `PAPER`, `REUSES`, `STOCHASTIC` (does a training
seed matter), a frozen `Config`, and

* `views(sources) -> list[View]`: what it can look at (a source's features, or pixels);
* `settings(facts) -> list[Config]`: settings among which validation data chooses, `SEARCH` of a rival, else at most;
* `run(config, context)`: a generator of `Progress` that returns a `TrainResult`; `context` (`types.FitContext`) holds
  the data. With `context.share` < 1 a shortened run, to compare settings cheaply; `SHORT_RUN` is the share it wants for
  that (1: it trains in a moment);
* `logits(fitted, x, source, weights) -> [n k]`: how a fitted state reads new rows; `source` and `weights` are
  the record and the file of the view's source.

and, where it wants them: `NEEDS` (what a modality must offer, see `modality/`; without it, features of a source are
enough), `fit_view(view, facts)`, `refit(config, notes, n_before, n_now)`, `copies(facts)` (augmented copies of an
example that it trains on), `skill(fitted, x, source, weights)` (of the source, before and after; only where its weights
move),
`BASELINE` (True: it looks at no input, takes part whatever is named, and stands in for no rival; needs no `SEARCH`),
`KINDS` (of tasks that it takes; classification alone without it: of regression `context.train.y` is float64 and k
is 1, of multilabel it is [n k] of 0 and 1),
`predictor(fitted, source, weights)` (what `logits` would build anew at every call, built once: `training/tuned.py`),
`SOURCE_DATA` (True: it uses `context.source_rows`), `UNLABELLED` (True: it uses `context.unlabelled`),
`module(fitted, source, weights)` (the same reading as a torch module, which is what `ship/export` writes) and
`described(fitted, x)` (what that module reads, where it is not the rows themselves; made without torch),
`suits(source)` (whether it can reuse that source; asked where a fit chooses sources and it is named),
`NEEDS_HEAD` ("causal": a source whose file has the head that tells the next word).

Who is preferred at a tie, who waits until named and who is spared stands in `plan/policy.py`. A strategy that is not in
that table stands behind all that are, unless it has a `PRIOR` of its own, and is tried wherever it can be.
"""
