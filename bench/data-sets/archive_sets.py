"""Sets of real data from a folder that was downloaded before (test/README.md says where the data are from)."""

import gzip
import os
import re
import shutil
import struct

import naive
import numpy as np
from collection import PARTS, by_characters, by_numbers, divided, number

REVIEW = "Ismail Fawaz et al. 2019, Deep learning for time series classification: a review; mean of 10 runs"
UCR = {
    "JapaneseVowels": (
        "japanese-vowels",
        "9 speakers, 12 channels, 7 to 29 steps",
        [("fully convolutional", 0.993), ("residual network", 0.992), ("echo states (TWIESN)", 0.965)],
    ),
    "ItalyPowerDemand": (
        "italy-power-demand",
        "2 seasons, 24 hours",
        [("residual network", 0.963), ("fully convolutional", 0.961), ("perceptron", 0.954)],
    ),
    "GunPoint": (
        "gun-point",
        "2 movements, 150 steps",
        [("fully convolutional", 1.0), ("residual network", 0.991), ("perceptron", 0.927)],
    ),
}


def published(figures, source):
    return [{"what": what, "value": value, "source": source} for what, value in figures]


def words_and_line_ends(text):
    """The symbols of `--level word`."""
    return re.findall(r"\S+|\n", text)


def texts(archive, sets):
    if sets.wants("shakespeare-characters"):
        text = (archive / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8")
        parts = text[:240_000], text[240_000:270_000], text[270_000:300_000]
        sets.add_text("shakespeare-characters", "the first 300,000 characters of tinyshakespeare", parts, 5)
    if sets.wants("war-and-peace-words"):
        text = (archive / "warpeace" / "input.txt").read_text(encoding="utf-8")[:750_000]
        cuts = [text.index(" ", at) for at in (600_000, 675_000)]
        parts = text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :]
        about = "the first 750,000 characters of War and Peace, read as words"
        sets.add_text("war-and-peace-words", about, parts, 3, options=["--level", "word"], split=words_and_line_ends)


def surnames(archive, sets):
    if not sets.wants("names"):
        return
    files = sorted((archive / "names").rglob("*.txt"))
    lines = [(name, file.stem) for file in files for name in file.read_text(encoding="utf-8").splitlines() if name.strip()]
    sets.add_lines("names", "classify", "surnames of 18 languages", divided(lines, 1), by_characters)


def read_series(file):
    """The sequences [steps, channels] and classes of a file of the UCR and UEA archives."""
    lines = file.read_text(encoding="utf-8").splitlines()
    begin = next(at for at, line in enumerate(lines) if line.strip().lower() == "@data")
    pairs = []
    for line in filter(None, map(str.strip, lines[begin + 1 :])):
        *channels, target = line.split(":")
        pairs.append((np.array([[float(x) for x in channel.split(",")] for channel in channels]).T, target))
    return pairs


def time_series(archive, sets):
    for folder, (name, about, figures) in UCR.items():
        if not sets.wants(name):
            continue
        sizes, pairs = {}, {}
        for part, ending in (("training", "TRAIN"), ("test", "TEST")):
            source = archive / "ucr" / folder / f"{folder}_{ending}.ts"
            shutil.copyfile(source, sets.file(name, source.name))
            pairs[part] = read_series(source)
            sizes[part] = len(pairs[part])
        values = {rule: number(value) for rule, value in by_numbers(pairs["training"], pairs["test"]).items()}
        parts = {"data": f"{folder}_TRAIN.ts", "test": f"{folder}_TEST.ts"}
        more = {"values": values, "published": published(figures, REVIEW)}
        sets.add(name, "classify", about, parts, sizes, **more)


