"""Terms are cut and counted as scikit-learn does, in any script, and rows of a state are those that it learnt from."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from headstart.transfer.baseline import tfidf_linear
from headstart.transfer.baseline.terms import counted

TEXTS = [
    "The cat sat on the mat; the CAT slept.",
    "Überraschung! Straße, naïve café — ÉTÉ.",
    "a I x",  # no word of two letters
    "",
    "  \t many\u00a0blanks\n and\u2003lines\r\nhere ",
    "привет мир привет",
    "日本語 の テキスト",
    "snake_case 3.14 e-mail don't İstanbul",
]


@pytest.mark.parametrize(("how", "grams"), [("word", (1, 2)), ("char_wb", (2, 5))])
def test_counts_are_scikit_learns(how, grams):
    theirs = CountVectorizer(analyzer=how, ngram_range=grams)
    wanted = theirs.fit_transform(TEXTS)
    columns = {term: at for at, term in enumerate(theirs.get_feature_names_out())}
    for text, row in zip(TEXTS, wanted, strict=True):
        where, counts = counted(text, how, grams, columns)
        np.testing.assert_array_equal(where, np.sort(row.indices))
        np.testing.assert_array_equal(counts, row.toarray()[0, where])


@pytest.mark.parametrize("features", ["words", "characters"])
def test_rows_are_those_that_were_learnt_from(features):
    texts, y = np.array([*TEXTS, "cat and mat"], object), np.array([0, 1, 2] * 3)
    state = tfidf_linear.fit(texts, y, 3, features, 3.0, "softmax")
    learnt = [tfidf_linear._learnt(texts, how, grams)[2] for _, how, grams in tfidf_linear.FEATURES[features]]
    wanted = np.concatenate([block.toarray() for block in learnt], 1) / np.sqrt(len(learnt))
    np.testing.assert_allclose(tfidf_linear.rows(texts, state, features).toarray(), wanted, atol=1e-6)
    np.testing.assert_allclose(
        tfidf_linear.scores(texts, state, features), wanted @ state["weight"] + state["bias"], atol=1e-5
    )
