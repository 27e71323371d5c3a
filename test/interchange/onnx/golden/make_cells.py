"""
Writes cells.json: graphs of one step in which recurrent cells are written out, for test/interchange/onnx/cells.test.ts.

    pip install torch==2.13.0 keras==3.15.1 onnx==1.23.1 onnxscript onnxruntime
    python test/interchange/onnx/golden/make_cells.py

PyTorch's two exporters and Keras write the first ones. The others are written below, as other libraries and people write cells. ONNX Runtime computes
the outputs. `cells` says which operators the cells are; none where the graph only looks like one.
"""

import base64
import json
import logging
import os
import tempfile
import warnings
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

BATCH, INPUTS, UNITS = 2, 3, 2


class Graph:
    """A graph under construction. Each method adds a node and gives the name of its output."""

    def __init__(self, seed: int, opset: int = 17, inputs: int = INPUTS):
        self.random = np.random.default_rng(seed)
        self.opset, self.inputs = opset, inputs
        self.nodes, self.tensors, self.count = [], [], 0

    def constant(self, array: np.ndarray) -> str:
        name = f"w{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, *shape: int) -> str:
        return self.constant(self.random.normal(size=shape).astype(np.float32))

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def __getattr__(self, op: str):
        def add(*inputs: str, outputs: int = 1, **attributes):
            names = [f"v{self.count + at}" for at in range(outputs)]
            self.count += outputs
            self.nodes.append(helper.make_node(op, inputs, names, **attributes))
            return names[0] if outputs == 1 else names

        return add

    def split(self, value: str, parts: int, axis: int = 1):
        if self.opset < 13:
            return self.Split(value, outputs=parts, axis=axis)
        return self.Split(value, self.ints(*[UNITS] * parts), outputs=parts, axis=axis)

    def slices(self, value: str, parts: int):
        found = []
        for at in range(parts):
            end = (at + 1) * UNITS if at < parts - 1 else 2**63 - 1
            found.append(self.Slice(value, self.ints(at * UNITS), self.ints(end), self.ints(-1)))
        return found

    def linear(self, value: str, inputs: int, outputs: int) -> str:
        """x W + b, as PyTorch writes it."""
        return self.Gemm(value, self.weight(outputs, inputs), self.weight(outputs), transB=1)

    def model(self, outputs: dict[str, str], state: dict[str, list]) -> onnx.ModelProto:
        for name, value in outputs.items():
            self.nodes.append(helper.make_node("Identity", [value], [name]))
        sizes = {"x": ["batch", self.inputs], **state}
        given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in sizes.items()]
        made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "cell", given, made, self.tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


LSTM_STATE = {"h": ["batch", UNITS], "c": ["batch", UNITS]}
STATE = {"h": ["batch", UNITS]}


def lstm_end(g: Graph, i: str, f: str, gate: str, o: str, c: str = "c") -> dict[str, str]:
    cell = g.Add(g.Mul(f, c), g.Mul(i, gate))
    return {"next_h": g.Mul(o, g.Tanh(cell)), "next_c": cell}


def lstm_gates(g: Graph, i: str, f: str, gate: str, o: str, c: str = "c") -> dict[str, str]:
    return lstm_end(g, g.Sigmoid(i), g.Sigmoid(f), g.Tanh(gate), g.Sigmoid(o), c)


