"""What every kind of task must keep: a file holds one, and its answers come through all forms unchanged."""

import json

import numpy as np
import pytest

from headstart.errors import UsageError
from headstart.family import names
from headstart.kind import kind_of
from headstart.kind._base import Kind

# Kind → cells of a label column, the labels of the task, outputs of a model that is right of all.
DRAWN = {
    "classification": (["ant", "bee", "cat", "ant"], ("ant", "bee", "cat"), 4.0 * np.eye(3)[[0, 1, 2, 0]]),
    "multilabel": ([("ant",), (), ("ant", "bee")], ("ant", "bee"), np.array([[3, -3], [-3, -3], [3, 3]])),
    "regression": (["1", "2.5", "-3", "0"], ("score",), np.array([[1.0], [2.5], [-3.0], [0.0]])),
}  # fmt: skip


@pytest.fixture(params=names("kind"))
def kind(request) -> Kind:
    return kind_of(request.param)


def test_it_is_called_as_its_file_and_has_metrics(kind):
    assert kind.name in names("kind")
    assert set(kind.metrics) <= set(names("judge/metric"))
    assert kind.name in names("judge/measured")


def test_an_answer_comes_from_its_cell_and_back_from_outputs(kind):
    cells, labels, outputs = DRAWN[kind.name]
    answers = [kind.read(cell, labels) for cell in cells]
    y = kind.targets(answers, len(labels))
    assert len(y) == len(kind.strata(y)) == len(kind.dealt(y)) == len(kind.proxy(y)) == len(cells)
    np.testing.assert_array_equal(kind.answers(outputs, kind.fit_decoder(outputs, y)), y)
    assert sum(kind.counts(answers, len(labels))) == sum(len(kind.named(cell)) for cell in cells)
    json.dumps([kind.truth(answer, labels) for answer in answers])


def test_its_decoder_is_json_and_what_it_gives_is_a_row_each(kind):
    cells, labels, outputs = DRAWN[kind.name]
    y = kind.targets([kind.read(cell, labels) for cell in cells], len(labels))
    decoder = kind.fit_decoder(outputs, y)
    assert json.loads(json.dumps(decoder)) == decoder
    decoded = kind.decode(outputs, decoder)
    said = [kind.said(row, labels, decoder) for row in decoded]
    columns = set(kind.columns(labels))
    assert all({"label", "probability", "probabilities"} <= row.keys() for row in said)
    assert columns <= {"label", "probability", "value", *(f"p({label})" for label in labels)}
    assert {len(values) for values in kind.judged(decoded, y, labels, decoder).values()} == {len(cells)}


def test_what_is_right_gains_most_and_is_no_mistake(kind):
    cells, labels, outputs = DRAWN[kind.name]
    y = kind.targets([kind.read(cell, labels) for cell in cells], len(labels))
    turned = outputs[::-1]
    gain, losses = kind.compared(outputs, y)
    worse, larger = kind.compared(turned, y)
    assert gain == kind.gains(outputs, y).mean() > worse
    assert len(losses) == len(cells)
    assert losses.mean() < larger.mean()
    rows = kind.worst(kind.decode(turned), y, labels, 2)
    assert 0 < len(rows) <= 2
    assert all(row.keys() == {"at", "truth", "predicted", "probability"} for row in rows)


def test_outputs_of_another_shape_are_refused(kind):
    _, labels, outputs = DRAWN[kind.name]
    assert kind.check(outputs, len(outputs), len(labels), "probe").shape == outputs.shape
    for wrong in (outputs[1:], np.where(outputs == outputs, np.nan, 0)):
        with pytest.raises(UsageError, match="Strategy 'probe' gave logits of shape"):
            kind.check(wrong, len(outputs), len(labels), "probe")
