"""Whole adaptations of a tiny language model's run to other texts: what is left, what is never looked at, bad input."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_models
from safetensors.numpy import load_file

import headstart
import own_source
import tiny_text
from drawn import two_classes
from headstart.errors import DataError, UnknownName, UsageError
from headstart.report.adapted import text
from headstart.run.adapt import labelled
from headstart.ship.store import load as open_model


def unlabelled(table, place, label=None):
    """The table's texts alone, or with one label for all."""
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    kept = [{"text": row["text"], **({} if label is None else {"label": label})} for row in rows]
    place.write_text("".join(json.dumps(row) + "\n" for row in kept))
    return place


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A run, texts of another draw with labels and without, and the run adapted to these."""
    folder = tmp_path_factory.mktemp("desk")
    with own_source.offered(folder):
        source = str(tiny_models.saved("bert", folder))
        data = tiny_text.table(folder / "here.jsonl", 120, 1)
        run = headstart.fit(data, out=folder / "run", source=source, strategy="probe,classical", seeds=1)
        labelled = tiny_text.table(folder / "there.jsonl", 60, 5)
        target = unlabelled(labelled, folder / "target.jsonl")
        how = {"judge": labelled, "target_labels": "half", "method": "coral,reweight"}
        made = headstart.adapt(run, target, out=folder / "adapted", **how)
        yield SimpleNamespace(
            folder=folder, data=data, run=run, labelled=labelled, target=target, made=made, source=source
        )


def test_the_folder_says_what_was_tried_what_to_expect_and_what_the_judge_found(desk):
    told = json.loads((desk.made.path / "adapt.json").read_text())
    assert told == desk.made.told
    assert {"run", "source", "target", "chosen", "candidates", "estimate", "verdict", "spend"} <= told.keys()
    assert told["target"]["n"] == 60
    tried = {(c["method"], c["representation"]) for c in told["candidates"]}
    source = desk.run.record["ranking"]["chosen"][0]
    assert {("none", source), ("coral", source), ("none", "TF-IDF"), ("reweight", "TF-IDF")} <= tried
    assert ("coral", "TF-IDF") not in tried, "it takes rows of few columns"
    assert [c["status"] for c in told["candidates"]].count("chosen") == 1
    low, high = told["estimate"]["interval"]
    assert 0 <= low <= told["estimate"]["value"] <= high <= 1
    assert told["verdict"]["n"] == 60
    assert told["sentence"] == desk.made.sentence
    assert "Do not adapt" in told["sentence"] or "Adapt by" in told["sentence"]
    assert (
        f"estimated {100 * told['estimate']['value']:.0f} % ({100 * low:.0f} to {100 * high:.0f})" in told["sentence"]
    )


def test_the_answers_of_every_candidate_are_kept(desk):
    answers = load_file(desk.made.path / "adapt" / "target.safetensors")
    assert answers.keys() == {f"{c['representation']}/{c['method']}" for c in desk.made.candidates}
    for rows in answers.values():
        assert rows.shape == (60, 2)
        assert np.allclose(rows.sum(1), 1, atol=1e-5)


def test_it_predicts_and_is_evaluated_as_any_run(desk):
    rows = [*headstart.predict(desk.made.path, [str(desk.target)])]
    found = headstart.evaluate(desk.made.path, desk.labelled)
    assert len(rows) == 60
    assert found.run.value == desk.made.judged["value"]


def test_a_model_that_learnt_from_half_of_the_judges_labels_stands_beside(desk):
    told = desk.made.judged["target_trained"]
    assert (told["labels"], told["n"]) == (30, 30)
    assert told["tried"].keys() == {c["representation"] for c in desk.made.candidates}
    assert told["tried"][told["representation"]] == max(told["tried"].values())
    assert told["difference"] == pytest.approx(told["value"] - told["target_trained"])
    assert told["interval"][0] <= told["difference"] <= told["interval"][1]
    assert told["sentence"] in desk.made.report.read_text()
    assert told["sentence"] not in desk.made.sentence
    assert " ".join(told["sentence"].split()) in " ".join(text(desk.made.told).split())


def test_its_verdict_is_the_judges_and_that_of_the_source_stays_with_the_source(desk, tmp_path):
    verdict, told = desk.made.verdict, desk.made.judged
    assert desk.made.source.verdict == desk.run.verdict
    assert (verdict.difference, verdict.n_test, verdict.transfer.value) == (told["difference"], 60, told["value"])
    assert verdict.rival.value == told["untouched"]
    assert verdict.interval[0] <= verdict.difference <= verdict.interval[1]
    assert verdict.decision == told["decision"].replace("untouched", "no_evidence")
    rival = headstart.load(desk.run.path, take="rival")
    words = headstart.adapt(rival, desk.target, out=tmp_path / "words", method="coral")
    assert words.told["untouched"] == {"method": "none", "representation": "TF-IDF"}
    assert words.verdict is None


def test_the_test_of_another_model_is_not_told_as_its_own(desk, tmp_path):
    made = headstart.load(shutil.copytree(desk.made.path, tmp_path / "adapted"))
    for chosen, told in ((desk.made.told["untouched"], True), ({"method": "coral", "representation": "it"}, False)):
        (made.path / "adapt.json").write_text(json.dumps({**desk.made.told, "chosen": chosen}))
        assert (headstart.load(made.path).evaluate(desk.labelled).own is not None) == told


def test_what_the_rival_is_compared_on_has_taught_it_nothing(desk):
    """Their labels turned round, it says the same of them; the labels that teach turned round, it says the opposite."""
    seen = headstart.evaluate(desk.made, desk.labelled)

    def rival(*turned):
        examples = [replace(e, answer=1 - e.answer) if i in turned else e for i, e in enumerate(seen.examples)]
        given = replace(seen, examples=tuple(examples))
        return labelled.target_trained(desk.run, given, 30, seed=0, engine="auto", watch=lambda *_: None)

    plain = rival()
    blind, fooled = rival(*plain.rest), rival(*plain.taught)
    assert plain.answers.tolist() == blind.answers.tolist() == (1 - fooled.answers).tolist()
    assert (plain.tried, plain.taught.tolist()) == (blind.tried, blind.taught.tolist())
    assert plain.taught.tolist() == fooled.taught.tolist()


def test_a_judge_with_too_few_labels_for_a_rival_is_told_and_the_verdict_stays(desk, tmp_path):
    how = {"out": tmp_path / "adapted", "method": "coral"}
    with pytest.raises(
        DataError, match="of the judge's 60 texts 41 would teach and 19 be left to compare on; 10 and 20"
    ):
        headstart.adapt(desk.run, desk.target, judge=desk.labelled, target_labels=41, **how)
    assert headstart.load(tmp_path / "adapted").judged["target_trained"] is None
    for given, judge, said in ((9, desk.labelled, "from 10 on, or half"), (20, None, "without --judge")):
        with pytest.raises(UsageError, match=said):
            headstart.adapt(desk.run, desk.target, judge=judge, target_labels=given, **how)


def test_labels_beside_the_target_are_never_looked_at(desk, tmp_path):
    """Every target example under one label, judged by other ones and no rival taught: the choice is the same."""
    wrong = unlabelled(desk.labelled, tmp_path / "target.jsonl", label="a")
    judge = tiny_text.table(tmp_path / "judge.jsonl", 30, 8)
    again = headstart.adapt(desk.run, wrong, judge=judge, out=tmp_path / "adapted", method="coral,reweight")
    for part in ("candidates", "chosen", "estimate"):
        one, two = ([{**c, "seconds": 0} for c in r.told[part]] if part == "candidates" else r.told[part]
                    for r in (desk.made, again))  # fmt: skip
        assert one == two
    assert again.judged["n"] == 30


def test_every_candidate_saves_as_a_model_that_gives_its_answers(desk, tmp_path):
    """Whichever is chosen, what lies in the folder reads plain examples as the method's own head does."""
    from headstart.align import methods
    from headstart.read import ReadOptions
    from headstart.run.adapt import steps, views

    named = (*methods(), "intermediate")  # the last takes minutes of other texts, and is tried on request alone
    asked = steps.Asked(desk.run, (str(desk.target),), tmp_path / "x", 0, named, "auto", ReadOptions(), "")
    found = steps.carry_out(asked, lambda *_: None)
    sources, weights = views.sources_of(desk.run)
    texts = [e.content for e in found.target.examples]
    for number, candidate in enumerate(found.candidates):
        if candidate is found.untouched:
            continue
        assert candidate.shown is not None, f"{candidate.id}: {candidate.why}"
        own = replace(asked, out=tmp_path / str(number))
        steps._save(own, found.task, candidate, found.untouched, sources, weights)
        model = open_model(own.out / "model")
        y, y_valid = (np.array([e.answer for e in part]) for part in (found.task.train, found.task.valid))
        head = candidate.method.fit(candidate.at.whole(y, y_valid, 2, 0))
        with model.predictor() as predictor:
            given = predictor.logits(found.target.examples)
        tuned = model.fitted.strategy == "intermediate"  # which reads in half precision
        assert np.allclose(given, head(candidate.at.target), atol=0.05 if tuned else 2e-3), candidate.id
        assert tuned == (candidate.method.name == "intermediate")
    assert len(texts) == 60


