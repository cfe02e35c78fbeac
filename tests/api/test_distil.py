"""A run teaches a smaller student: from end to end, what is left in the folder, and what is told of bad input."""

import json
import shutil

import numpy as np
import pytest

import headstart as hs
from drawn import headstart, two_classes
from headstart.errors import SourceError, UsageError
from headstart.transfer.distil import tuned
from headstart.transfer.training import setting

STUDENT = "mobilenet-v2@64"


@pytest.fixture(scope="module")
def brief():
    """Students' last parts learn for a few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuned, "alone", lambda facts: [setting.Config(parts=1, least=4, epochs=0.1, keep="last")])
        yield


@pytest.fixture(scope="module")
def more(tmp_path_factory, finished):
    """Unlabelled pictures: twelve new ones, and one that the run has learnt from or judged on."""
    folder = two_classes(tmp_path_factory.mktemp("more") / "pictures", 6, seed=5, side=40)
    shutil.copy(finished.data / "cane" / "00.jpg", folder / "cane" / "known.jpg")
    return folder


@pytest.fixture(scope="module")
def student(brief, finished, more, tmp_path_factory):
    return hs.distil(
        finished.out, STUDENT, take="transfer", unlabelled=more, out=tmp_path_factory.mktemp("student") / "run"
    )


def test_the_verdict_is_on_the_runs_own_sealed_test_in_pairs(student, finished):
    told, verdict, before = student.told, student.told["verdict"], json.loads(finished.fit.stdout)
    assert verdict["n_test"] == before["verdict"]["n_test"]
    assert verdict["metric"] == before["verdict"]["metric"]
    for seen, rival in ((verdict["help"], "alone"), (verdict["loss"], "teacher")):
        assert seen["difference"] == pytest.approx(verdict["taught"]["value"] - verdict[rival]["value"])
        assert seen["interval"][0] <= seen["difference"] <= seen["interval"][1]
    assert verdict["teacher"]["value"] == pytest.approx(before["verdict"]["transfer"]["value"])
    assert "of the same student alone" in student.sentence
    assert student.verdict.difference == pytest.approx(student.verdict.transfer.value - student.verdict.rival.value)
    assert told["n"]["unlabelled"] == 12
    assert any("Left out of the unlabelled" in warning for warning in told["warnings"])


def test_either_arm_compares_as_many_settings_and_learns_for_as_long(student):
    arms = {taught: [c for c in student.told["candidates"] if c["taught"] is taught] for taught in (True, False)}
    assert [c["strategy"] for c in arms[True]] == [c["strategy"] for c in arms[False]]
    assert [c["config"].get("steps") for c in arms[True]] == [c["config"].get("steps") for c in arms[False]]
    assert [sum(c["chosen"] for c in arm) for arm in arms.values()] == [1, 1]
    for arm in arms.values():
        (chosen,) = (c for c in arm if c["chosen"])
        assert chosen["log_loss"] == min(c["log_loss"] for c in arm)


def test_the_student_is_a_run_like_any_other(student, finished, more):
    again = hs.load(student.path)
    assert again.told["sentence"] == student.sentence
    rows = again.predict(more / "bug")
    assert [set(row.probabilities) for row in rows] == [{"bug", "cane"}] * 6
    assert again.embed(more / "bug").shape == (6, 1280)
    seen = again.evaluate(more)
    taught = student.told["verdict"]["taught"]["value"]
    assert seen.own.value == taught
    assert f"{student.path}: " in seen.sentence
    assert student.told["student"]["source"] == STUDENT
    assert student.told["student"]["macs"] < student.told["teacher"]["macs"] / 4


def test_the_student_does_not_depend_on_its_teacher(student, finished, more, tmp_path):
    alone = shutil.copytree(student.path, tmp_path / "alone")
    a, b = (run.predict(more / "bug") for run in (hs.load(alone), student))
    np.testing.assert_allclose([r.probability for r in a], [r.probability for r in b], atol=1e-6)


def test_what_cannot_be_distilled_is_said(student, finished, photos, tmp_path):
    for wrong, error, said in (
        (lambda: hs.distil(student.path, STUDENT), UsageError, "was made of another run"),
        (lambda: hs.distil(finished.out, "wordllama"), UsageError, "reads pictures, the student 'wordllama' texts"),
        (lambda: hs.distil(finished.out, "mobilenet-v2@8"), SourceError, "pictures of 64 to 224 pixels a side, not 8"),
        (lambda: hs.distil(finished.out, STUDENT, unlabelled=tmp_path / "no"), UsageError, "no does not exist"),
        (lambda: hs.distil(finished.out, STUDENT, out=finished.out), UsageError, "which the student would lie over"),
        (lambda: hs.fit(photos, out=student.path), UsageError, "holds a model that `headstart distil` made"),
    ):
        with pytest.raises(error, match=said):
            wrong()


def test_the_command_tells_the_same(brief, finished, more, tmp_path):
    done = headstart("distil", finished.out, "--student", STUDENT, "--out", tmp_path / "run", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "of the same student alone" in " ".join(done.stdout.split())
    assert "No unlabelled pictures were given" in " ".join(done.stdout.split())
    shown = headstart("predict", tmp_path / "run", more / "bug")
    assert len(shown.stdout.splitlines()) == 6
