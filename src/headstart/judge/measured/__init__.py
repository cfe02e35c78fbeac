"""How a model of each task kind did on the sealed split, one file a kind.

`metrics(scores, y, task, fitted, level)`: what the report shows of the run's model, `fitted`, of which the scores are;
`plain(scores, y, labels, fitted) -> dict`: the same of a run on other data, without what needs the training split;
`caveats(task, y, metrics, metric) -> list[str]`: what a careful reader should know, a sentence each.
"""