def lstm(name: str, opset: int = 17, inputs: int = INPUTS):
    g = Graph(sum(map(ord, name)), opset, inputs)
    state = LSTM_STATE
    width = g.inputs + UNITS
    if name == "one product":  # TensorFlow's BasicLSTMCell: i j f o, with a number added to f
        product = g.Gemm(g.Concat("x", "h", axis=1), g.weight(width, 4 * UNITS), g.weight(4 * UNITS))
        i, gate, f, o = g.split(product, 4)
        out = lstm_gates(g, i, g.Add(f, g.number(1.0)), gate, o)
    elif name == "state in front":
        product = g.MatMul(g.Concat("h", "x", axis=-1), g.weight(width, 4 * UNITS))
        o, f, i, gate = g.slices(g.Add(g.weight(4 * UNITS), product), 4)
        out = lstm_gates(g, i, f, gate, o)
    elif name == "eight products":
        gates = []
        for _ in range(4):
            gates.append(g.Add(g.Add(g.MatMul("x", g.weight(g.inputs, UNITS)), g.weight(1, UNITS)), g.MatMul("h", g.weight(UNITS, UNITS))))
        out = lstm_gates(g, *gates)
    elif name == "keras":  # i f c o, one bias behind both products
        z = g.Add(g.Add(g.MatMul("x", g.weight(g.inputs, 4 * UNITS)), g.MatMul("h", g.weight(UNITS, 4 * UNITS))), g.weight(4 * UNITS))
        i, f, gate, o = g.split(z, 4)
        out = lstm_gates(g, i, f, gate, o)
    elif name == "activations before the cut":
        z = g.Add(g.linear("x", g.inputs, 4 * UNITS), g.linear("h", UNITS, 4 * UNITS))
        three = g.Slice(z, g.ints(0), g.ints(3 * UNITS), g.ints(1))
        gate = g.Tanh(g.Slice(z, g.ints(-UNITS), g.ints(1000), g.ints(1)))
        f, o, i = g.split(g.Sigmoid(three), 3)
        out = lstm_end(g, i, f, gate, o)
    elif name == "products within sums":  # Gemm that adds a product
        z = g.Gemm("h", g.Transpose(g.weight(4 * UNITS, UNITS), perm=[1, 0]), g.linear("x", g.inputs, 4 * UNITS))
        i, f, gate, o = g.split(z, 4)
        out = lstm_gates(g, i, f, gate, o)
    elif name == "one state":  # h and c are the columns of one input
        state = {"s": ["batch", 2 * UNITS]}
        c, h = g.split("s", 2)
        i, f, gate, o = g.split(g.Add(g.linear(h, UNITS, 4 * UNITS), g.linear("x", g.inputs, 4 * UNITS)), 4)
        made = lstm_gates(g, i, f, gate, o, c)
        out = {"next": g.Concat(made["next_c"], made["next_h"], axis=1)}
    elif name == "stacked states":  # as Silero: [2, batch, units], and an input as wide as the state
        state = {"s": [2, "batch", UNITS]}
        h, c = g.Gather("s", g.constant(np.int64(0)), axis=0), g.Gather("s", g.constant(np.int64(-1)), axis=0)
        z = g.Add(g.linear(h, UNITS, 4 * UNITS), g.linear(g.Relu("x"), g.inputs, 4 * UNITS))
        i, f, gate, o = g.split(z, 4)
        made = lstm_gates(g, i, f, gate, o, c)
        axes = g.ints(0)
        out = {"next": g.Concat(g.Unsqueeze(made["next_h"], axes), g.Unsqueeze(made["next_c"], axes), axis=0)}
    elif name == "other activations":
        i, f, gate, o = g.split(g.Add(g.linear("x", g.inputs, 4 * UNITS), g.linear("h", UNITS, 4 * UNITS)), 4)
        hard = lambda value: g.HardSigmoid(value, alpha=1 / 6, beta=0.5)
        cell = g.Add(g.Mul(hard(i), g.Relu(gate)), g.Mul("c", hard(f)))
        out = {"next_h": g.Mul(g.Relu(cell), hard(o)), "next_c": cell}
    elif name == "two layers":
        state = {**LSTM_STATE, "h2": ["batch", UNITS], "c2": ["batch", UNITS]}
        first = lstm_gates(g, *g.split(g.Add(g.linear("x", g.inputs, 4 * UNITS), g.linear("h", UNITS, 4 * UNITS)), 4))
        z = g.Add(g.linear(first["next_h"], UNITS, 4 * UNITS), g.linear("h2", UNITS, 4 * UNITS))
        second = lstm_gates(g, *g.split(z, 4), c="c2")
        out = {**first, "next_h2": second["next_h"], "next_c2": second["next_c"]}
    elif name == "no biases, old operators":
        i, f, gate, o = g.split(g.Add(g.MatMul("x", g.weight(g.inputs, 4 * UNITS)), g.MatMul("h", g.weight(UNITS, 4 * UNITS))), 4)
        out = lstm_gates(g, i, f, gate, o)
    elif name == "in a branch":
        inner = Graph(5, opset)
        inner.tensors = g.tensors
        i, f, gate, o = inner.split(inner.Add(inner.linear("x", g.inputs, 4 * UNITS), inner.linear("h", UNITS, 4 * UNITS)), 4)
        made = lstm_gates(inner, i, f, gate, o)
        values = [onnx.ValueInfoProto(name=each) for each in made.values()]
        branch = helper.make_graph(inner.nodes, "branch", [], values)
        other = helper.make_graph([helper.make_node("Identity", [each], [f"other_{each}"]) for each in "hc"], "other", [], [onnx.ValueInfoProto(name=f"other_{each}") for each in "hc"])
        condition = g.constant(np.array(True))
        g.nodes.append(helper.make_node("If", [condition], ["branch_h", "branch_c"], then_branch=branch, else_branch=other))
        out = {"next_h": "branch_h", "next_c": "branch_c"}
    return name, g.model(out, state), ["LSTM"] * (2 if name == "two layers" else 1)


