"""What make_models.py shares: running a model on sequences, and writing what comes out."""

import base64

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)


def quantized(array: np.ndarray, steps: int = 32) -> np.ndarray:
    """Numbers with few digits: files of them compress well."""
    return (np.round(np.asarray(array, dtype=np.float64) * steps) / steps).astype(np.float32)


def stripped(data: bytes) -> bytes:
    """Without what exporters write for people: stack traces, names of modules, shapes in between."""
    model = onnx.load_from_string(data)

    def clear(graph):
        graph.ClearField("doc_string")
        graph.ClearField("metadata_props")
        graph.ClearField("value_info")
        for node in graph.node:
            node.ClearField("doc_string")
            node.ClearField("metadata_props")
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    clear(attribute.g)
        for value in [*graph.input, *graph.output]:
            value.ClearField("metadata_props")
        for tensor in graph.initializer:
            tensor.ClearField("doc_string")
            tensor.ClearField("metadata_props")

    clear(model.graph)
    model.ClearField("metadata_props")
    model.ClearField("functions") if not model.functions else None
    return model.SerializeToString()


class Runner:
    """ONNX Runtime; the reference evaluator of onnx for what that does not have."""

    def __init__(self, data: bytes, is_reference: bool = False):
        self.by = "onnx" if is_reference else "onnxruntime"
        if is_reference:
            self.session = ReferenceEvaluator(onnx.load_from_string(data))
        else:
            self.session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])

    def __call__(self, feed: dict) -> list:
        return [np.asarray(each) for each in self.session.run(None, feed)]


def rows(array: np.ndarray, axes: str) -> list:
    """
    The numbers of the only example: axes says what each axis is, b for examples, t for time, anything else for columns. Rows of time come
    first, a list of columns each; without time, the columns alone.
    """
    indices = tuple(0 if axis == "b" else slice(None) for axis in axes)
    kept = [axis for axis in axes if axis != "b"]
    moved = np.transpose(array[indices], [at for at, axis in enumerate(kept) if axis == "t"] + [at for at, axis in enumerate(kept) if axis != "t"])
    if "t" in axes:
        return moved.reshape(moved.shape[0], -1).tolist()
    return moved.reshape(-1).tolist()


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return int(value) if isinstance(value, (int, np.integer)) else float(f"{value:.8g}")


def case(name: str, data: bytes, sequences: list, by: str, options: dict | None = None) -> dict:
    """One entry of the file: sequences are (inputs by name, outputs by name)."""
    return {
        "name": name,
        "by": by,
        **({"options": options} if options else {}),
        "model": base64.b64encode(data).decode(),
        "sequences": [{"inputs": rounded(inputs), "outputs": {key: rounded(value) for key, value in outputs.items()}} for inputs, outputs in sequences],
    }
