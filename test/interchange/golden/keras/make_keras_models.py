"""Makes models.json.gz and the files beside it: random Keras models, what they compute, and a few of them as Keras saves them.

    python test/interchange/golden/keras/make_keras_models.py

Keras 3.15.1 on TensorFlow 2.21 (CPU). The models with the version 2 are of the Keras 2 that TensorFlow has inside
(tensorflow.python.keras, API of 2.6), which saves the layout of Keras 2 in HDF5 as Keras 2 did.
"""
import base64
import gzip
import json
import os
import pathlib
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import keras  # noqa: E402
import numpy as np  # noqa: E402
from hashed_numbers import hashed, weight  # noqa: E402
from random_models import Layers, random_model  # noqa: E402

FOLDER = pathlib.Path(__file__).parent
NEW, OLD = 126, 42
SEQUENCES, STEPS = 2, 5


def keras3():
    functional = lambda inputs, outputs: keras.Model(inputs, outputs)
    return Layers([keras.layers], keras.Input, keras.Sequential, functional, 3)


def keras2():
    import tensorflow.python.keras as old

    old.__version__ = "2.6.0"
    from tensorflow.python.keras.engine.functional import Functional
    from tensorflow.python.keras.engine.input_layer import Input
    from tensorflow.python.keras.engine.sequential import Sequential
    from tensorflow.python.keras.layers import advanced_activations, convolutional, core, embeddings, merge, pooling, recurrent

    # SpatialDropout1D, GaussianNoise and normalisations are not in it.
    class Missing:
        SpatialDropout1D = staticmethod(lambda rate: core.SpatialDropout1D(rate) if hasattr(core, "SpatialDropout1D") else core.Dropout(rate))
        GaussianNoise = staticmethod(lambda stddev: core.Dropout(stddev))

    modules = [core, recurrent, embeddings, convolutional, merge, pooling, advanced_activations, Missing]
    return Layers(modules, Input, Sequential, Functional, 2)


def variables_of(model):
    return list(model.trainable_weights) + list(model.non_trainable_weights)


def name_of(variable):
    return variable.name.split("/")[-1].split(":")[0]


def give_weights(model):
    shapes = []
    for at, variable in enumerate(variables_of(model)):
        shape = tuple(int(size) for size in variable.shape)
        variable.assign(weight(at, name_of(variable), shape))
        shapes.append([name_of(variable), list(shape)])
    return shapes


def inputs_of(model):
    arrays = []
    for at, tensor in enumerate(model.inputs):
        shape = [SEQUENCES] + [STEPS if size is None else int(size) for size in tensor.shape[1:]]
        numbers = hashed(1000 + at, int(np.prod(shape))).reshape(shape)
        if "int" in str(tensor.dtype):
            numbers = (np.abs(numbers) * 2).astype(np.int32) + 1  # below every size of an embedding, and no padding
        arrays.append(numbers)
    return arrays


def encoded(array):
    array = np.asarray(array, dtype=np.float32)
    return {"shape": list(array.shape), "base64": base64.b64encode(array.tobytes()).decode()}


def case_of(layers, seed, name):
    keras.backend.clear_session()
    shape, model = random_model(layers, seed)
    shapes = give_weights(model)
    arrays = inputs_of(model)
    outputs = model(arrays if len(arrays) > 1 else arrays[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    numbers = [np.asarray(output) for output in outputs]
    if not all(np.isfinite(each).all() and np.abs(each).max() < 1e4 for each in numbers):
        return None, model
    config = json.loads(model.to_json())
    inputs = [[list(each.shape), "int" in str(each.dtype)] for each in arrays]
    return {"name": name, "shape": shape, "config": config, "variables": shapes, "inputs": inputs, "outputs": [encoded(each) for each in numbers]}, model


def save(model, version, name, ending):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name + ending)
        if version == 2:
            from tensorflow.python.keras.saving import hdf5_format

            hdf5_format.save_model_to_hdf5(model, path, include_optimizer=False)
        elif ending == ".weights.h5":
            model.save_weights(path)
        else:
            model.save(path, include_optimizer=False)
        data = pathlib.Path(path).read_bytes()
    (FOLDER / f"{name}{ending}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def main():
    cases = []
    for layers, wanted in ((keras3(), NEW), (keras2(), OLD)):
        made = seed = 0
        while made < wanted:
            name = f"keras{layers.version}-{seed}"
            try:
                case, model = case_of(layers, seed, name)
            except Exception as error:  # a kernel that is longer than what is left of the sequence, or a layer that is not there
                print(name, type(error).__name__, str(error)[:150].replace("\n", " "))
                case = None
            seed += 1
            if case is None:
                continue
            every = 3 if layers.version == 2 else 5
            if made % every == 0:
                endings = [".h5"] if layers.version == 2 else [".keras", ".h5", ".weights.h5"]
                ending = endings[(made // every) % len(endings)]
                save(model, layers.version, name, ending)
                case["file"] = name + ending
            made += 1
            cases.append(case)
    text = json.dumps(cases, separators=(",", ":"))
    (FOLDER / "models.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
