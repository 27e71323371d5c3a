"""Random models of PyTorch, as torch.onnx.export writes them."""

import io
import logging
import multiprocessing
import random
import warnings

import numpy as np
import torch
from torch import nn

from cases import Runner, case, quantized, rows, stripped

ACTIVATIONS = [
    nn.ReLU, nn.Tanh, nn.Sigmoid, nn.ELU, lambda: nn.ELU(0.5), lambda: nn.LeakyReLU(0.1), nn.Hardsigmoid, nn.Hardswish, nn.Softplus,
    lambda: nn.Softplus(2.0), nn.SiLU, nn.GELU, lambda: nn.GELU("tanh"), nn.Mish, nn.SELU, nn.CELU, lambda: nn.CELU(0.7), nn.ReLU6, nn.Hardtanh,
    lambda: nn.Hardtanh(-0.5, 2.0), nn.Softsign, nn.Tanhshrink, lambda: nn.Softshrink(0.4), lambda: nn.Hardshrink(0.3),
    lambda: nn.Threshold(0.2, 0.0), nn.LogSigmoid, lambda: nn.PReLU(), lambda: nn.PReLU(4), lambda: nn.GLU(-1), lambda: nn.Softmax(-1),
    lambda: nn.LogSoftmax(-1), lambda: nn.Softmin(-1), nn.Identity, lambda: nn.Dropout(0.5),
]  # fmt: skip


class Base(nn.Module):
    """What the export of a model needs to know: batch and time among the axes of inputs and outputs."""

    x_axes = "btc"
    y_axes: list = ["btc"]
    names: list = ["y"]
    states: tuple = ()
    indices = 0
    least = 2


class Recurrent(Base):
    def __init__(self, r):
        super().__init__()
        self.kind = r.choice(["RNN", "LSTM", "GRU"])
        inputs, units = r.randint(2, 4), r.randint(2, 5)
        options = dict(num_layers=r.choice([1, 1, 2, 3]), bidirectional=r.random() < 0.4, bias=r.random() < 0.75, batch_first=r.random() < 0.5)
        if self.kind == "RNN":
            options["nonlinearity"] = r.choice(["tanh", "relu"])
        self.width = inputs
        self.rnn = getattr(nn, self.kind)(inputs, units, **options)
        self.directions = 2 if options["bidirectional"] else 1
        layers = options["num_layers"] * self.directions
        has_states = r.random() < 0.35 and self.directions == 1
        self.states = ((layers, units),) * (2 if self.kind == "LSTM" else 1) if has_states else ()
        self.batch_first = options["batch_first"]
        self.x_axes = "btc" if self.batch_first else "tbc"
        self.indices = 7 if r.random() < 0.25 else 0
        self.embedding = nn.Embedding(7, inputs) if self.indices else nn.Identity()
        self.before = r.choice([nn.Identity(), nn.Linear(inputs, inputs), nn.Sequential(nn.Linear(inputs, inputs), r.choice(ACTIVATIONS[:8])(), nn.LayerNorm(inputs))])
        self.pool = "none" if has_states else r.choice(["none", "none", "last", "first", "mean", "max", "sum", "final", "all"])
        width = units * self.directions
        self.head = r.choice([
            nn.Linear(width, 3), nn.Sequential(nn.Linear(width, 4), nn.ReLU(), nn.Linear(4, 2)),
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3), nn.LogSoftmax(-1)), nn.Sequential(nn.Linear(width, 3), nn.Softmax(-1)), nn.Identity(),
        ])  # fmt: skip
        self.y_axes = [self.x_axes if self.pool in ("none", "all") else "bc"]
        if self.pool == "all":
            self.y_axes += ["cbc"] * (2 if self.kind == "LSTM" else 1)
            self.names = ["y", "h", "c"][: len(self.y_axes)]

    def forward(self, x, *states):
        x = self.before(self.embedding(x))
        state = None if not states else states if self.kind == "LSTM" else states[0]
        y, final = self.rnn(x) if state is None else self.rnn(x, state)
        time = 1 if self.batch_first else 0
        if self.pool == "last":
            y = y[:, -1] if self.batch_first else y[-1]
        elif self.pool == "first":
            y = y[:, 0] if self.batch_first else y[0]
        elif self.pool == "mean":
            y = y.mean(time)
        elif self.pool == "sum":
            y = y.sum(time)
        elif self.pool == "max":
            y = y.max(time)[0]
        elif self.pool == "final":
            h = final[0] if self.kind == "LSTM" else final
            y = torch.cat([h[-2], h[-1]], 1) if self.directions == 2 else h[-1]
        y = self.head(y)
        if self.pool == "all" or states:
            return (y, *(final if self.kind == "LSTM" else (final,)))
        return y