def gru(name: str, inputs: int = INPUTS):
    g = Graph(sum(map(ord, name)), 17, inputs)
    one = g.number(1.0)
    width = g.inputs + UNITS
    if name == "keras, reset after":  # z r h
        zx, rx, nx = g.split(g.Add(g.MatMul("x", g.weight(g.inputs, 3 * UNITS)), g.weight(3 * UNITS)), 3)
        zh, rh, nh = g.split(g.Add(g.MatMul("h", g.weight(UNITS, 3 * UNITS)), g.weight(3 * UNITS)), 3)
        z, r = g.Sigmoid(g.Add(zx, zh)), g.Sigmoid(g.Add(rx, rh))
        n = g.Tanh(g.Add(nx, g.Mul(r, nh)))
        out = g.Add(g.Mul(z, "h"), g.Mul(g.Sub(one, z), n))
    elif name == "keras, reset before":
        parts = g.split(g.Add(g.MatMul("x", g.weight(g.inputs, 3 * UNITS)), g.weight(3 * UNITS)), 3)
        z, r = [g.Sigmoid(g.Add(part, g.MatMul("h", g.weight(UNITS, UNITS)))) for part in parts[:2]]
        n = g.Tanh(g.Add(parts[2], g.MatMul(g.Mul(r, "h"), g.weight(UNITS, UNITS))))
        out = g.Add(g.Mul(z, "h"), g.Mul(g.Sub(one, z), n))
    elif name == "one product for both gates":  # TensorFlow's GRUCell: r u, with the gates cut behind their activation
        gates = g.Sigmoid(g.Gemm(g.Concat("x", "h", axis=1), g.weight(width, 2 * UNITS), g.weight(2 * UNITS)))
        r, u = g.split(gates, 2)
        n = g.Tanh(g.Gemm(g.Concat("x", g.Mul(r, "h"), axis=1), g.weight(width, UNITS), g.weight(UNITS)))
        out = g.Add(g.Mul(u, "h"), g.Mul(g.Sub(one, u), n))
    elif name == "the gate weighs the candidate":  # Cho et al., and Lasagne: 1 - z of the others
        u, r = [g.Sigmoid(g.Add(g.linear("x", g.inputs, UNITS), g.linear("h", UNITS, UNITS))) for _ in range(2)]
        n = g.Tanh(g.Add(g.linear("x", g.inputs, UNITS), g.Mul(g.linear("h", UNITS, UNITS), r)))
        out = g.Add(g.Mul(u, n), g.Mul("h", g.Add(one, g.Neg(u))))
    elif name == "a difference is taken away":
        z, r = [g.Sigmoid(g.Add(g.linear("x", g.inputs, UNITS), g.linear("h", UNITS, UNITS))) for _ in range(2)]
        n = g.Relu(g.Add(g.linear("x", g.inputs, UNITS), g.Mul(g.linear("h", UNITS, UNITS), r)))
        out = g.Sub(n, g.Mul(z, g.Sub(n, "h")))
    elif name == "a difference of the candidate":
        u, r = [g.Sigmoid(g.Add(g.linear("x", g.inputs, UNITS), g.linear("h", UNITS, UNITS))) for _ in range(2)]
        n = g.Tanh(g.Add(g.linear("x", g.inputs, UNITS), g.Mul(g.linear("h", UNITS, UNITS), r)))
        out = g.Add("h", g.Mul(u, g.Sub(n, "h")))
    return name, g.model({"next_h": out}, STATE), ["GRU"]


def rnn(name: str, inputs: int = INPUTS):
    g = Graph(sum(map(ord, name)), 17, inputs)
    if name == "relu of one product":
        out = g.Relu(g.Gemm(g.Concat("x", "h", axis=1), g.weight(g.inputs + UNITS, UNITS), g.weight(UNITS)))
    else:
        out = g.Tanh(g.Add(g.MatMul("h", g.weight(UNITS, UNITS)), g.linear("x", g.inputs, UNITS)))
    return name, g.model({"next_h": out, "y": g.linear(out, UNITS, 1)}, STATE), ["RNN"]