def test_a_method_that_needs_pictures_is_told(desk, tmp_path):
    with pytest.raises(UsageError, match=r"'style'.*needs pixels of the examples, and these are texts"):
        headstart.adapt(desk.run, desk.target, method="style", out=tmp_path / "run")


def test_what_cannot_be_adapted_to_is_told(desk, tmp_path):
    with pytest.raises(DataError, match="are the source's own"):
        headstart.adapt(desk.run, desk.data, out=tmp_path / "same")
    few = tiny_text.table(tmp_path / "few.jsonl", 5, 7)
    with pytest.raises(DataError, match="holds 5 texts to adapt to; adapt needs 20 or more"):
        headstart.adapt(desk.run, few, out=tmp_path / "few")
    with pytest.raises(DataError, match="could be read as texts"):
        headstart.adapt(desk.run, two_classes(tmp_path / "photos", 12, side=40), out=tmp_path / "photos-adapted")
    odd = tmp_path / "odd.csv"
    odd.write_text("a,b\n" + "1,2\n" * 30)
    with pytest.raises(DataError, match="text"):
        headstart.adapt(desk.run, odd, out=tmp_path / "odd-adapted")
    with pytest.raises(UsageError, match=r"nowhere\.csv does not exist"):
        headstart.adapt(desk.run, "nowhere.csv", out=tmp_path / "none")
    with pytest.raises(UsageError, match="--judge"):
        headstart.adapt(desk.run, desk.target, judge="nowhere.csv", out=tmp_path / "none")
    with pytest.raises(UnknownName, match="korall"):
        headstart.adapt(desk.run, desk.target, method="korall", out=tmp_path / "none")


