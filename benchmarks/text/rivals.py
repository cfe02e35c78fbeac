"""What people use on texts, each in a process of its own: SetFit, transformers' Trainer, LoRA, probes, TF-IDF.

In: texts.json of cases.py, and WORK/minilm, the same source for all. Out: a JSON with the answers for the test, scores,
CPU seconds (children included) and trained parameters. All run fp32. None looks at the test before it predicts; their
settings are ordinary values, where texts are few with more epochs and higher rates; see EXPECTED.md.
Imports nothing of headstart but, by its path, the file that makes the index's torchvision work beside a CPU torch.

Run: python rivals.py NAME --texts FILE --minilm FOLDER --size 8 --seed S --out FILE [--threads T] [--lr X]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from score import scored

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from _common.process import cpu, prepare

LENGTH = 256  # tokens a text, as headstart's record and the model's own page have it
BATCH, EPOCHS = 16, 3  # of trainer and lora
LR, FEW_LR = 5e-5, 2e-4  # of trainer; with few texts the better on held-out ones, see EXPECTED.md
LORA_LR, FEW_LORA_LR = 1e-3, 3e-3  # of lora; the same
FEW_EPOCHS, FEW_LEAST, FEW_MOST = 20, 60, 1500  # of them with few texts a class: epochs, steps at least and at most
PAIRS_STEPS = 500  # of setfit at most: pairs grow with the square of the texts
TUNING = ("torch", "transformers", "transformers.trainer", "accelerate")
SENTENCES = ("torch", "sentence_transformers", "sklearn.linear_model", "sklearn.model_selection")
# Answers for the test, notes, trained parameters, CPU seconds when the model was ready.
Fitted = tuple[list[int], dict[str, Any], int, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(RIVALS))
    for name in ("texts", "minilm", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--size", required=True, help="8, 16, 64: texts a class; full")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lr", type=float, help="of trainer and lora, where it shall not be theirs")
    given = parser.parse_args()
    rival, imports = RIVALS[given.name]
    prepare(imports, given.threads)
    imported, clock = cpu(), time.perf_counter()
    task = json.loads(given.texts.read_text())
    guess, notes, trained, ready = rival(task, given)
    used = cpu()
    result = {
        "name": given.name,
        "seed": given.seed,
        "threads": given.threads,
        **scored(guess, [label for _, label in task["test"]]),
        "cpu_process": used,
        "cpu_work": used - imported,
        "cpu_fit": ready - imported,  # until the model is ready, the test not yet looked at
        "wall": time.perf_counter() - clock,
        "trained_params": trained,
        "notes": notes,
    }
    given.out.write_text(json.dumps(result))
    return 0


def setfit(task: dict[str, Any], given: argparse.Namespace) -> Fitted:
    """SetFit as its page shows it: pairs oversampled, batches of 16, one epoch, then scikit-learn's head."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    texts, labels = columns(task, "train")
    encoder = sentences(given)
    model = SetFitModel(model_body=encoder, model_head=LogisticRegression(), labels=None)
    args = {"batch_size": BATCH, "num_epochs": 1, "seed": given.seed, "report_to": "none", "save_strategy": "no"}
    with tempfile.TemporaryDirectory(prefix="setfit-") as folder:
        whole = pair_steps(labels)
        capped = {"max_steps": PAIRS_STEPS} if whole > PAIRS_STEPS else {}
        trainer = Trainer(
            model=model,
            args=TrainingArguments(output_dir=folder, show_progress_bar=False, **args, **capped),
            train_dataset=Dataset.from_dict({"text": texts, "label": labels}),
            metric=lambda said, true: {"accuracy": sum(map(int.__eq__, said, true)) / len(true)},  # its own is online
        )
        trainer.train()
    ready = cpu()
    guess = [int(g) for g in model.predict(columns(task, "test")[0], as_numpy=True)]
    body = sum(p.numel() for p in encoder.parameters())
    head = model.model_head.coef_.size + model.model_head.intercept_.size
    notes = {"epochs": 1, "batch": BATCH, "steps": min(whole, PAIRS_STEPS), "steps_uncapped": whole}
    return guess, notes, body + head, ready


