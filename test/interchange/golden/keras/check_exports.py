"""Loads with Keras what the library has written for it, and compares what the models compute.

    BPTT_KERAS_EXPORTS=FOLDER npx vitest run --project all test/interchange/keras-export.test.ts
    python test/interchange/golden/keras/check_exports.py FOLDER
"""
import base64
import gzip
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from hashed_numbers import hashed  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])
TOLERANCE = 4 * 14 * 2**-24  # as in keras-cases.ts


def listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def inputs_of(case):
    arrays = []
    has_steps = any(len(shape) == (2 if is_indices else 3) for shape, is_indices in case["inputs"])
    for at, (shape, is_indices) in enumerate(case["inputs"]):
        numbers = hashed(1000 + at, int(np.prod(shape))).reshape(shape)
        if is_indices:
            numbers = (np.abs(numbers) * 2).astype(np.int32) + 1
        # A model without a time axis has its samples as the steps of one sequence.
        arrays.append(numbers if has_steps else numbers[None])
    return arrays


def error_of(model, arrays, expected):
    actual = [np.asarray(each) for each in listed(model(arrays if len(arrays) > 1 else arrays[0], training=False))]
    assert len(actual) == len(expected), (len(actual), len(expected))
    return max(float(np.abs(a.reshape(-1) - e.reshape(-1)).max() / max(1, np.abs(e).max())) for a, e in zip(actual, expected))


def main():
    cases = json.loads(gzip.decompress((pathlib.Path(__file__).parent / "models.json.gz").read_bytes()))
    errors = {}
    for case in cases:
        path = FOLDER / f"{case['name']}.keras"
        if path.exists():
            model = keras.models.load_model(path)
            expected = [np.frombuffer(base64.b64decode(each["base64"]), np.float32) for each in case["outputs"]]
            errors[case["name"]] = error_of(model, inputs_of(case), expected)
            keras.backend.clear_session()
    for path in sorted(FOLDER.glob("own-*.keras")):
        model = keras.models.load_model(path)
        kept = json.loads(pathlib.Path(f"{path}.json").read_text())
        given = kept["inputs"] if isinstance(kept["inputs"], dict) else {"only": kept["inputs"]}
        arrays = [np.asarray(each) for each in given.values()]
        arrays = [each.astype(np.int32 if each.ndim == 2 else np.float32) for each in arrays]
        expected = [np.asarray(kept["outputs"], np.float32)]
        errors[path.name] = error_of(model, arrays, expected)
        for variable in model.weights:
            variable.assign(np.zeros(variable.shape))
        model.load_weights(str(path).replace(".keras", ".weights.h5"))
        errors[path.name + " weights"] = error_of(model, arrays, expected)
    worst = sorted(errors.items(), key=lambda each: -each[1])[:5]
    print(len(errors), "models loaded; largest errors", worst)
    assert worst[0][1] <= TOLERANCE


main()
