"""A tokenizer from a plain list of words, one a line, and the regular expression whose matches are the words.

In: the text of a `vocab.txt` with BERT's special tokens. Out: a tokenizer as JSON. What the expression does not match
is dropped, as `re.findall` drops it; a match that is not in the list is [UNK].
"""

from __future__ import annotations


def tokenizer(lines: str, split: str) -> str:
    r"""The tokenizer's JSON.

    >>> from tokenizers import Tokenizer
    >>> made = Tokenizer.from_str(tokenizer("[PAD]\n[UNK]\n[CLS]\n[SEP]\nC\nCl", "Cl?|N"))
    >>> made.encode("CCl?N").tokens
    ['[CLS]', 'C', 'Cl', '[UNK]', '[SEP]']
    """
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from tokenizers.processors import TemplateProcessing

    words = {word: at for at, word in enumerate(lines.splitlines())}
    made = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = Split(Regex(split), "removed", invert=True)
    made.add_special_tokens([word for word in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if word in words])
    ends = [(word, words[word]) for word in ("[CLS]", "[SEP]")]
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return str(made.to_str())
