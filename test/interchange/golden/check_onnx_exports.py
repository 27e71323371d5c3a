"""Checks ONNX files that make-onnx-exports.mjs has written: onnx.checker with strict shape inference, and ONNX Runtime.

    python test/interchange/golden/check_onnx_exports.py FOLDER

Needs onnx, onnxruntime and numpy. Prints the largest difference between what ONNX Runtime and the library compute, relative to
1 + |value|, and the operators that occurred; ends with 1 where a file is not valid or a difference is larger than 1e-4.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

TOLERANCE = 1e-4


def tensor(described):
    data = [float("nan") if value == "NaN" else value for value in described["data"]]
    return np.array(data, dtype=described.get("type") or "float32").reshape(described["shape"])


def difference(actual, described):
    expected = tensor(described)
    axis = described.get("stepsAxis")
    if axis is not None:
        # Tensors of steps may be padded further: zeros follow.
        steps = expected.shape[axis]
        rest = np.take(actual, range(steps, actual.shape[axis]), axis=axis)
        if rest.size and np.abs(rest).max() != 0:
            raise ValueError("there is something behind the ends of the sequences")
        actual = np.take(actual, range(steps), axis=axis)
    if actual.shape != expected.shape:
        raise ValueError(f"{actual.shape} in place of {expected.shape}")
    if not np.isfinite(actual).all() and np.isfinite(expected).all():
        raise ValueError("not finite")
    with np.errstate(invalid="ignore"):
        differences = np.abs(actual - expected) / (1 + np.abs(expected))
    return float(np.nanmax(differences, initial=0))


def operators(graph, counts):
    for node in graph.node:
        counts[node.op_type] += 1
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                operators(attribute.g, counts)


def check(folder, counts):
    file = str(folder / "model.onnx")
    case = json.loads((folder / "case.json").read_text())
    onnx.checker.check_model(file, full_check=True)
    model = onnx.load(file)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    operators(model.graph, counts)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    worst = 0
    for run in case["runs"]:
        names = list(run["outputs"])
        results = session.run(names, {name: tensor(each) for name, each in run["feeds"].items()})
        for name, actual in zip(names, results):
            worst = max(worst, difference(actual, run["outputs"][name]))
    return worst


def main():
    ort.set_default_logger_severity(3)
    counts, kinds, worst, failed = Counter(), Counter(), 0, 0
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        if not (folder / "case.json").exists():
            continue
        kinds[folder.name.split("-", 1)[1]] += 1
        try:
            found = check(folder, counts)
        except Exception as error:  # every file is named, whatever is wrong with it
            print(f"{folder.name}: {type(error).__name__}: {str(error)[:600]}")
            failed += 1
            continue
        if not found <= TOLERANCE:
            print(f"{folder.name}: the difference is {found:.2e}")
            failed += 1
        else:
            worst = max(worst, found)
    print(f"{sum(kinds.values())} files ({dict(kinds)}), {failed} wrong, largest difference {worst:.2e}")
    print(", ".join(f"{name} {count}" for name, count in counts.most_common()))
    return 1 if failed or not kinds else 0


if __name__ == "__main__":
    sys.exit(main())
