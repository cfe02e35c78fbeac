from dataclasses import replace

import numpy as np
import pytest

import tiny_text
from drawn_task import drain
from headstart.errors import UsageError
from headstart.transfer import zeroshot
from headstart.types import Fitted, View

VIEW = View("tiny-text")
NAMES = ("river stone", "lampCloud", "winter_paper")
K = len(NAMES)


@pytest.fixture(scope="module")
def seen():
    return tiny_text.drawn(VIEW, 24, K, 1)


def fitted(config, train, labels=NAMES) -> Fitted:
    head, _ = drain(zeroshot.run(config, tiny_text.context(train, len(labels), VIEW, labels=labels)))
    return Fitted("zeroshot", VIEW, vars(config), labels, head.state, head.trained_params, 0)


def by_hand(texts):
    """Mean-pooled unit vectors, one text at a time by transformers itself, in double precision."""
    import torch
    from safetensors.torch import load_file

    from headstart.source import _transformers

    library = _transformers.library()
    net = library.AutoModel.from_config(library.CONFIG_MAPPING["bert"](**tiny_text.CONFIG), add_pooling_layer=False)
    net.load_state_dict(load_file(tiny_text.weights()))
    net, out = net.eval().double(), []
    for text in texts:
        ids = torch.tensor([tiny_text.tokenizer().encode(text).ids])
        with torch.inference_mode():
            row = net(input_ids=ids).last_hidden_state[0].mean(0).numpy()
        out.append(row / np.linalg.norm(row))
    return np.array(out)


def centred(rows, mean=None):
    """Unit vectors less their mean, of length 1 again."""
    rows = rows - (rows.mean(0) if mean is None else mean)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_names_alone_are_the_cosines_of_a_slow_computation(seen):
    words = ("river stone", "lamp Cloud", "winter paper")
    means = np.mean([by_hand([template.format(w) for w in words]) for template in zeroshot.TEMPLATES], 0)
    names = centred(means / np.linalg.norm(means, axis=1, keepdims=True))
    expected = centred(by_hand([e.content for e in tiny_text.texts(24, K, 1)])) @ names.T
    got = zeroshot.logits(fitted(zeroshot.Config(), seen), seen.x) / zeroshot.SHARPNESS
    np.testing.assert_allclose(got, expected, atol=0.02)  # the feature store's may be bf16


def test_names_alone_look_at_no_label(seen):
    one = fitted(zeroshot.Config(), seen)
    two = fitted(zeroshot.Config(), replace(seen, x=seen.x * 2, y=seen.y[::-1].copy()))
    np.testing.assert_array_equal(one.state["weight"], two.state["weight"])
    assert one.trained_params == 0


def test_a_name_counts_as_so_many_examples(seen):
    names = fitted(zeroshot.Config(), seen).state["weight"].T.astype(float)
    some = replace(seen, x=seen.x[:-5], y=seen.y[:-5])  # classes of unlike size
    rows = some.x.astype(float) / np.linalg.norm(some.x.astype(float), axis=1, keepdims=True)
    mean = np.mean([rows[some.y == c].mean(0) for c in range(K)], 0)
    for weight in (1.0, 4.0):
        for c, got in enumerate(fitted(zeroshot.Config(weight), some).state["weight"].T):
            total = weight * names[c] + centred(rows[some.y == c], mean).sum(0)
            np.testing.assert_allclose(got, total / np.linalg.norm(total), atol=1e-4)


def test_a_class_without_an_example_is_its_name(seen):
    some = replace(seen, x=seen.x[seen.y != 1], y=seen.y[seen.y != 1])
    mixed, names = fitted(zeroshot.Config(4.0), some), fitted(zeroshot.Config(), some)
    np.testing.assert_allclose(mixed.state["weight"][:, 1], names.state["weight"][:, 1], atol=1e-6)
    assert not np.allclose(mixed.state["weight"][:, 0], names.state["weight"][:, 0], atol=1e-3)


def test_other_names_are_not_taken_for_those_kept(seen):
    one = fitted(zeroshot.Config(), seen).state["weight"]
    two = fitted(zeroshot.Config(), seen, NAMES[::-1]).state["weight"]
    np.testing.assert_allclose(one[:, ::-1], two, atol=1e-5)
    assert not np.allclose(one, two, atol=1e-2)


def test_without_names_it_says_what_is_missing(seen):
    with pytest.raises(UsageError, match="0 names for 3 classes"):
        drain(zeroshot.run(zeroshot.Config(), tiny_text.context(seen, K, VIEW)))


def test_settings_reach_from_names_alone_to_class_means():
    names_alone, *weights = [c.names for c in zeroshot.settings(None)]
    assert names_alone is None
    assert weights == sorted(weights, reverse=True)


def test_names_are_not_taken_from_another_record_of_the_same_weights(seen):
    """Kept is what the last source made of the names; one that pools otherwise makes another thing of them."""
    config, given = zeroshot.Config(), tiny_text.context(seen, K, VIEW, labels=NAMES)
    last = replace(given, source=tiny_text.source(pooling="last"))
    one, two = (drain(zeroshot.run(config, each))[0].state["weight"] for each in (given, last))
    zeroshot._known.clear()
    np.testing.assert_array_equal(two, drain(zeroshot.run(config, last))[0].state["weight"])
    assert not np.allclose(one, two, atol=1e-2)