def pictures(archive, sets):
    name = "mnist-rows"
    if not sets.wants(name):
        return

    def read(file, head, count):
        return np.frombuffer(gzip.open(archive / "mnist" / file).read(), np.uint8, offset=head)[:count]

    def images_of(stem, count):
        pixels = read(f"{stem}-images-idx3-ubyte.gz", 16, count * 784).reshape(-1, 28, 28)
        return pixels, read(f"{stem}-labels-idx1-ubyte.gz", 8, count)

    images, labels = images_of("train", 2_000)
    parts = {"training": (images[:1_800], labels[:1_800]), "validation": (images[1_800:], labels[1_800:])}
    parts["test"] = images_of("t10k", 1_000)
    for part, (pixels, classes) in parts.items():
        head = struct.pack(">4I", 0x803, len(pixels), 28, 28), struct.pack(">2I", 0x801, len(classes))
        sets.file(name, f"{part}-images-idx3-ubyte").write_bytes(head[0] + pixels.tobytes())
        sets.file(name, f"{part}-labels-idx1-ubyte").write_bytes(head[1] + classes.tobytes())
    pairs = {part: [(x / 255, int(y)) for x, y in zip(*both, strict=True)] for part, both in parts.items()}
    values = {rule: number(value) for rule, value in by_numbers(pairs["training"], pairs["test"]).items()}
    files = {option: f"{part}-images-idx3-ubyte" for option, part in zip(("data", "valid", "test"), parts, strict=True)}
    sizes = {part: len(found) for part, found in pairs.items()}
    sets.add(name, "classify", "MNIST row by row, the first 2,000 pictures", files, sizes, values=values)


def transformers(archive, sets):
    columns = {"etth1-oil": "OT", "etth1-all": "HUFL,HULL,MUFL,MULL,LUFL,LULL,OT"}
    for name, chosen in columns.items():
        if not sets.wants(name):
            continue
        shutil.copyfile(archive / "etth1" / "ETTh1.csv", sets.file(name, "ETTh1.csv"))
        parts = {"data": "ETTh1.csv", "valid": 0.2, "test": 0.2}
        options = ["--rows", "14400", "--columns", chosen, "--horizon", "24"]
        about = f"hours of a power transformer, {'its oil temperature' if chosen == 'OT' else 'all 7 columns'}"
        sets.add(name, "forecast", about, parts, {"rows": 14_400}, options=options)


def sounds(archive, sets):
    for name, about, folder in (
        ("spoken-digits", "single digits of 6 speakers (FSDD), the official test part", archive / "fsdd" / "recordings"),
        ("yes-no", "8 words of Hebrew in each recording, one speaker", archive / "yesno" / "waves_yesno"),
    ):
        if not sets.wants(name):
            continue
        base = sets.file(name, "sounds.csv").parent
        rows = []
        for place, file in enumerate(sorted(folder.glob("*.wav"))):
            fields = file.stem.split("_")
            path = os.path.relpath(file.resolve(), base.resolve())
            if name == "spoken-digits":
                words = "zero one two three four five six seven eight nine".split()[int(fields[0])]
                index = int(fields[2])
                part = "test" if index < 5 else "valid" if index < 10 else "training"
                rows.append([path, words, fields[1], part])
            elif set(fields) <= {"0", "1"}:
                part = ("training", "test", "training", "test", "training", "test", "training", "test", "valid", "test")
                rows.append([path, " ".join("yes" if x == "1" else "no" for x in fields), "one", part[place % 10]])
        by_hand = ["--strings", "150"] if name == "yes-no" else []
        sets.add_sounds(name, about, rows, by_hand=by_hand)


def sentences(archive, sets):
    name = "english-japanese"
    if not sets.wants(name):
        return
    pairs = {}
    for part, most in (("train", 5_000), ("dev", 500), ("test", 500)):
        sides = []
        for language in ("en", "ja"):
            lines = (archive / "enja" / f"{part}.{language}").read_text(encoding="utf-8").splitlines()[:most]
            sets.write_text(name, f"{part}.{language}", "\n".join(lines) + "\n")
            sides.append([line.split() for line in lines])
        pairs[part] = list(zip(*sides, strict=True))
    sizes = dict(zip(PARTS, map(len, pairs.values()), strict=True))
    values = {"translation of the most similar sentence": number(naive.nearest_translation(pairs["train"], pairs["test"]))}
    parts = {"data": "train", "valid": "dev", "test": "test"}
    about = "English to Japanese, the first 5,000 pairs"
    sets.add(name, "translate", about, parts, sizes, options=["--languages", "en-ja"], values=values)


def add_sets(archive, sets):
    """Adds the sets whose data the folder has."""
    for folder, add in (
        ("tinyshakespeare", texts),
        ("names", surnames),
        ("ucr", time_series),
        ("mnist", pictures),
        ("etth1", transformers),
        ("fsdd", sounds),
        ("enja", sentences),
    ):
        if (archive / folder).is_dir():
            add(archive, sets)
        else:
            print(f"left out: {archive / folder} is missing")
