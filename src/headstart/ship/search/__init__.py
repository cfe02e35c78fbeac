"""Look-alikes: an index of examples by what a network makes of them, and the nearest of new ones.

`lens.py` looks at examples (a source's frozen features, or a run's own), `nearest.py` compares with all rows,
`graph.py` with some (faiss), `index.py` is the folder, `build.py` brings it up to date.
"""
