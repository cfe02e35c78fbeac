"""Pre-trained sources: which there are, how they come here, and the networks they become.

From the ground up, each importing only what stands below it (`lint-imports` holds that):

* `formats/` reads a format of weights, `files/` fetches files and keeps them, `_modality.py` says what is asked of the
  sources of one kind of data, `_loaders.py` finds who fetches one;
* `vision/` and `language/` make networks, and know nothing of each other;
* `modality/` answers for one kind of data: its record's [input], its weights, folders that hold such models;
* `_records.py` reads `catalogue/*.toml`; the loaders (files without an underscore) fetch from one place each;
* `_catalogue.py` says what a name means; `verify/` asks a source what is known.

Who stands below calls who stands above by name alone, through `family.load`.
"""
