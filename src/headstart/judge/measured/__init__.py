"""How a model of each task kind did on the sealed split, one file a kind.

`metrics(scores, y, task, fitted, level, groups)`: what the report shows of the model `fitted`, of which the scores are;
`plain(scores, y, labels, fitted, level, groups) -> dict`: the same on other data, without what needs a training split;
`caveats(task, y, metrics, metric) -> list[str]`: what a careful reader should know, a sentence each.
"""
