"""Shows that a language model is what its record says, by questions whose answers no one doubts.

A sentence encoder must find each sentence's paraphrase, which shares no content word with it, among those of all; a
causal model must think the true one of four continuations the likeliest; the model of chemical reactions must name
masked symbols. The sentences are our own. Wrong or shuffled weights, or a wrong tokenizer, answer by chance: one in
twelve, one in four, one in hundreds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import SourceError
from ...types import Source
from ..language import model

_PAIRS = (
    ("The physician examined a sick child.", "A doctor looked after an ill kid."),
    ("Our plane took off two hours late.", "The flight departed after a long delay."),
    ("She repaired the engine of her car.", "The woman fixed an automobile's motor."),
    ("Prices of houses have fallen sharply.", "Real estate is much cheaper than before."),
    ("He cooks dinner for his family every evening.", "Each night a father prepares the meal at home."),
    ("It rained heavily all weekend.", "Saturday and Sunday were very wet."),
    ("The team lost the final match.", "Our players were beaten in the last game."),
    ("Scientists discovered a new planet.", "Astronomers found an unknown world in space."),
    ("The film bored me to sleep.", "I dozed off because that movie was so dull."),
    ("Thieves broke into the jewellery shop.", "Burglars robbed a store that sells diamonds."),
    ("My dog barks at every stranger.", "The puppy makes noise when unfamiliar people come."),
    ("The company dismissed half of its workers.", "Many employees were fired by the firm."),
)
_ENDINGS = (
    ("The capital of France is", (" Paris", " London", " Tokyo", " Madrid")),
    ("Water freezes when it gets very", (" cold", " hot", " loud", " old")),
    ("The opposite of left is", (" right", " blue", " seven", " bread")),
    ("The sun rises in the", (" east", " west", " oven", " shoe")),
    ("Monday, Tuesday, Wednesday,", (" Thursday", " August", " banana", " Sunday")),
    ("A cat is an", (" animal", " island", " hour", " engine")),
    ("She drank a glass of", (" water", " stone", " paper", " chairs")),
    ("One, two, three,", (" four", " nine", " red", " tree")),
)
# Reactions in SMILES, {} standing for the masked symbol, and that symbol.
_REACTIONS = (
    ("CC(=O)Cl.NCc1ccccc1>>CC(=O){}Cc1ccccc1", "N"),
    ("CC(=O)Cl.NCc1ccccc1>>CC({}O)NCc1ccccc1", "="),
    ("CC(=O)O.OCC>>CC(=O){}CC", "O"),
    ("OB(O)c1ccccc1.Brc1ccc(C)cc1>>Cc1ccc(-c2ccccc2)cc{}", "1"),
    ("Nc1ccc(F)cc1.O=C(Cl)c1ccccc1>>O=C(Nc1ccc({})cc1)c1ccccc1", "F"),
    ("CS(=O)(=O)Cl.OCc1ccccc1>>C{}(=O)(=O)OCc1ccccc1", "S"),
    ("BrCc1ccc(Cl)cc1.C1CCNCC1>>{}c1ccc(CN2CCCCC2)cc1", "Cl"),
    ("C[Si](C)(C)Cl.OCCBr>>C{}(C)(C)OCCBr", "[Si]"),
)


def verify(source: Source, weights: Path | None = None) -> list[dict[str, Any]]:
    """Let a language model answer; its file is fetched where none is given.

    Returns:
        A row a question: `text`, `expected` (the right answers), `named` (its first choice), `probability` (of that
        choice among those it could choose from; of a sentence, the cosine), `ok`.

    Raises:
        SourceError: the weights cannot be had or do not fit, or there is no question for such a model.
    """
    if model.lm_kind(source) == "causal":
        return _endings(source, weights)
    if source.words.notation == "smiles":
        return _reactions(source, weights)
    if source.loader == "package":
        return _pairs(source, weights)
    raise SourceError(
        f"There is no check for '{source.key}': a '{source.architecture}' from elsewhere need be no sentence encoder. "
        "Judge it by a fit on your own data."
    )


def _row(text: str, expected: str, named: str, probability: float) -> dict[str, Any]:
    found = {"text": text, "expected": [expected], "named": named, "probability": round(probability, 4)}
    return {**found, "ok": named == expected}


def _pairs(source: Source, weights: Path | None) -> list[dict[str, Any]]:
    import torch

    from ..language.encoder import batch

    net, words = model.load(source, weights), model.tokenizer(source, weights)
    with torch.inference_mode():
        sides = [net(*batch(model.tokens(words, source, list(side))))[0] for side in zip(*_PAIRS, strict=True)]
        first, second = (torch.nn.functional.normalize(side - side.mean(0)) for side in sides)
        value, at = (first @ second.T).max(1)
    return [
        _row(pair[0], pair[1], _PAIRS[i][1], float(v)) for pair, i, v in zip(_PAIRS, at.tolist(), value, strict=True)
    ]


def _endings(source: Source, weights: Path | None) -> list[dict[str, Any]]:
    import torch

    net, words = model.language_model(source, weights), model.tokenizer(source, weights)
    rows = []
    for start, choices in _ENDINGS:
        likely = []
        begun = len(model.tokens(words, source, [start])[0])
        for choice in choices:
            ids = torch.tensor(model.tokens(words, source, [start + choice]))
            with torch.inference_mode():
                chances = net(input_ids=ids).logits[0, begun - 1 : -1].log_softmax(1)
            likely.append(chances.gather(1, ids[0, begun:, None]).mean())
        chance, best = torch.stack(likely).softmax(0).max(0)
        rows.append(_row(f"{start} …", choices[0].strip(), choices[int(best)].strip(), float(chance)))
    return rows


def _reactions(source: Source, weights: Path | None) -> list[dict[str, Any]]:
    import torch

    net, words = model.language_model(source, weights), model.tokenizer(source, weights)
    mask = words.token_to_id("[MASK]")
    rows = []
    for text, symbol in _REACTIONS:
        before, after = (words.encode(side, add_special_tokens=False).ids for side in text.split("{}"))
        ids = torch.tensor([[words.token_to_id("[CLS]"), *before, mask, *after, words.token_to_id("[SEP]")]])
        with torch.inference_mode():
            chance, best = net(input_ids=ids).logits[0, 1 + len(before)].softmax(0).max(0)
        rows.append(_row(text.replace("{}", "?"), symbol, words.id_to_token(int(best)) or "", float(chance)))
    return rows