class Convolution(Base):
    def __init__(self, r):
        super().__init__()
        groups = r.choice([1, 1, 2])
        self.width = groups * r.randint(1, 2)
        kernel, dilation, stride = r.choice([1, 2, 3, 5]), r.choice([1, 1, 2]), r.choice([1, 1, 2])
        reach = (kernel - 1) * dilation + 1
        padding = r.choice([0, 1, (reach - 1) // 2, 2])
        self.least = max(2, reach)
        middle = r.choice([r.choice(ACTIVATIONS[:12])(), nn.BatchNorm1d(4), nn.Sequential(nn.BatchNorm1d(4, affine=False), nn.ReLU())])
        layers = [nn.Conv1d(self.width, 4, kernel, stride=stride, dilation=dilation, padding=padding, groups=groups, bias=r.random() < 0.7), middle]
        if r.random() < 0.3:
            layers.append(nn.Conv1d(4, 4, 3, padding=1, groups=4))
        self.convolutions = nn.Sequential(*layers)
        self.rnn = r.choice([None, nn.GRU(4, 3, batch_first=True), nn.LSTM(4, 3, batch_first=True, bidirectional=True)])
        width = 4 if self.rnn is None else 6 if self.rnn.bidirectional else 3
        self.pool = r.choice(["none", "none", "channels", "average", "largest"])
        self.head = nn.Linear(width, 2) if self.pool != "channels" else None
        self.y_axes = ["btc" if self.pool == "none" else "bct" if self.pool == "channels" else "bc"]

    def forward(self, x):
        y = self.convolutions(x.transpose(1, 2))
        if self.rnn is not None:
            y = self.rnn(y.transpose(1, 2))[0].transpose(1, 2)
        if self.pool == "channels":
            return y
        if self.pool == "average":
            return self.head(nn.functional.adaptive_avg_pool1d(y, 1).squeeze(-1))
        if self.pool == "largest":
            return self.head(nn.functional.adaptive_max_pool1d(y, 1).flatten(1))
        return self.head(y.transpose(1, 2))


class Step(Base):
    """One step of a cell; states go in and out."""

    x_axes = "bc"

    def __init__(self, r):
        super().__init__()
        self.kind = r.choice(["RNN", "LSTM", "GRU"])
        self.width, units = r.randint(2, 4), r.randint(2, 5)
        options = {"nonlinearity": r.choice(["tanh", "relu"])} if self.kind == "RNN" else {}
        self.count = r.choice([1, 1, 2])
        self.cells = nn.ModuleList([getattr(nn, self.kind + "Cell")(self.width if at == 0 else units, units, bias=r.random() < 0.8, **options) for at in range(self.count)])
        self.head = r.choice([nn.Linear(units, 2), nn.Sequential(nn.Linear(units, 3), nn.Softmax(-1))])
        self.is_stacked = r.random() < 0.5
        states = self.count * (2 if self.kind == "LSTM" else 1)
        self.states = ((states, units),) if self.is_stacked else ((0, units),) * states
        self.y_axes = ["bc"]

    def forward(self, x, *states):
        given = list(states[0]) if self.is_stacked else list(states)
        following = []
        for at, cell in enumerate(self.cells):
            if self.kind == "LSTM":
                h, c = cell(x, (given[2 * at], given[2 * at + 1]))
                following += [h, c]
            else:
                h = cell(x, given[at])
                following.append(h)
            x = h
        y = self.head(x)
        return (y, torch.stack(following)) if self.is_stacked else (y, *following)


class Rows(Base):
    """The same for every step: activations, normalisation, joined and parted columns."""

    def __init__(self, r, activation):
        super().__init__()
        self.width = 4
        self.inner = nn.Linear(4, 4)
        self.activation = activation()
        width = 2 if isinstance(self.activation, nn.GLU) else 4
        self.last = r.choice([nn.Linear(width, 3), nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2)), nn.Identity()])
        self.is_residual = r.random() < 0.4 and width == 4
        self.is_parted = r.random() < 0.3

    def forward(self, x):
        y = self.inner(x)
        channels_first = isinstance(self.activation, nn.PReLU) and self.activation.weight.numel() > 1
        y = self.activation(y.transpose(1, 2)).transpose(1, 2) if channels_first else self.activation(y)
        if self.is_residual:
            y = y + x
        if self.is_parted:
            first, second = y.chunk(2, -1)
            y = torch.cat([second * 0.5, first.flip(-1)], -1)
        return self.last(y)