def pair_steps(labels: list[int]) -> int:
    """Steps of one epoch: positive pairs (a text with itself too) and as many negative ones, the fewer repeated."""
    n = len(labels)
    same = sum(m * (m + 1) // 2 for m in (labels.count(label) for label in set(labels)))
    return -(-2 * max(same, n * (n + 1) // 2 - same) // BATCH)


def trainer(task: dict[str, Any], given: argparse.Namespace) -> Fitted:
    """transformers' Trainer on all of the network, with AutoModelForSequenceClassification's head."""
    return tuned(task, given, classifier(task, given), given.lr or (LR if given.size == "full" else FEW_LR))


def lora(task: dict[str, Any], given: argparse.Namespace) -> Fitted:
    """The same with peft's LoRA of rank 8 on query and value; the head learns whole."""
    from peft import LoraConfig, TaskType, get_peft_model

    how = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, target_modules=["query", "value"])
    lr = given.lr or (LORA_LR if given.size == "full" else FEW_LORA_LR)
    return tuned(task, given, get_peft_model(classifier(task, given), how), lr)


def classifier(task: dict[str, Any], given: argparse.Namespace) -> Any:
    from transformers import AutoModelForSequenceClassification, set_seed

    set_seed(given.seed)
    return AutoModelForSequenceClassification.from_pretrained(given.minilm, num_labels=len(task["labels"]))


def tuned(task: dict[str, Any], given: argparse.Namespace, net: Any, lr: float) -> Fitted:
    """Trainer's defaults (AdamW, falling rate) for so many steps."""
    from transformers import AutoTokenizer, DataCollatorWithPadding, Trainer, TrainingArguments

    words = AutoTokenizer.from_pretrained(given.minilm)
    rows = {
        part: [{**words(text, truncation=True, max_length=LENGTH), "labels": label} for text, label in task[part]]
        for part in ("train", "test")
    }
    steps = tuning_steps(len(rows["train"]), given.size == "full")
    with tempfile.TemporaryDirectory(prefix="trainer-") as folder:
        args = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            per_device_eval_batch_size=BATCH,
            learning_rate=lr,
            max_steps=steps,
            seed=given.seed,
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
        )
        work = Trainer(net, args, train_dataset=rows["train"], data_collator=DataCollatorWithPadding(words))
        work.train()
        ready = cpu()
        guess = work.predict(rows["test"]).predictions.argmax(1).tolist()
    learnt = sum(p.numel() for p in net.parameters() if p.requires_grad)
    epochs = round(steps * BATCH / len(rows["train"]), 1)
    return guess, {"lr": lr, "batch": BATCH, "steps": steps, "epochs": epochs}, learnt, ready


def tuning_steps(n: int, full: bool) -> int:
    """Three epochs of all texts; of few ones twenty, within limits, and never under three."""
    epoch = -(-n // BATCH)
    if full:
        return EPOCHS * epoch
    return max(FEW_LEAST, EPOCHS * epoch, min(FEW_EPOCHS * epoch, FEW_MOST))


def probe_lr(task: dict[str, Any], given: argparse.Namespace) -> Fitted:
    """Logistic regression on sentence-transformers' embeddings."""
    encoder = sentences(given)

    def look(part: str) -> Any:
        return encoder.encode(columns(task, part)[0], show_progress_bar=False)

    return regression(task, look, (0.1, 1.0, 10.0, 100.0), given)


def tfidf_lr(task: dict[str, Any], given: argparse.Namespace) -> Fitted:
    """Logistic regression on TF-IDF of words (1-2) and of characters within them (2-5)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    vectors = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    )
    vectors.fit(columns(task, "train")[0])
    return regression(task, lambda part: vectors.transform(columns(task, part)[0]), (1.0, 10.0, 100.0), given)


def regression(
    task: dict[str, Any], look: Callable[[str], Any], inverse: tuple[float, ...], given: argparse.Namespace
) -> Fitted:
    """scikit-learn's logistic regression, C by five folds (accuracy) on the labelled texts."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    folds = StratifiedKFold(5, shuffle=True, random_state=given.seed)
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": list(inverse)}, cv=folds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(look("train"), columns(task, "train")[1])
    ready, best = cpu(), search.best_estimator_
    guess = [int(g) for g in best.predict(look("test"))]
    return guess, {"C": search.best_params_["C"]}, best.coef_.size + best.intercept_.size, ready


def sentences(given: argparse.Namespace) -> Any:
    """The source as all-MiniLM-L6-v2 is published: mean over tokens, then of unit length."""
    from sentence_transformers import SentenceTransformer, models

    words = models.Transformer(str(given.minilm), max_seq_length=LENGTH)
    pool = models.Pooling(384, pooling_mode="mean")
    return SentenceTransformer(modules=[words, pool, models.Normalize()], device="cpu")


def columns(task: dict[str, Any], part: str) -> tuple[list[str], list[int]]:
    return [text for text, _ in task[part]], [label for _, label in task[part]]


RIVALS: dict[str, tuple[Callable[[dict[str, Any], argparse.Namespace], Fitted], tuple[str, ...]]] = {
    "setfit": (setfit, (*SENTENCES, "setfit", "datasets")),
    "trainer": (trainer, TUNING),
    "lora": (lora, (*TUNING, "peft")),
    "probe_lr": (probe_lr, SENTENCES),
    "tfidf_lr": (tfidf_lr, ("torch", "sklearn.feature_extraction.text", "sklearn.linear_model")),
}

if __name__ == "__main__":
    sys.exit(main())
