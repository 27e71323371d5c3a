"""Reference values for the tests of src/metrics, from sacreBLEU, NLTK and scikit-learn.

    pip install sacrebleu==2.6.0 nltk==3.10.3 scikit-learn==1.9.1
    python test/metrics/golden/make_metrics.py            # writes metrics.json again
    python test/metrics/golden/make_metrics.py --check    # compares instead; exits with 1 on a difference beyond rounding
"""

import json
import random
import sys
from pathlib import Path

import nltk.translate.bleu_score as nltk_bleu
import numpy as np
import sacrebleu
import sklearn.metrics
from nltk import edit_distance

PATH = Path(__file__).resolve().parent / "metrics.json"
WORDS = "a b c d e f".split()


def garbled(sentence: list, chance: random.Random) -> list:
    """The sentence with words changed, dropped and added at random."""
    found = []
    for word in sentence:
        draw = chance.random()
        if draw > 0.1:
            found.append(word if draw > 0.25 else chance.choice(WORDS))
        if draw > 0.9:
            found.append(chance.choice(WORDS))
    return found


def bleu_corpora() -> list:
    chance = random.Random(5)
    corpora = []
    for sentences, longest in ((1, 3), (1, 6), (1, 12), (2, 5), (5, 10), (40, 25)):
        for references in (1, 3):
            source = [[chance.choice(WORDS) for _ in range(chance.randint(1, longest))] for _ in range(sentences)]
            hypotheses = [garbled(s, chance) or ["a"] for s in source]
            lists = [[garbled(s, chance) or ["b"] for _ in range(references)] for s in source]
            corpora.append((hypotheses, lists))
    corpora.append(([["a", "b", "c"]], [[["d", "e", "f"]]]))
    corpora.append(([["a", "d", "b", "e"]], [[["a", "b", "c", "d"]]]))
    return corpora


def bleu_cases() -> list:
    methods = (
        ({}, {"smooth_method": "none"}),
        ({"smoothing": "add-k", "k": 1}, {"smooth_method": "add-k", "smooth_value": 1}),
        ({"smoothing": "add-k", "k": 0.5}, {"smooth_method": "add-k", "smooth_value": 0.5}),
        ({"smoothing": "exp"}, {"smooth_method": "exp"}),
        ({"smoothing": "exp", "effectiveOrder": True}, {"smooth_method": "exp", "effective_order": True}),
        ({"order": 2}, {"smooth_method": "none", "max_ngram_order": 2}),
    )
    cases = []
    for hypotheses, lists in bleu_corpora():
        streams = [[" ".join(refs[i]) for refs in lists] for i in range(len(lists[0]))]
        scores = []
        for options, theirs in methods:
            metric = sacrebleu.BLEU(tokenize="none", force=True, **theirs)
            score = metric.corpus_score([" ".join(h) for h in hypotheses], streams)
            scores.append({"options": options, "score": score.score / 100, "brevityPenalty": score.bp})
        cases.append({"hypotheses": hypotheses, "references": lists, "scores": scores})
    return cases


def nltk_case() -> dict:
    """The examples in the documentation of nltk.translate.bleu_score, with the values that NLTK computes."""
    hyp1 = "It is a guide to action which ensures that the military always obeys the commands of the party".split()
    hyp2 = "he read the book because he was interested in world history".split()
    ref1a = "It is a guide to action that ensures that the military will forever heed Party commands".split()
    ref1b = "It is the guiding principle which guarantees the military forces always being under the command of the Party".split()
    ref1c = "It is the practical guide for the army always to heed the directions of the party".split()
    ref2a = "he was interested in world history because he read the book".split()
    lists = [[ref1a, ref1b, ref1c], [ref2a]]
    return {
        "hypotheses": [hyp1, hyp2],
        "references": lists,
        "corpus": nltk_bleu.corpus_bleu(lists, [hyp1, hyp2]),
        "sentences": [nltk_bleu.sentence_bleu(refs, hyp) for refs, hyp in zip(lists, [hyp1, hyp2])],
    }


def distances() -> list:
    chance = random.Random(9)
    cases = []
    for _ in range(60):
        pair = ["".join(chance.choice("abcd") for _ in range(chance.randint(0, 12))) for _ in range(2)]
        cases.append({"pair": pair, "distance": edit_distance(*pair)})
    return cases


def classifications() -> list:
    chance = np.random.default_rng(3)
    cases = []
    for classes, examples in ((2, 20), (3, 50), (9, 200), (6, 4)):
        targets = chance.integers(0, classes, examples)
        predictions = np.where(chance.random(examples) < 0.6, targets, chance.integers(0, classes, examples))
        cases.append(
            {
                "classes": classes,
                "targets": targets.tolist(),
                "predictions": predictions.tolist(),
                "matrix": sklearn.metrics.confusion_matrix(targets, predictions, labels=range(classes)).tolist(),
                "accuracy": sklearn.metrics.accuracy_score(targets, predictions),
                "macroF1": sklearn.metrics.f1_score(targets, predictions, average="macro"),
            }
        )
    return cases


def pinballs() -> list:
    chance = np.random.default_rng(4)
    cases = []
    for quantile in (0.1, 0.5, 0.9):
        targets, predictions = chance.standard_normal((2, 30)).round(4)
        cases.append(
            {
                "quantile": quantile,
                "targets": targets.tolist(),
                "predictions": predictions.tolist(),
                "loss": sklearn.metrics.mean_pinball_loss(targets, predictions, alpha=quantile),
                "squared": sklearn.metrics.mean_squared_error(targets, predictions),
                "absolute": sklearn.metrics.mean_absolute_error(targets, predictions),
            }
        )
    return cases


def differs(kept, fresh) -> bool:
    if isinstance(fresh, dict):
        return kept.keys() != fresh.keys() or any(differs(kept[key], fresh[key]) for key in fresh)
    if isinstance(fresh, list):
        return len(kept) != len(fresh) or any(differs(a, b) for a, b in zip(kept, fresh))
    return abs(kept - fresh) > 1e-12 if isinstance(fresh, float) else kept != fresh


def main() -> int:
    fresh = {
        "sacrebleu": bleu_cases(),
        "nltk": nltk_case(),
        "distances": distances(),
        "classifications": classifications(),
        "pinballs": pinballs(),
    }
    if "--check" not in sys.argv:
        PATH.write_text(json.dumps(fresh, separators=(",", ":")) + "\n")
        return 0
    if differs(json.loads(PATH.read_text()), fresh):
        print("different: metrics.json", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
