"""What rules without a network reach on the test part: the figures that a trained model must beat.

Forecasts and music are missing here: `bptt train` itself reports the naive figures of these tasks.
"""

import math
from collections import Counter, defaultdict

import numpy as np

STEPS = 32  # to which sequences of numbers are stretched before they are compared


def most_frequent(values):
    return Counter(values).most_common(1)[0][0]


def accuracy(expected, found):
    return float(np.mean([a == b for a, b in zip(expected, found, strict=True)]))


def majority(training, test):
    """Accuracy of the most frequent class of the training part."""
    return accuracy([y for _, y in test], [most_frequent([y for _, y in training])] * len(test))


def stretched(sequence):
    """A sequence [steps] or [steps, features] at STEPS places in equal distances, with lines between its steps."""
    rows = np.asarray(sequence, dtype=float).reshape(len(sequence), -1)
    places = np.linspace(0, len(rows) - 1, STEPS)
    return np.column_stack([np.interp(places, np.arange(len(rows)), column) for column in rows.T]).ravel()


def nearest_neighbour(training, test):
    """Accuracy of the class of the nearest training sequence by Euclidean distance, stretched if the lengths differ."""
    lengths = {len(x) for x, _ in training} | {len(x) for x, _ in test}
    form = stretched if len(lengths) > 1 else lambda x: np.asarray(x, dtype=float).ravel()
    known = np.array([form(x) for x, _ in training])
    squares = (known**2).sum(axis=1)
    nearest = [int(np.argmin(squares - 2 * known @ form(x))) for x, _ in test]
    return accuracy([y for _, y in test], [training[at][1] for at in nearest])


def pieces(text):
    """One to three neighbouring characters, with marks of begin and end."""
    marked = f"\x02{text}\x03"
    return [marked[at : at + size] for size in (1, 2, 3) for at in range(len(marked) - size + 1)]


def naive_bayes(training, test):
    """Accuracy of naive Bayes on one to three neighbouring characters, with one added to every count."""
    counts, classes = defaultdict(Counter), Counter(y for _, y in training)
    for x, y in training:
        counts[y].update(pieces(x))
    size = len({piece for of_class in counts.values() for piece in of_class})
    totals = {y: sum(of_class.values()) + size for y, of_class in counts.items()}

    def likelihood(x, y):
        prior = math.log(classes[y] / len(training))
        return prior + sum(math.log((counts[y][piece] + 1) / totals[y]) for piece in pieces(x))

    return accuracy([y for _, y in test], [max(classes, key=lambda y, x=x: likelihood(x, y)) for x, _ in test])


def tag_rules(training, test):
    """Accuracy, by steps, of the most frequent tag, and of the most frequent tag of each token."""
    steps = [pair for tokens, tags in training for pair in zip(tokens, tags, strict=True)]
    usual = most_frequent([tag for _, tag in steps])
    by_token = defaultdict(list)
    for token, tag in steps:
        by_token[token].append(tag)
    best = {token: most_frequent(tags) for token, tags in by_token.items()}
    tested = [pair for tokens, tags in test for pair in zip(tokens, tags, strict=True)]
    expected = [tag for _, tag in tested]
    return {
        "most frequent tag": accuracy(expected, [usual] * len(tested)),
        "most frequent tag of the token": accuracy(expected, [best.get(token, usual) for token, _ in tested]),
    }


def ngram_loss(training, test, order):
    """Nats per symbol of an n-gram model with the interpolation of Witten and Bell (1991).

    Unknown symbols of the test are one symbol more. The shortest context is mixed with equal probabilities.
    """
    vocabulary = set(training)
    read = [symbol if symbol in vocabulary else None for symbol in test]
    followers = defaultdict(Counter)
    for at, symbol in enumerate(training):
        for length in range(min(order - 1, at) + 1):
            followers[tuple(training[at - length : at])][symbol] += 1
    totals = {context: sum(counts.values()) for context, counts in followers.items()}
    total = 0.0
    for at, symbol in enumerate(read):
        probability = 1 / (len(vocabulary) + 1)
        for length in range(min(order - 1, at) + 1):
            counts = followers.get(tuple(read[at - length : at]))
            if counts is None:
                break
            kinds, seen = len(counts), totals[tuple(read[at - length : at])]
            probability = (counts[symbol] + kinds * probability) / (seen + kinds)
        total -= math.log(probability)
    return total / len(read)


def edits(reference, found):
    """Levenshtein distance of two lists."""
    row = list(range(len(found) + 1))
    for at, word in enumerate(reference, 1):
        before, row[0] = row[0], at
        for place, other in enumerate(found, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != other))
    return row[-1]


def constant_text(training, test):
    """Word error rate of one text for every sound: the most frequent word of each place, of the usual length."""
    texts = [text.split() for text in training]
    length = most_frequent([len(words) for words in texts])
    usual = [most_frequent([words[at] for words in texts if len(words) > at]) for at in range(length)]
    tested = [text.split() for text in test]
    return sum(edits(words, usual) for words in tested) / sum(map(len, tested))


def bleu(references, found):
    """BLEU of a corpus without smoothing (Papineni et al. 2002), as `bptt` computes it."""
    matches, totals = np.zeros(4), np.zeros(4)
    for reference, words in zip(references, found, strict=True):
        for size in range(1, 5):
            grams = [Counter(zip(*(side[at:] for at in range(size)))) for side in (reference, words)]
            matches[size - 1] += sum((grams[0] & grams[1]).values())
            totals[size - 1] += sum(grams[1].values())
    if matches.min() == 0:
        return 0.0
    lengths = sum(map(len, references)), sum(map(len, found))
    brevity = min(1.0, math.exp(1 - lengths[0] / lengths[1]))
    return float(brevity * math.exp(np.log(matches / totals).mean()))


def nearest_translation(training, test):
    """BLEU of the translation of the training sentence that shares most of its words: the largest Jaccard index."""
    holders = defaultdict(list)
    sets = [frozenset(source) for source, _ in training]
    for at, words in enumerate(sets):
        for word in words:
            holders[word].append(at)
    found = []
    for source, _ in test:
        words = frozenset(source)
        shared = Counter(at for word in words for at in holders[word])
        best = max(shared, key=lambda at: (shared[at] / len(words | sets[at]), -at), default=0)
        found.append(training[best][1])
    return bleu([target for _, target in test], found)
