"""A tokenizer that knows few of the words raises an alarm."""

import json

import pytest

import tiny_text
from headstart.source import _catalogue
from headstart.source.language import unknown

FOREIGN = ["Grüße aus Bärlin", "zwölf Boxkämpfer jagen", "Viktor quer über"]


@pytest.mark.parametrize(
    ("texts", "share"),
    [(FOREIGN, 1.0), (["river stone", "lamp cloud"], 0.0), (["river Grüße", "stone Größe"], 0.5), ([""], 0.0)],
)
def test_the_share_of_unknown_letters(texts, share):
    assert unknown.unknown(tiny_text.source(), tiny_text.weights(), texts) == share


def test_a_warning_from_a_fifth_on():
    said = unknown.warning(tiny_text.source(), 1.0)
    assert said.startswith(
        f"The tokenizer of {tiny_text.source().key} knows few of these words (100 % of the letters are unknown to it)"
    )
    assert unknown.warning(tiny_text.source(), 0.1) == ""


def test_every_kind_of_tokenizer_names_its_unknown_token():
    from tokenizers import Tokenizer
    from tokenizers.models import BPE, Unigram, WordPiece

    kinds = {
        3: Unigram([("a", -1.0), ("b", -2.0), ("c", -1.0), ("<unk>", -9.0)], unk_id=3),
        1: WordPiece({"a": 0, "[UNK]": 1}, unk_token="[UNK]"),
        None: BPE({"a": 0}, []),
    }
    for mark, model in kinds.items():
        made = Tokenizer(model)
        assert unknown._mark(json.loads(made.to_str())["model"], made) == mark


def test_real_tokenizers_know_english_and_a_reader_of_formulas_does_not(real):
    english = ["The room had a table and two chairs near the old window.", "Who wrote Hamlet?"]
    for key, knows in (("wordllama", True), ("albert-reactions", False)):
        source = real(key)
        assert (unknown.unknown(source, _catalogue.fetch(source), english) < unknown.ALARM) is knows


def test_a_fit_asks_it_of_texts_alone():
    from headstart.run import particulars
    from headstart.types import Example, Sealed, Task

    foreign = tuple(Example(f"t:{at}", str(at), text, at % 2) for at, text in enumerate(FOREIGN))
    task = Task("t", ("a", "b"), foreign, (), Sealed(()), modality="text")
    assert "100 % of the letters" in particulars.of("text").warning(tiny_text.source(), tiny_text.weights(), task)
    assert particulars.of("image").warning(tiny_text.source(), tiny_text.weights(), task) == ""
