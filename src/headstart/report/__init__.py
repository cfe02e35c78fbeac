"""Pages for people: one self-contained HTML file and a model card. Reads only `run.json`'s dict."""
