"""
Writes recurrent_options.json: RNN, LSTM and GRU with `clip` and with the activations that have numbers, for
test/interchange/onnx/recurrent-options.test.ts. Each case has the model as ONNX, the options of the library's layer, its weights, inputs, targets and
outputs, and the gradients of the mean square of outputs less targets.

    pip install torch==2.13.0 onnx==1.23.1 onnxruntime
    python test/interchange/onnx/golden/make_recurrent_options.py

The outputs are those of ONNX Runtime; the gradients are PyTorch's of the same equations, in double precision, with torch.clamp.
"""

import base64
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

UNITS, INPUTS, STEPS, BATCH = 3, 2, 4, 2
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
# For each block of ONNX, which block of the library it is: i o f c of i f g o, z r h of r z n.
ORDER = {"rnn": [0], "lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}

FUNCTIONS = {
    "tanh": lambda x: torch.tanh(x),
    "sigmoid": lambda x: torch.sigmoid(x),
    "softsign": lambda x: x / (1 + x.abs()),
    "softplus": lambda x: torch.nn.functional.softplus(x),
    "affine": lambda x, alpha, beta: alpha * x + beta,
    "leakyRelu": lambda x, alpha: torch.where(x < 0, alpha * x, x),
    "thresholdedRelu": lambda x, alpha: torch.where(x > alpha, x, torch.zeros_like(x)),
    "scaledTanh": lambda x, alpha, beta: alpha * torch.tanh(beta * x),
    "hardSigmoid": lambda x, alpha, beta: torch.clamp(alpha * x + beta, 0, 1),
    "elu": lambda x, alpha: torch.where(x < 0, alpha * torch.expm1(x), x),
}


def numbered(name: str, alpha: float, beta: float | None = None) -> dict:
    return {"name": name, "alpha": alpha} | ({} if beta is None else {"beta": beta})


CASES = [
    ("rnn", {"activation": "tanh", "inputClip": 0.5}),
    ("rnn", {"activation": "softsign", "direction": "reverse"}),
    ("rnn", {"activation": "softplus", "inputClip": 0.75}),
    ("rnn", {"activation": numbered("affine", 0.5, 0.25)}),
    ("rnn", {"activation": numbered("leakyRelu", -0.25)}),
    ("rnn", {"activation": numbered("thresholdedRelu", 0.125)}),
    ("rnn", {"activation": numbered("scaledTanh", 0.875, 0.75)}),
    ("rnn", {"activation": numbered("hardSigmoid", 0.75, 0.375)}),
    ("rnn", {"activation": numbered("elu", 0.625), "inputClip": 1.0}),
    ("lstm", {"inputClip": 0.5}),
    ("lstm", {"inputClip": 0.5, "peepholes": True, "direction": "reverse"}),
    ("lstm", {"inputClip": 0.625, "coupledGates": True}),
    (
        "lstm",
        {
            "gateActivation": numbered("hardSigmoid", 0.375, 0.5),
            "activation": numbered("elu", 0.75),
            "outputActivation": "softsign",
        },
    ),
    (
        "lstm",
        {
            "activation": numbered("scaledTanh", 0.875, 0.75),
            "outputActivation": numbered("leakyRelu", 0.125),
            "inputClip": 0.75,
        },
    ),
    ("gru", {"inputClip": 0.5}),
    ("gru", {"inputClip": 0.5, "resetAfter": False}),
    ("gru", {"gateActivation": numbered("affine", 0.25, 0.5), "activation": numbered("thresholdedRelu", 0.125)}),
    ("gru", {"gateActivation": "softplus", "activation": "softsign", "resetAfter": False, "inputClip": 0.875}),
]


def function(choice, limit: float | None = None):
    name, numbers = (choice, {}) if isinstance(choice, str) else (choice["name"], {k: v for k, v in choice.items() if k != "name"})
    return lambda x: FUNCTIONS[name](x if limit is None else torch.clamp(x, -limit, limit), **numbers)


def steps(kind: str, options: dict, weights: dict, x: torch.Tensor) -> torch.Tensor:
    limit = options.get("inputClip")
    gate = function(options.get("gateActivation", "sigmoid"), limit)
    act = function(options.get("activation", "tanh"), limit)
    shown = function(options.get("outputActivation", options.get("activation", "tanh")))
    W, R, bW, bR = (weights[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    peepholes = weights.get("peepholes", torch.zeros(3, UNITS, dtype=x.dtype))
    h = c = torch.zeros(BATCH, UNITS, dtype=x.dtype)
    outputs = [None] * STEPS
    for step in reversed(range(STEPS)) if options.get("direction") == "reverse" else range(STEPS):
        a, p = x[step] @ W.T + bW, h @ R.T + bR
        if kind == "rnn":
            h = act(a + p)
        elif kind == "lstm":
            parts = list((a + p).chunk(len(W) // UNITS, 1))
            i = gate(parts[0] + peepholes[0] * c)
            f = 1 - i if options.get("coupledGates") else gate(parts[1] + peepholes[1] * c)
            c = f * c + i * act(parts[-2])
            h = gate(parts[-1] + peepholes[2] * c) * shown(c)
        else:
            r, z = gate(a[:, : 2 * UNITS] + p[:, : 2 * UNITS]).chunk(2, 1)
            own = (r * h) @ R[2 * UNITS :].T + bR[2 * UNITS :] if options.get("resetAfter") is False else r * p[:, 2 * UNITS :]
            n = act(a[:, 2 * UNITS :] + own)
            h = n + z * (h - n)
        outputs[step] = h
    return torch.stack(outputs)


def blocks_of(kind: str, options: dict, matrix: np.ndarray) -> np.ndarray:
    blocks = np.split(matrix, len(matrix) // UNITS)
    if options.get("coupledGates"):
        return np.concatenate([blocks[0], blocks[2], np.zeros_like(blocks[0]), blocks[1]])
    return np.concatenate([blocks[block] for block in ORDER[kind]])


def model_of(kind: str, options: dict, weights: dict[str, np.ndarray]) -> bytes:
    tensors = {
        "W": blocks_of(kind, options, weights["weight_ih"])[None],
        "R": blocks_of(kind, options, weights["weight_hh"])[None],
        "B": np.concatenate([blocks_of(kind, options, weights[name]) for name in ("bias_ih", "bias_hh")])[None],
    }
    inputs = ["x", "W", "R", "B"]
    if "peepholes" in weights:
        tensors["P"] = weights["peepholes"][[0, 2, 1]].reshape(1, -1)
        inputs += ["", "", "", "P"]
    activation = options.get("activation", "tanh")
    choices = {
        "rnn": [activation],
        "lstm": [options.get("gateActivation", "sigmoid"), activation, options.get("outputActivation", activation)],
        "gru": [options.get("gateActivation", "sigmoid"), activation],
    }[kind]
    names = [each if isinstance(each, str) else each["name"] for each in choices]
    numbers = [each for each in choices if not isinstance(each, str)]
    attributes = {
        "hidden_size": UNITS,
        "activations": [name[0].upper() + name[1:] for name in names],
        "direction": options.get("direction", "forward"),
        "activation_alpha": [each["alpha"] for each in numbers] or None,
        "activation_beta": [each["beta"] for each in numbers if "beta" in each] or None,
        "clip": options.get("inputClip"),
        "input_forget": 1 if options.get("coupledGates") else None,
        "linear_before_reset": int(options.get("resetAfter", True)) if kind == "gru" else None,
    }
    given = {name: value for name, value in attributes.items() if value is not None}
    node = helper.make_node(kind.upper(), inputs, ["Y"], **given)
    squeeze = helper.make_node("Squeeze", ["Y", "axes"], ["y"])
    initializers = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in tensors.items()]
    initializers.append(numpy_helper.from_array(np.array([1], np.int64), "axes"))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["time", "batch", INPUTS])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["time", "batch", UNITS])
    graph = helper.make_graph([node, squeeze], kind, [x], [y], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def rounded(values: np.ndarray) -> list[float]:
    return [float(np.float32(value)) for value in np.asarray(values).ravel()]


def case_of(seed: int, kind: str, options: dict) -> dict:
    random = np.random.default_rng(seed)
    draw = lambda *shape: random.integers(-64, 65, shape).astype(np.float32) / 64
    rows = (3 if options.get("coupledGates") else GATES[kind]) * UNITS
    weights = {"weight_ih": draw(rows, INPUTS), "weight_hh": draw(rows, UNITS), "bias_ih": draw(rows), "bias_hh": draw(rows)}
    if options.get("peepholes"):
        weights["peepholes"] = draw(3, UNITS)
    x, target = draw(STEPS, BATCH, INPUTS), draw(STEPS, BATCH, UNITS)
    model = model_of(kind, options, weights)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    [outputs] = session.run(None, {"x": x})
    tensors = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in weights.items()}
    own = steps(kind, options, tensors, torch.tensor(x, dtype=torch.float64))
    difference = np.abs(own.detach().numpy() - outputs).max()
    assert difference < 2e-6, (kind, options, difference)
    ((own - torch.tensor(target, dtype=torch.float64)) ** 2).mean().backward()
    return {
        "kind": kind,
        "options": {"units": UNITS, **options},
        "model": base64.b64encode(model).decode(),
        "weights": {name: rounded(value) for name, value in weights.items()},
        "input": rounded(x),
        "target": rounded(target),
        "output": rounded(outputs),
        "gradients": {name: rounded(tensor.grad.numpy()) for name, tensor in tensors.items()},
    }


def main() -> None:
    cases = [case_of(seed, kind, options) for seed, (kind, options) in enumerate(CASES)]
    shared = {"units": UNITS, "inputs": INPUTS, "steps": STEPS, "batch": BATCH}
    text = ",\n".join(json.dumps(case) for case in cases)
    path = Path(__file__).with_name("recurrent_options.json")
    path.write_text(f'{json.dumps(shared)[:-1]}, "cases": [\n{text}\n]}}\n')


main()
