"""A finished model in another runtime: one file a format; `_artefact` is the folder, `_gate` refuses a wrong one.

A format, found by its file's name, has `REQUIRES` (packages that it is read with), `PRECISIONS` (that it can be written
in) and

* `write(graph, folder, precision, rows)`: a `_network.Graph` as files; `rows` are what enters it, for calibration. The
  graph's module is in eval mode on the CPU. Raises `UsageError` where the precision cannot be had;
* `opened(folder, precision)`: those files → a function of one array [n …], as `Graph.example`, that gives scores [n k].
  It imports neither torch nor anything else than the runtime, and computes in the precision that was asked for.

What is not in the graph (decoding, resizing, tokens, TF-IDF, HOG) is the run's own code, which needs no torch.
"""

FILE = "artefact.json"  # a folder that holds it is an artefact
