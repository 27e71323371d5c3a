"""Makes layers.json.gz: layers of Keras 3 and Keras 2 with each of their options, and what they compute.

    python test/interchange/golden/keras/make_keras_layers.py
"""
import gzip
import itertools
import json

from make_keras_models import FOLDER, encoded, give_weights, hashed, keras, keras2, keras3, np

SEQUENCES, COLUMNS = 2, 3
# All numbers are negative: the zeros of padding must not be the largest.
SHIFT = -4.0


def chains(L):
    """Layers behind an input of 3 columns, and how many steps it has."""
    for name, pool, strides, padding in itertools.product(
        ["MaxPooling1D", "AveragePooling1D"], [2, 3, 4], [None, 1, 2], ["valid", "same"]
    ):
        for steps in [7] if padding == "valid" else [1, 6, 7]:
            yield steps, [getattr(L, name)(pool, strides=strides, padding=padding)]
    for padding in [0, 1, 3, (0, 2), (2, 0), (4, 1)]:
        yield 3, [L.ZeroPadding1D(padding)]
    for name in ["GlobalMaxPooling1D", "GlobalAveragePooling1D"]:
        yield 5, [L.ZeroPadding1D(2), getattr(L, name)()]
    yield 9, [
        L.ZeroPadding1D((3, 1)),
        L.Conv1D(4, 3, strides=2, activation="relu"),
        L.MaxPooling1D(2),
        L.LSTM(3, return_sequences=True),
        L.AveragePooling1D(2, strides=1, padding="same"),
        L.Dense(2),
    ]
    yield 8, [L.Conv1D(4, 3, padding="same"), L.MaxPooling1D(3, strides=2, padding="same"), L.GRU(3)]
    if L.has("Rescaling"):
        for scale, offset in [(2.0, 0.0), ([2.0, -1.0, 0.5], 0.0), (0.5, [1.0, 2.0, 3.0]), ([1.0, 2.0, 3.0], [0.5] * 3), ([2.0], [1.5])]:
            yield 4, [L.Rescaling(scale, offset=offset)]


def case_of(L, name, steps, layers):
    model = L.sequential([L.input((None, COLUMNS)), *layers])
    shapes = give_weights(model)
    inputs = (hashed(1000, SEQUENCES * steps * COLUMNS) + np.float32(SHIFT)).reshape(SEQUENCES, steps, COLUMNS)
    output = np.asarray(model(inputs, training=False))
    return {
        "name": name,
        "shape": [type(layer).__name__ for layer in layers],
        "config": json.loads(model.to_json()),
        "variables": shapes,
        "inputs": [[list(inputs.shape), False]],
        "shift": SHIFT,
        "outputs": [encoded(output)],
    }


def main():
    cases = []
    for L in (keras3(), keras2()):
        for at, (steps, layers) in enumerate(chains(L)):
            keras.backend.clear_session()
            cases.append(case_of(L, f"keras{L.version}-layers-{at}", steps, layers))
    text = json.dumps(cases, separators=(",", ":"))
    (FOLDER / "layers.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
