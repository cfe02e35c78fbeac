"""What a verdict is measured in, one file each; `Verdict.metric` is the file's name, a task's kind lists its own.

A metric module has `TITLE`, `PART` (True: between 0 and 1, shown in per cent and points) and `BETTER` (+1, or −1 where
lower is better), and, for the answers [seeds n] of one side or two to the same n examples with the truth y [n]:

* `values(answers, y, k) -> [seeds]`: one number a training seed;
* `single(answers, y, k, level=…) -> (low, high)`: interval around their mean;
* `paired(a, b, y, k, level=…, seed=…) -> (low, high)`: around how much better `a` is than `b`;
* `needed(a, b, y, k, margin, level) -> int | None`: test examples that would tell such a difference from the margin.
"""
