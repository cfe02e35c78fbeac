"""What a verdict is measured in, one file each; `Verdict.metric` is the file's name, a task's kind lists its own.

A metric module has `TITLE`, `PART` (True: between 0 and 1, shown in per cent and points) and `BETTER` (+1, or −1 where
lower is better), and

* `sums(answers, y, k) -> Sums`: what each of n examples with the truth y [n] adds to the metric's sums, by the answers
  [seeds n] of one side;
* `value(sums) -> […]`: the metric of sums [… m], of all examples or of any resample.

Values, intervals and numbers of examples needed are `bootstrap.py`'s, the same for all.
"""