def lookalike(name: str):
    """Graphs that differ from a cell in one place."""
    g = Graph(sum(map(ord, name)))
    state = LSTM_STATE
    if name.startswith("gru"):
        one = g.number(1.0)
        z, r, other = [g.Sigmoid(g.Add(g.linear("x", INPUTS, UNITS), g.linear("h", UNITS, UNITS))) for _ in range(3)]
        product = g.linear("h", UNITS, UNITS)
        if name == "gru: reset of the input":
            n = g.Tanh(g.Add(product, g.Mul(r, g.linear("x", INPUTS, UNITS))))
        else:
            n = g.Tanh(g.Add(g.linear("x", INPUTS, UNITS), g.Mul(r, product)))
        rest = g.Sub(one, other if name == "gru: two update gates" else z)
        if name == "gru: a remainder of 2":
            rest = g.Sub(g.number(2.0), z)
        if name == "gru: the other state is kept":
            return name, g.model({"next_h": g.Add(g.Mul(z, "c"), g.Mul(rest, n))}, LSTM_STATE), []
        return name, g.model({"next_h": g.Add(g.Mul(z, "h"), g.Mul(rest, n))}, STATE), []
    gates = g.split(g.Add(g.linear("x", INPUTS, 4 * UNITS), g.linear("h", UNITS, 4 * UNITS)), 4)
    i, f, gate, o = [g.Sigmoid(gates[0]), g.Sigmoid(gates[1]), g.Tanh(gates[2]), g.Sigmoid(gates[3])]
    if name == "a difference":
        cell = g.Sub(g.Mul(f, "c"), g.Mul(i, gate))
    elif name == "twice the update":
        cell = g.Add(g.Mul(f, "c"), g.Mul(g.Mul(i, gate), g.number(2.0)))
    elif name == "more than the update":
        cell = g.Add(g.Add(g.Mul(f, "c"), g.Mul(i, gate)), "c")
    elif name == "another activation of one gate":
        cell = g.Add(g.Mul(g.Tanh(gates[1]), "c"), g.Mul(i, gate))
    elif name == "no forget gate":
        cell = g.Add("c", g.Mul(i, gate))
    else:
        cell = g.Add(g.Mul(f, "c"), g.Mul(i, gate))
    if name == "a gate of other things":
        o = g.Sigmoid(g.Add(gates[3], g.linear("y", INPUTS, UNITS)))
        state = {**LSTM_STATE, "y": ["batch", INPUTS]}
    elif name == "a gate that sees the next cell":
        o = g.Sigmoid(g.Add(gates[3], g.Mul(cell, g.weight(UNITS))))
    elif name == "a gate without the state":
        o = g.Sigmoid(g.linear("x", INPUTS, UNITS))
    elif name == "a scaled product":
        o = g.Sigmoid(g.Add(g.Gemm("x", g.weight(INPUTS, UNITS), alpha=0.5), g.linear("h", UNITS, UNITS)))
    elif name == "three biases":
        o = g.Sigmoid(g.Add(gates[3], g.weight(UNITS)))
    elif name == "a bias for each row":
        o = g.Sigmoid(g.Add(gates[3], g.weight(BATCH, UNITS)))
    elif name == "one number for all columns":
        o = g.Sigmoid(g.Add(g.Add(g.linear("x", INPUTS, UNITS), g.linear("h", UNITS, 1)), g.weight(UNITS)))
    shown = g.Tanh(g.Mul(cell, g.number(2.0))) if name == "twice the cell" else g.Tanh(cell)
    return name, g.model({"next_h": g.Mul(o, shown), "next_c": cell}, state), []


class Wrapped(nn.Module):
    def __init__(self, cell: nn.Module):
        super().__init__()
        self.cell = cell

    def forward(self, x, *state):
        return self.cell(x, state if len(state) == 2 else state[0])


def exported(name: str, cell: nn.Module, is_dynamo: bool):
    count = 2 if isinstance(cell, nn.LSTMCell) else 1
    arguments = (torch.zeros(BATCH, INPUTS), *[torch.zeros(BATCH, UNITS) for _ in range(count)])
    names = ["x", "h", "c"][: count + 1]
    outputs = [f"next_{each}" for each in names[1:]]
    module = Wrapped(cell).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell.onnx"
        if is_dynamo:
            batch = torch.export.Dim("batch")
            sizes = {"x": {0: batch}, "state": tuple({0: batch} for _ in range(count))}
            torch.onnx.export(module, arguments, path, input_names=names, output_names=outputs, dynamo=True, dynamic_shapes=sizes, external_data=False, verbose=False)
        else:
            axes = {each: {0: "batch"} for each in names}
            torch.onnx.export(module, arguments, path, input_names=names, output_names=outputs, dynamo=False, dynamic_axes=axes)
        model = onnx.load(path)
    operator = type(cell).__name__.removesuffix("Cell")
    return f"torch {'dynamo' if is_dynamo else 'script'}: {name}", model, [operator]


