"""Transferability scores, one file each: what a source promises a task, before anything is trained on it.

A score module has:

* `PAPER`, the citation, and a docstring with its formula;
* `NEEDS`, a part of {"features", "logits", "record"}: what of a `Look` it reads;
* `KINDS`, the kinds of task that it can speak of;
* `score(look) -> float`: higher is better. Values of one score compare sources on one task and mean nothing beside
  those of another score. It may raise `Silent`, with a sentence why it cannot speak;

and, where it wants to, `caveats(look) -> tuple[str, ...]`: what a reader of its value should know.

`_measure.measure(name, look)` calls one and says what keeps it silent. What every score keeps (`tests/contract`): it
does not care how classes are numbered, in which order rows come, or in which unit features are; classes may be missing
or have one example, features may be constant and more than rows.
"""