class TwoOutputs(Base):
    """An encoder with outputs of steps and of sequences."""

    names = ["steps", "whole", "scores"]
    y_axes = ["btc", "bc", "bc"]

    def __init__(self, r):
        super().__init__()
        self.width = 3
        self.is_lstm = r.random() < 0.5
        self.rnn = (nn.LSTM if self.is_lstm else nn.GRU)(3, 3, batch_first=True, bidirectional=r.random() < 0.5)
        width = 6 if self.rnn.bidirectional else 3
        self.steps, self.whole, self.scores = nn.Linear(width, 2), nn.Linear(width, 3), nn.Linear(3, 2)

    def forward(self, x):
        y, _ = self.rnn(x)
        whole = torch.tanh(self.whole(y.mean(1)))
        return self.steps(y), whole, self.scores(whole).softmax(-1)


class WrittenOut(Base):
    """A loop over the steps of sequences of one length, which tracing writes out."""

    def __init__(self, r):
        super().__init__()
        self.kind = r.choice(["LSTM", "GRU", "RNN"])
        self.width, self.units = 3, 3
        self.cell = getattr(nn, self.kind + "Cell")(3, 3)
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        h = c = torch.zeros(x.shape[0], self.units)
        outputs = []
        for step in range(x.shape[1]):
            if self.kind == "LSTM":
                h, c = self.cell(x[:, step], (h, c))
            else:
                h = self.cell(x[:, step], h)
            outputs.append(self.head(h))
        return torch.stack(outputs, 1)


STEPS, EXAMPLES = 6, 2


def export(model: Base, exporter: str, opset: int, is_static: bool) -> bytes:
    sizes = {"b": EXAMPLES, "t": STEPS, "c": getattr(model, "width", 0)}
    axes = model.x_axes[:-1] if model.indices else model.x_axes
    shape = [sizes[axis] for axis in axes]
    x = torch.randint(0, model.indices, shape) if model.indices else torch.randn(*shape)
    states = [torch.zeros(*([count, EXAMPLES, units] if count else [EXAMPLES, units])) for count, units in model.states]
    names = ["x", *[f"state{at}" for at in range(len(states))]]
    outputs = [*model.names, *[f"next{at}" for at in range(len(states))]]
    dynamic = {"x": {at: {"b": "batch", "t": "time"}[axis] for at, axis in enumerate(axes) if axis in "bt"}}
    dynamic.update({name: {1 if count else 0: "batch"} for name, (count, _) in zip(names[1:], model.states)})
    target = io.BytesIO()
    if exporter == "script":
        torch.onnx.export(model, (x, *states), target, input_names=names, output_names=outputs, dynamic_axes=None if is_static else dynamic, opset_version=opset, dynamo=False)
        return target.getvalue()
    shapes = None
    if not is_static:
        dims = {"batch": torch.export.Dim("batch", min=1, max=64), "time": torch.export.Dim("time", min=model.least, max=200)}
        all_shapes = [{at: dims[name] for at, name in dynamic[each].items()} for each in names]
        shapes = {"x": all_shapes[0], **({"states": tuple(all_shapes[1:])} if states else {})}
    program = torch.onnx.export(model, (x, *states), input_names=names, output_names=outputs, dynamic_shapes=shapes, opset_version=opset, dynamo=True, verbose=False)
    program.save(target)
    return target.getvalue()