def test_a_judge_who_knows_other_classes_is_told_and_what_was_made_stays(desk, tmp_path):
    other = tiny_text.table(tmp_path / "other.jsonl", 30, 8, "xy")
    with pytest.raises(DataError, match="classes"):
        headstart.adapt(desk.run, desk.target, judge=other, out=tmp_path / "adapted", method="coral")
    assert headstart.load(tmp_path / "adapted").made["verdict"] is None


def test_a_run_whose_data_changed_is_told(desk, tmp_path):
    moved = shutil.copytree(desk.run.path, tmp_path / "run")
    record = json.loads((moved / "run.json").read_text())
    record["data"]["path"] = str(tiny_text.table(tmp_path / "changed.jsonl", 120, 2))
    (moved / "run.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match="has changed since"):
        headstart.adapt(moved, desk.target, out=tmp_path / "adapted")
    del record["data"]
    (moved / "run.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match="does not say what it learnt from"):
        headstart.adapt(moved, desk.target, out=tmp_path / "adapted")


def by_authors(table, first=0):
    """The same table with an author for every four texts, numbered from `first`."""
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    table.write_text("\n".join(json.dumps({**row, "author": f"{first + i // 4}"}) for i, row in enumerate(rows)))
    return table


def test_several_domains_make_a_model_for_one_that_nobody_has_seen(desk, tmp_path):
    """Each of 15 authors; of these five are the next one's, too. What an author wrote is on one side."""
    domains = [
        by_authors(tiny_text.table(tmp_path / f"{name}.jsonl", 60, 11 + at), 10 * at) for at, name in enumerate("xyz")
    ]
    judge = by_authors(tiny_text.table(tmp_path / "judge.jsonl", 60, 5), 50)
    made = headstart.adapt(
        domains[0], domains[1:], unseen=True, judge=judge, out=tmp_path / "run", method="mixup", group="author",
        source_model=desk.source,
    )  # fmt: skip
    assert made.sentence.startswith("On the domain kept for the judge: ")
    ways = {(c["method"], c["representation"]) for c in made.candidates}
    assert {("erm", "TF-IDF"), ("mixup", "TF-IDF")} <= ways
    assert all({"x.jsonl", "y.jsonl", "z.jsonl", "mean", "worst"} == c["evidence"].keys() for c in made.candidates)
    assert made.judged["n"] == 60
    assert "60 texts in 15 groups with labels" in made.sentence
    assert any("of the groups are met again in another domain" in w for w in made.told["warnings"])
    assert any("a little hopeful: the best of 2 representations" in w for w in made.told["warnings"])
    assert len(made.predict([str(desk.target)])) == 60
    assert "domain" in made.report.read_text()


def test_groups_of_the_judge_are_wanted_where_groups_are_asked_for(desk, tmp_path):
    how = {"judge": desk.labelled, "group": "author", "method": "coral"}
    with pytest.raises(UsageError, match=r"there\.jsonl has no column 'author' to group by"):
        headstart.adapt(desk.run, desk.target, out=tmp_path / "run", **how)
    assert headstart.load(tmp_path / "run").verdict is None, "what was made stays"


def test_the_page_draws_what_daan_weighed_and_names_all_candidates(desk, tmp_path):
    made = headstart.adapt(desk.run, desk.target, method="daan", out=tmp_path / "adapted")
    (row,) = [c for c in made.candidates if c["method"] == "daan"]
    assert {"step", "weight", "marginal", "conditional"} == row["notes"]["course"][0].keys()
    page = made.report.read_text()
    assert page.count("<polyline") == 3
    assert all(c["title"].split(" (")[0] in page for c in made.candidates)


def test_two_targets_are_a_slip_unless_they_are_domains(desk, tmp_path):
    with pytest.raises(UsageError, match="--unseen"):
        headstart.adapt(desk.run, [desk.target, desk.labelled], out=tmp_path / "run")
    with pytest.raises(UsageError, match="no runs"):
        headstart.adapt(desk.run, desk.labelled, unseen=True, out=tmp_path / "run")


def test_a_run_of_a_network_of_its_own_is_a_candidate_as_it_is(desk, tmp_path):
    how = {"source": desk.source, "strategy": "finetune", "seeds": 1}
    run = headstart.load(headstart.fit(desk.data, out=tmp_path / "run", **how).path, take="transfer")
    made = headstart.adapt(run, desk.target, method="coral", out=tmp_path / "adapted")
    (own,) = [c for c in made.candidates if c["representation"] == "fine-tuning"]
    assert own["method"] == "none"
    assert made.told["untouched"]["representation"] == "fine-tuning"
    assert any("fine-tuning) learnt from its validation texts, too" in w for w in made.told["warnings"])
    kept = load_file(tmp_path / "adapted" / "adapt" / "target.safetensors")["fine-tuning/none"]
    said = [row.probabilities for row in run.predict([str(desk.target)])]
    assert np.allclose(kept, [[p["a"], p["b"]] for p in said], atol=0.02)