def exported_cells():
    torch.manual_seed(1)
    cells = {
        "LSTMCell": nn.LSTMCell(INPUTS, UNITS),
        "LSTMCell without biases": nn.LSTMCell(INPUTS, UNITS, bias=False),
        "GRUCell": nn.GRUCell(INPUTS, UNITS),
        "GRUCell without biases": nn.GRUCell(INPUTS, UNITS, bias=False),
        "RNNCell": nn.RNNCell(INPUTS, UNITS),
        "RNNCell of relu": nn.RNNCell(INPUTS, UNITS, nonlinearity="relu"),
    }
    for name, cell in cells.items():
        for is_dynamo in (False, True):
            yield exported(name, cell, is_dynamo)


def keras_cells():
    keras.utils.set_random_seed(2)
    for name, cell in {
        "LSTMCell": keras.layers.LSTMCell(UNITS, bias_initializer="uniform"),
        "GRUCell": keras.layers.GRUCell(UNITS, bias_initializer="uniform"),
        "GRUCell with the reset before": keras.layers.GRUCell(UNITS, reset_after=False, bias_initializer="uniform"),
        "SimpleRNNCell": keras.layers.SimpleRNNCell(UNITS, bias_initializer="uniform"),
    }.items():
        inputs = [keras.Input((size,), name=each) for each, size in {"x": INPUTS, "h": UNITS, "c": UNITS}.items()]
        inputs = inputs[: 3 if "LSTM" in name else 2]
        _, states = cell(inputs[0], inputs[1:])
        model = keras.Model(inputs, list(states))
        model([np.zeros((BATCH, each.shape[1]), np.float32) for each in inputs])
        with tempfile.TemporaryDirectory() as folder:
            model.export(f"{folder}/cell.onnx", format="onnx", verbose=False)
            yield f"keras: {name}", onnx.load(f"{folder}/cell.onnx"), ["LSTM" if "LSTM" in name else "GRU" if "GRU" in name else "RNN"]


def written_cells():
    lstms = ["one product", "state in front", "eight products", "keras", "activations before the cut", "products within sums", "one state", "other activations", "two layers", "in a branch"]
    yield from (lstm(name) for name in lstms)
    yield lstm("stacked states", 17, UNITS)
    yield lstm("no biases, old operators", 11)
    grus = ["keras, reset after", "keras, reset before", "one product for both gates", "the gate weighs the candidate", "a difference is taken away", "a difference of the candidate"]
    yield from (gru(name) for name in grus)
    yield from (rnn(name) for name in ["relu of one product", "tanh of two"])
    yield rnn("an input as wide as the state", UNITS)
    like = ["a difference", "twice the update", "more than the update", "another activation of one gate", "no forget gate", "a gate of other things"]
    like += ["a gate that sees the next cell", "a gate without the state", "a scaled product", "three biases", "a bias for each row"]
    like += ["one number for all columns", "twice the cell"]
    like += ["gru: reset of the input", "gru: two update gates", "gru: a remainder of 2", "gru: the other state is kept"]
    yield from (lookalike(name) for name in like)


def to_case(name: str, model: onnx.ModelProto, cells: list[str]) -> dict:
    graph = model.graph
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del graph.value_info[:]
    del graph.metadata_props[:]
    opset = model.opset_import[0].version
    random = np.random.default_rng(7)
    inputs = {}
    for each in graph.input:
        del each.metadata_props[:]
        shape = [size.dim_value or BATCH for size in each.type.tensor_type.shape.dim]
        inputs[each.name] = random.normal(size=shape).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    outputs = session.run(None, inputs)
    pack = lambda message: base64.b64encode(message.SerializeToString()).decode()
    return {
        **{"name": name, "opset": opset, "cells": cells, "graph": pack(graph)},
        "inputs": {key: pack(numpy_helper.from_array(value)) for key, value in inputs.items()},
        "outputs": [pack(numpy_helper.from_array(each)) for each in outputs],
    }


def main() -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    cases = [to_case(*case) for case in [*exported_cells(), *keras_cells(), *written_cells()]]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = f'"torch":"{torch.__version__}","onnxruntime":"{onnxruntime.__version__}"'
    path = Path(__file__).parent / "cells.json"
    path.write_text(f"{{{head},\"cases\":[\n{lines}\n]}}\n")
    print(f"{len(cases)} cases, {path.stat().st_size} bytes")


main()