def step_sequences(model: Base, run: Runner, names: list, examples: int) -> list:
    sequences = []
    for length in (4, 2):
        states = [np.zeros((count, examples, units) if count else (examples, units), np.float32) for count, units in model.states]
        inputs, outputs = [], []
        for _ in range(length):
            x = quantized(np.random.randn(examples, model.width), 16)
            y, *states = run({"x": x, **{f"state{at}": state for at, state in enumerate(states)}})
            inputs.append(x[0].tolist())
            outputs.append(y[0].reshape(-1).tolist())
        sequences.append(({"x": inputs}, {names[0]: outputs}))
    return sequences


def sequences_of(model: Base, data: bytes, is_static: bool) -> list:
    run = Runner(data)
    if isinstance(model, Step):
        return step_sequences(model, run, model.names, EXAMPLES if is_static else 1)
    sequences = []
    axes = model.x_axes[:-1] if model.indices else model.x_axes
    lengths = [STEPS] if is_static else [STEPS, model.least, model.least + 3]
    for length in lengths:
        examples = EXAMPLES if is_static else 1
        shape = [{"b": examples, "t": length, "c": model.width}[axis] for axis in axes]
        x = np.random.randint(0, model.indices, shape) if model.indices else quantized(np.random.randn(*shape), 16)
        feed = {"x": x, **{f"state{at}": np.zeros((count, examples, units), np.float32) for at, (count, units) in enumerate(model.states)}}
        results = run(feed)
        inputs = rows(x, axes)
        if model.indices:
            inputs = [row[0] if isinstance(row, list) else row for row in inputs]
        sequences.append(({"x": inputs}, {name: rows(y, own) for name, own, y in zip(model.names, model.y_axes, results)}))
    return sequences


def makers() -> list:
    """(name, how to make a model)"""
    made = [("recurrent", Recurrent, 62), ("convolution", Convolution, 34), ("step", Step, 26), ("outputs", TwoOutputs, 6), ("written", WrittenOut, 4)]
    everything = [(name, maker) for name, maker, count in made for _ in range(count)]
    return everything + [("rows", lambda random_, activation=activation: Rows(random_, activation)) for activation in ACTIVATIONS]


def plans():
    """(place among the makers, name, exporter, opset, whether shapes are fixed)"""
    r = random.Random(1)
    script, dynamo = [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], [18, 19, 20, 21, 22, 23]
    for at, (name, _) in enumerate(makers()):
        exporter = "dynamo" if at % 5 in (1, 3) else "script"
        opset = (dynamo if exporter == "dynamo" else script)[at % (6 if exporter == "dynamo" else 12)]
        is_static = name == "written" or r.random() < 0.12
        yield at, f"{name}-{at}-{exporter}-{opset}{'-static' if is_static else ''}", exporter, opset, is_static


def sequences_or_fixed(model: Base, data: bytes, is_static: bool) -> tuple:
    """Some exports keep the sizes that they were made with, whatever was asked for."""
    try:
        return sequences_of(model, data, is_static), ""
    except Exception:
        if is_static:
            raise
        return sequences_of(model, data, True), "-fixed"


def exported_case(plan: tuple):
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    at, name, exporter, opset, is_static = plan
    maker = makers()[at][1]
    torch.manual_seed(at)
    np.random.seed(at)
    model = maker(random.Random(1000 + at)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.from_numpy(quantized(np.random.uniform(-0.8, 0.8, parameter.shape))))
        for each_name, buffer in model.named_buffers():
            if buffer.dtype == torch.float32:
                low, high = (0.5, 2.0) if "var" in each_name else (-1.0, 1.0)
                buffer.copy_(torch.from_numpy(quantized(np.random.uniform(low, high, buffer.shape))))
    try:
        data = stripped(export(model, exporter, opset, is_static))
        sequences, suffix = sequences_or_fixed(model, data, is_static)
    except Exception as error:  # noqa: BLE001: exporters raise anything
        print(f"{name}: {type(error).__name__} {str(error)[:120]!r}", flush=True)
        return None
    return case(name + suffix, data, sequences, "onnxruntime")


def exported_cases():
    with multiprocessing.get_context("fork").Pool(3) as pool:
        return [case for case in pool.map(exported_case, list(plans()), chunksize=1) if case is not None]
