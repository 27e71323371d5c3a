"""Writes data sets as files that `bptt train` reads, and the index that `bench/defaults.mjs` reads."""

import csv
import hashlib
import json
import random
import wave

import naive

PARTS = ("training", "validation", "test")

# Where the result of a training has the figure of the test part that a set is judged by.
METRICS = {
    "classify": ("accuracy", "higher"),
    "tag": ("accuracy", "higher"),
    "lm": ("loss", "lower"),
    "forecast": ("mse", "lower"),
    "music": ("nats", "lower"),
    "transcribe": ("beam.wordErrorRate", "lower"),
    "translate": ("bleu", "higher"),
}
REPORTED = {
    "forecast": {},  # the result of a run has its rules
    "music": {"frequency of each key": "memoryless", "each key by its last frame": "ownKey"},
}


def divided(examples, seed, valid=0.1, test=0.1):
    """Training, validation and test part, drawn with a seed."""
    order = list(examples)
    random.Random(seed).shuffle(order)
    held, most = round(len(order) * test), round(len(order) * (test + valid))
    return order[most:], order[held:most], order[:held]


def number(value):
    """A short number for JSON and CSV."""
    return float(f"{value:.6g}")


class Collection:
    """A folder of data sets. Every set has a folder of its own, with its name."""

    def __init__(self, folder, chosen):
        self.folder = folder
        self.chosen = chosen
        self.sets = []
        self.written = {}

    def wants(self, name):
        return self.chosen is None or name in self.chosen

    def file(self, name, file):
        """The path of a file of a set that will be written."""
        path = self.folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        self.written.setdefault(name, {})[file] = path
        return path

    def write_text(self, name, file, text):
        self.file(name, file).write_text(text, encoding="utf-8", newline="\n")

    def write_table(self, name, file, columns, rows):
        with self.file(name, file).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows([columns, *rows])

    def write_wav(self, name, file, samples, rate):
        """Samples in [-1, 1], mono, 16 bits."""
        with wave.open(str(self.file(name, file)), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())

    def add(self, name, task, about, parts, sizes, *, options=(), values=None, published=None, by_hand=()):
        """Adds a set to the index.

        parts     `data`, `valid` and `test`: files of the set's folder, or numbers; the task divides where one is missing
        options   the rest of what a user must say: names of columns, what a symbol is, how far a forecast goes
        values    figures of naive rules on the test part, unless the task reports them
        published figures with their sources, on the scale of the metric
        by_hand   the best options found by hand so far; none where nobody has searched
        """
        metric, better = METRICS[task]
        digest = hashlib.sha256()
        for file, path in sorted(self.written[name].items()):
            digest.update(f"{file}\0".encode())
            digest.update(path.read_bytes())
        self.sets.append(
            {
                "name": name,
                "task": task,
                "about": about,
                "parts": {
                    part: value if isinstance(value, (int, float)) else f"{name}/{value}" for part, value in parts.items()
                },
                "options": list(options),
                "sizes": sizes,
                "metric": {"path": metric, "better": better},
                "naive": {"values": values} if values is not None else {"paths": REPORTED[task]},
                "published": list(published or []),
                "byHand": list(by_hand),
                "digest": digest.hexdigest(),
            }
        )
        print(f"{name}: {task}, {sizes}", flush=True)

    def add_lines(self, name, task, about, parts, rules, **more):
        """A set of JSON lines `{"input": ..., "target": ...}`: pairs in a training, a validation and a test part."""
        for part, pairs in zip(PARTS, parts, strict=True):
            lines = (json.dumps({"input": x, "target": y}, ensure_ascii=False) + "\n" for x, y in pairs)
            self.write_text(name, f"{part}.jsonl", "".join(lines))
        sizes = dict(zip(PARTS, map(len, parts), strict=True))
        files = {"data": "training.jsonl", "valid": "validation.jsonl", "test": "test.jsonl"}
        values = {rule: number(value) for rule, value in rules(parts[0], parts[2]).items()}
        self.add(name, task, about, files, sizes, values=values, **more)

    def add_series(self, name, about, columns, rows, options, **more):
        """A table whose rows are cut by the task: three fifths, a fifth, a fifth."""
        self.write_table(name, "series.csv", columns, rows)
        parts = {"data": "series.csv", "valid": 0.2, "test": 0.2}
        self.add(name, "forecast", about, parts, {"rows": len(rows)}, options=options, **more)

    def add_text(self, name, about, parts, order, options=(), split=list, **more):
        """A text in three parts, for language models. The rule is an n-gram model of that order."""
        for part, text in zip(PARTS, parts, strict=True):
            self.write_text(name, f"{part}.txt", text)
        symbols = [split(text) for text in parts]
        values = {f"{size}-gram": number(naive.ngram_loss(symbols[0], symbols[2], size)) for size in (1, order)}
        values |= more.pop("truth", {})
        sizes = dict(zip(PARTS, map(len, symbols), strict=True))
        files = {"data": "training.txt", "valid": "validation.txt", "test": "test.txt"}
        self.add(name, "lm", about, files, sizes, options=options, values=values, **more)

    def add_sounds(self, name, about, rows, **more):
        """A table of recordings: rows of file, text, speaker, part."""
        self.write_table(name, "sounds.csv", ["file", "text", "speaker", "part"], rows)
        texts = {part: [row[1] for row in rows if row[3] == part] for part in ("training", "valid", "test")}
        values = {"one text for all": number(naive.constant_text(texts["training"], texts["test"]))}
        sizes = dict(zip(PARTS, map(len, texts.values()), strict=True))
        self.add(name, "transcribe", about, {"data": "sounds.csv"}, sizes, values=values, **more)


def by_numbers(training, test):
    """The rules of sequences of numbers."""
    return {
        "most frequent class": naive.majority(training, test),
        "nearest sequence": naive.nearest_neighbour(training, test),
    }


def by_characters(training, test):
    """The rules of texts."""
    return {
        "most frequent class": naive.majority(training, test),
        "naive Bayes of 1 to 3 characters": naive.naive_bayes(training, test),
    }
