"""A server's answers are the run's own: through tritonclient as it is, curl, forms, JSON, bytes and pixels."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess

import numpy as np
import pytest
from tritonclient import http
from tritonclient.utils import InferenceServerException

import exported
import headstart
from at_work import judged, picture_run, serving, text_run
from headstart.ship.export._artefact import save
from headstart.ship.store import load as open_model
from hostile import draw

TEXTS = ["river stone lamp", "bread", "winter paper engine garden"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    desk = tmp_path_factory.mktemp("runs")
    found = {"bugs": picture_run(desk / "bugs"), "ask": text_run(desk / "ask")}
    found["many"] = text_run(desk / "many", "multilabel", ("sun", "rain", "fog"))
    numbers = {"text": ["a"] * 20, "value": [1.0] * 20, "predicted": [1.0 + n / 10 for n in range(20)]}
    found["score"] = judged(text_run(desk / "score", "regression", ("score",)), numbers)
    model = open_model(found["bugs"] / "model")
    save(desk / "exported", model, "openvino", "fp32", exported.pictures(desk / "pictures", 2))
    shutil.copy(found["bugs"] / "run.json", desk / "exported")
    found["exported"] = desk / "exported"
    shares = {"p(ask)": [n / 50 for n in range(50)], "p(tell)": [1 - n / 50 for n in range(50)]}
    judged(found["ask"], {"text": ["a"] * 50, "label": ["ask"] * 50, "predicted": ["ask"] * 50} | shares)
    return found


@pytest.fixture(scope="module")
def site(runs):
    with serving(runs) as site:
        yield site


@pytest.fixture(scope="module")
def files():
    """Encoded pictures: JPEG, PNG with an alpha channel, a grey one."""
    rng, found = np.random.default_rng(3), []
    for kind, (form, mode) in enumerate([("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "L")]):
        out = io.BytesIO()
        draw(kind % 2, rng, 70).convert(mode).save(out, form)
        found.append(out.getvalue())
    return found


@pytest.fixture(scope="module")
def own(runs, files):
    """What the runs say themselves."""
    pictures = ("bugs", "exported")
    return {name: headstart.load(path).predict(files if name in pictures else TEXTS) for name, path in runs.items()}


def shares(rows):
    return np.array([[*row.probabilities.values()] for row in rows])


def test_tritonclient_as_it_is(site, own, files):
    with http.InferenceServerClient(site.host) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("bugs")
        assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
        told = client.get_model_metadata("bugs")
        assert [(o["name"], o["datatype"], o["shape"]) for o in told["outputs"]] == [
            ("probabilities", "FP32", [-1, 3]), ("label", "BYTES", [-1]),
        ]  # fmt: skip
        given = http.InferInput("input", [3], "BYTES")
        given.set_data_from_numpy(np.array(files, object))
        found = client.infer("bugs", [given], request_id="7")
        np.testing.assert_allclose(found.as_numpy("probabilities"), shares(own["bugs"]), atol=1e-5)
        assert [label.decode() for label in found.as_numpy("label")] == [row.label for row in own["bugs"]]
        assert found.get_response()["id"] == "7"


def test_tritonclient_with_pixels_and_outputs_by_name(site, runs):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
    given = http.InferInput("input", [2, 40, 50, 3], "UINT8")
    given.set_data_from_numpy(pixels)
    wanted = [http.InferRequestedOutput("probabilities", binary_data=False)]
    with http.InferenceServerClient(site.host) as client:
        found = client.infer("bugs", [given], outputs=wanted)
    np.testing.assert_allclose(
        found.as_numpy("probabilities"), shares(headstart.load(runs["bugs"]).predict(list(pixels))), atol=1e-5
    )
    assert found.as_numpy("label") is None


def test_an_exported_model_is_served_as_a_run_is(site, own, files):
    coded = {"inputs": [base64.b64encode(data).decode() for data in files]}
    found = site.ask("/predict?model=exported", coded).json["predictions"]
    for row, mine, run in zip(found, own["exported"], own["bugs"], strict=True):
        assert row["probabilities"] == pytest.approx(mine.probabilities, abs=1e-5)
        assert row["probabilities"] == pytest.approx(run.probabilities, abs=0.02)


@pytest.mark.parametrize("binary", [True, False])
def test_tritonclient_with_texts(site, own, binary):
    given = http.InferInput("input", [3, 1], "BYTES")
    given.set_data_from_numpy(np.array(TEXTS, object)[:, None], binary_data=binary)
    with http.InferenceServerClient(site.host) as client:
        found = client.infer("ask", [given])
        np.testing.assert_allclose(found.as_numpy("probabilities"), shares(own["ask"]), atol=1e-4)
        numbers = client.infer("score", [given]).as_numpy("value")
        np.testing.assert_allclose(numbers, [row.value for row in own["score"]], rtol=1e-4)
        several = [label.decode() for label in client.infer("many", [given]).as_numpy("label")]
    assert several == [row.label for row in own["many"]]


def test_tritonclient_reads_our_errors(site, files):
    given = http.InferInput("input", [2], "BYTES")
    given.set_data_from_numpy(np.array([files[0], b"no picture"], object))
    with http.InferenceServerClient(site.host) as client:
        with pytest.raises(InferenceServerException, match="Input 2 cannot be read: The content is not that of any"):
            client.infer("bugs", [given])
        with pytest.raises(InferenceServerException, match=r"There is no model 'birds'. There are: bugs, ask"):
            client.infer("birds", [given])
        with pytest.raises(InferenceServerException, match=r"no output 'box'. There are: probabilities, label"):
            client.infer("bugs", [given], outputs=[http.InferRequestedOutput("box")])
        assert not client.is_model_ready("birds")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(site, own, files, tmp_path):
    (tmp_path / "a.jpg").write_bytes(files[0])
    (tmp_path / "b.png").write_bytes(files[1])

    def curl(*words: str) -> dict:
        done = subprocess.run(["curl", "-sS", *words], capture_output=True, check=True, timeout=60, cwd=tmp_path)
        return json.loads(done.stdout)

    found = curl("-F", "file=@a.jpg", "-F", "file=@b.png", f"{site.url}/predict?model=bugs")["predictions"]
    assert [row["input"] for row in found] == ["a.jpg", "b.png"]
    for row, wanted in zip(found, own["bugs"], strict=False):
        assert row["label"] == wanted.label
        assert row["probabilities"] == pytest.approx(wanted.probabilities, abs=1e-5)
    (alone,) = curl("--data-binary", "@a.jpg", "-H", "Content-Type: image/jpeg", f"{site.url}/predict?model=bugs")[
        "predictions"
    ]
    assert alone["probability"] == pytest.approx(own["bugs"][0].probability, abs=1e-5)
    asked = {"inputs": [{"name": "input", "datatype": "BYTES", "shape": [3], "data": TEXTS}]}
    found = curl("-d", json.dumps(asked), f"{site.url}/v2/models/ask/infer")["outputs"][0]["data"]
    assert np.reshape(found, (3, 2)) == pytest.approx(shares(own["ask"]), abs=1e-4)


def test_json_and_base64(site, own, files):
    coded = [base64.b64encode(data).decode() for data in files]
    coded[1] = "data:image/png;base64," + coded[1]
    found = site.ask("/predict?model=bugs", {"inputs": coded}).json["predictions"]
    assert [row["label"] for row in found] == [row.label for row in own["bugs"]]
    (several,) = site.ask("/predict?model=many", {"inputs": TEXTS[:1]}).json["predictions"]
    assert tuple(several["labels"]) == own["many"][0].labels
    (number,) = site.ask("/predict?model=score", {"inputs": TEXTS[:1]}).json["predictions"]
    assert number == {"input": "input 1", "value": pytest.approx(own["score"][0].value, rel=1e-4)}


def test_a_text_is_never_the_name_of_a_file(site, tmp_path):
    (tmp_path / "secret.txt").write_text("bread")
    asked = [str(tmp_path / "secret.txt"), "bread", str(tmp_path), "-"]
    found = site.ask("/predict?model=ask", {"inputs": asked}).json["predictions"]
    assert found[0]["probabilities"] != found[1]["probabilities"]
    assert "error" not in found[2]
    assert found[3]["error"] == "The text holds no word."


def test_a_broken_input_has_its_reason_beside_the_others(site, files):
    good = base64.b64encode(files[0]).decode()
    cut = base64.b64encode(files[0][:400]).decode()
    reply = site.ask("/predict?model=bugs", {"inputs": [good, "?", cut, 7]})
    assert reply.status == 200
    kept, *bad = reply.json["predictions"]
    assert "label" in kept
    assert [row["error"].split(";")[0] for row in bad] == [
        "A picture in JSON is a text of base64",
        "The file ends before the picture does.",
        "A picture in JSON is a text of base64",
    ]
    none = site.ask("/predict?model=bugs", {"inputs": ["?"]})
    assert none.status == 422
    assert none.json["error"].startswith("No input could be read. A picture in JSON")


def test_how_sure_it_is_by_what_it_was_judged_on(site):
    (row,) = site.ask("/predict?model=ask&coverage=0.9", {"inputs": TEXTS[:1]}).json["predictions"]
    assert row["set"] == [label for label, p in sorted(row["probabilities"].items(), key=lambda x: -x[1]) if p >= 0.08]
    assert row["sure"] is (len(row["set"]) == 1)
    (row,) = site.ask("/predict?model=score&coverage=0.8", {"inputs": TEXTS[:1]}).json["predictions"]
    assert row["interval"] == pytest.approx([row["value"] - 1.6, row["value"] + 1.6])
    refused = site.ask("/predict?model=bugs&coverage=0.9", {"inputs": [""]})
    assert refused.status == 400
    assert "'bugs' has kept no judged predictions" in refused.json["error"]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/predict", {"inputs": ["a"]}, 400, "There are several models: bugs, ask, many, score, exported. Name one"),
        ("/predict?model=ask", {"inputs": "a"}, 400, "The body must be JSON as"),
        ("/predict?model=ask", {"inputs": []}, 400, "There are no inputs"),
        (
            "/predict?model=ask&coverage=2",
            {"inputs": ["a"]},
            400,
            "coverage='2' was given; it must lie between",
        ),
        ("/predict?model=ask", b"\xff", 400, "The body is no JSON object"),
        ("/v2/models/ask/infer", {"inputs": []}, 400, "There are no inputs"),
        ("/nothing", None, 404, "Not Found. See /docs"),
        ("/predict", None, 405, "Method Not Allowed"),
    ],
)
def test_every_error_is_json(site, path, body, status, said):
    reply = site.ask(path, body)
    assert reply.status == status
    assert said in reply.json["error"]


def test_a_form_that_is_none(site):
    for body in (b"", b"--x", b"--x\r\n\r\n\r\n--x--", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"):
        reply = site.ask("/predict?model=ask", body, Content_Type="multipart/form-data; boundary=x")
        assert reply.status == 400, body
    assert site.ask("/predict?model=ask", b"a", Content_Type="multipart/form-data").status == 400


def test_the_api_describes_every_path_and_its_bodies(site):
    api = site.ask("/openapi.json").json
    assert [*api["paths"]] == [
        "/v2/health/live", "/v2/health/ready", "/v2", "/v2/models/{name}", "/v2/models/{name}/ready",
        "/v2/models/{name}/infer", "/predict", "/explain", "/models", "/metrics",
    ]  # fmt: skip
    bodies = api["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert {*bodies} == {"application/json", "multipart/form-data", "application/octet-stream", "text/plain"}
    page = site.ask("/docs").body.decode()
    assert all(f"{path}</code>" in page for path in api["paths"])
    assert "http://" not in page
    assert "https://" not in page


def test_prometheus_is_told(site):
    site.ask("/predict?model=ask", {"inputs": TEXTS})
    text = site.ask("/metrics").body.decode()
    assert 'headstart_requests_total{path="/predict",status="200"}' in text
    assert 'headstart_inputs_waiting{model="ask"} 0.0' in text
    assert 'headstart_batch_inputs_bucket{le="4.0",model="ask"}' in text
