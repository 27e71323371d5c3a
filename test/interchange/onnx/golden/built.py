"""Graphs with attributes and operators that exporters of PyTorch hardly write."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from cases import Runner, case, quantized, rows

FLOAT, INT64, INT32, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL


class Graph:
    """A graph that is written node by node."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)
        self.nodes, self.inputs, self.outputs, self.tensors = [], [], [], []
        self.feeds, self.out_axes, self.options = {}, {}, {}
        self.count = 0

    def input(self, name: str, sizes, axes: str, kind=FLOAT, feed=None):
        """@param axes b, t, or c for each axis"""
        self.inputs.append(helper.make_tensor_value_info(name, kind, sizes))
        self.feeds[name] = (sizes, axes, kind, feed)
        return name

    def tensor(self, array) -> str:
        self.count += 1
        self.tensors.append(numpy_helper.from_array(np.asarray(array), f"t{self.count}"))
        return f"t{self.count}"

    def weights(self, *shape: int) -> str:
        return self.tensor(quantized(self.random.uniform(-0.8, 0.8, shape)))

    def whole(self, *numbers: int) -> str:
        return self.tensor(np.array(numbers, dtype=np.int64))

    def op(self, operator: str, inputs, outputs: int = 1, **attributes):
        self.count += 1
        names = [f"v{self.count}_{at}" for at in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, name=f"{operator}{self.count}", **attributes))
        return names[0] if outputs == 1 else names

    def output(self, name: str, axes: str, as_name: str = "y"):
        self.nodes.append(helper.make_node("Identity", [name], [as_name]))
        self.outputs.append(helper.make_tensor_value_info(as_name, FLOAT, [None] * len(axes)))
        self.out_axes[as_name] = axes

    def model(self, opset: int) -> bytes:
        graph = helper.make_graph(self.nodes, "built", self.inputs, self.outputs, self.tensors)
        ir = 4 if opset <= 9 else 8 if opset <= 20 else 10
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir, producer_name="built").SerializeToString()


TBC = ["time", "batch", 3]
BTC = ["batch", "time", 3]
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
UNITS = 3


def cell(g: Graph, kind: str, x: str, directions=1, bias=True, lens="", h="", c="", p="", outputs=None, **attributes):
    """A recurrent operator of UNITS units on 3 inputs. @returns all of its outputs"""
    gates = GATES[kind]
    inputs = [x, g.weights(directions, gates * UNITS, 3), g.weights(directions, gates * UNITS, UNITS), g.weights(directions, 2 * gates * UNITS) if bias else "", lens, h]
    if kind == "LSTM":
        inputs += [c, p]
    while inputs[-1] == "":
        inputs.pop()
    if directions == 2:
        attributes["direction"] = "bidirectional"
    return g.op(kind, inputs, outputs or (3 if kind == "LSTM" else 2), hidden_size=UNITS, **attributes)


def joined(g: Graph, y: str) -> str:
    """[time, directions, batch, units] -> [time, batch, directions * units]"""
    return g.op("Reshape", [g.op("Transpose", [y], perm=[0, 2, 1, 3]), g.whole(0, 0, -1)])


def recurrent(kind: str, directions=1, **options):
    def build(g: Graph):
        x = g.input("x", TBC, "tbc")
        y = cell(g, kind, x, directions, **options)[0]
        g.output(joined(g, y), "tbc")

    return build


def peepholes(directions=1, **options):
    def build(g: Graph):
        x = g.input("x", TBC, "tbc")
        y = cell(g, "LSTM", x, directions, p=g.weights(directions, 3 * UNITS), **options)[0]
        g.output(joined(g, y), "tbc")

    return build


def finals(kind: str, directions: int):
    def build(g: Graph):
        x = g.input("x", TBC, "tbc")
        y, *states = cell(g, kind, x, directions)
        g.output(joined(g, y), "tbc")
        for name, state in zip("hc", states):
            g.output(state, "cbc", name)

    return build


def layout_1(kind: str, directions: int):
    def build(g: Graph):
        x = g.input("x", BTC, "btc")
        y, *states = cell(g, kind, x, directions, layout=1)
        g.output(g.op("Reshape", [y, g.whole(0, 0, -1)]), "btc")
        g.output(states[0], "bcc", "h")

    return build


def lengths_input(kind: str):
    def build(g: Graph):
        x = g.input("x", TBC, "tbc")
        lens = g.input("lens", ["batch"], "b", INT32, "length")
        y, h, *_ = cell(g, kind, x, 2, lens=lens)
        g.output(joined(g, y), "tbc")
        g.output(h, "cbc", "h")

    return build


def initial_from_dense(kind: str, directions: int):
    def build(g: Graph):
        x = g.input("x", TBC, "tbc")
        context = g.input("context", ["batch", 2], "bc")

        def state():
            wide = g.op("Tanh", [g.op("Gemm", [context, g.weights(2, directions * UNITS), g.weights(directions * UNITS)])])
            return g.op("Transpose", [g.op("Reshape", [wide, g.whole(0, directions, UNITS)])], perm=[1, 0, 2])

        h = state()
        c = state() if kind == "LSTM" else ""
        y = cell(g, kind, x, directions, h=h, c=c)[0]
        g.output(joined(g, y), "tbc")

    return build


def initial_constant(kind: str, value):
    def build(g: Graph):
        x = g.input("x", TBC, "tbc")
        shape = g.op("Concat", [g.whole(1), g.op("Gather", [g.op("Shape", [x]), g.whole(1)], axis=0), g.whole(UNITS)], axis=0)
        if value == 0:
            h = g.op("ConstantOfShape", [shape])
        else:
            h = g.op("Expand", [g.tensor(quantized(g.random.uniform(-1, 1, (1, 1, UNITS)))), shape])
        y = cell(g, kind, x, h=h, c=h if kind == "LSTM" else "")[0]
        g.output(joined(g, y), "tbc")

    return build


def passed_states(kind: str):
    def build(g: Graph):
        x = g.input("x", TBC, "tbc")
        names = ["h0", "c0"] if kind == "LSTM" else ["h0"]
        given = [g.input(name, [1, "batch", UNITS], "cbc", FLOAT, "zeros") for name in names]
        y, *states = cell(g, kind, x, h=given[0], c=given[1] if kind == "LSTM" else "")
        g.output(joined(g, y), "tbc")
        for name, state in zip(["hn", "cn"], states):
            g.output(state, "cbc", name)

    return build


def per_step(make, sizes=None, axes="btc", out="btc"):
    def build(g: Graph):
        x = g.input("x", sizes or BTC, axes)
        g.output(make(g, x), out)

    return build


def condition(value: bool, nested: bool = False):
    def build(g: Graph):
        x = g.input("x", BTC, "btc")

        def branch(name: str, node: str):
            return helper.make_graph([helper.make_node(node, [x], [f"{name}_out"])], name, [], [helper.make_tensor_value_info(f"{name}_out", FLOAT, None)])

        known = g.tensor(np.array(value))
        if nested:
            known = g.op("Not", [g.op("Equal", [g.op("Size", [g.whole(1, 2)]), g.tensor(np.int64(3))])])
        g.output(g.op("If", [known], then_branch=branch("yes", "Tanh"), else_branch=branch("no", "Sigmoid")), "btc")

    return build


def loop(rounds: int):
    def build(g: Graph):
        x = g.input("x", BTC, "btc")
        body = helper.make_graph(
            [helper.make_node("Tanh", ["old"], ["mid"]), helper.make_node("Add", ["mid", x], ["new"]), helper.make_node("Identity", ["going"], ["goes_on"])],
            "body",
            [helper.make_tensor_value_info("round", INT64, []), helper.make_tensor_value_info("going", BOOL, []), helper.make_tensor_value_info("old", FLOAT, None)],
            [helper.make_tensor_value_info("goes_on", BOOL, []), helper.make_tensor_value_info("new", FLOAT, None)],
        )
        g.output(g.op("Loop", [g.tensor(np.int64(rounds)), g.tensor(np.array(True)), x], body=body), "btc")

    return build


def written_out(steps: int):
    """An RNN over so many steps, node by node."""

    def build(g: Graph):
        x = g.input("x", ["batch", steps, 3], "bcc")
        W, R, b = g.weights(3, UNITS), g.weights(UNITS, UNITS), g.weights(UNITS)
        h, all_steps = None, []
        for step in range(steps):
            now = g.op("Add", [g.op("MatMul", [g.op("Gather", [x, g.tensor(np.int64(step))], axis=1), W]), b])
            h = g.op("Tanh", [now if h is None else g.op("Add", [now, g.op("MatMul", [h, R])])])
            all_steps.append(g.op("Unsqueeze", [h, g.whole(1)]))
        g.output(g.op("Concat", all_steps, axis=1), "bcc")

    return build


def lstm_layers(g: Graph, x: str) -> str:
    first = joined(g, cell(g, "LSTM", x)[0])
    return joined(g, cell(g, "GRU", first, 2, linear_before_reset=1)[0])


def masked(g: Graph, x: str) -> str:
    """Where, Greater, Cast: x where it is above 0.25, else half of it."""
    above = g.op("Greater", [x, g.tensor(np.float32(0.25))])
    return g.op("Where", [above, x, g.op("Mul", [x, g.tensor(np.float32(0.5))])])


def cast_mask(g: Graph, x: str) -> str:
    low = g.op("LessOrEqual", [x, g.tensor(np.float32(0))])
    return g.op("Mul", [x, g.op("Cast", [low], to=FLOAT)])


def logic(g: Graph, x: str) -> str:
    zero, half = g.tensor(np.float32(0)), g.tensor(np.float32(0.5))
    both = g.op("And", [g.op("Greater", [x, zero]), g.op("Not", [g.op("Less", [half, x])])])
    either = g.op("Or", [both, g.op("GreaterOrEqual", [g.op("Neg", [x]), half])])
    return g.op("Where", [either, x, zero])


def statistics(g: Graph, x: str) -> str:
    """Layer normalisation as older exporters write it."""
    mean = g.op("ReduceMean", [x], axes=[-1])
    centred = g.op("Sub", [x, mean])
    variance = g.op("ReduceMean", [g.op("Pow", [centred, g.tensor(np.float32(2))])], axes=[-1])
    return g.op("Div", [centred, g.op("Sqrt", [g.op("Add", [variance, g.tensor(np.float32(1e-5))])])])


def pad_old(g: Graph, x: str) -> str:
    return g.op("Pad", [x], pads=[0, 0, 1, 0, 0, 2], mode="reflect")


def convolved(pads, strides=1, kernel=3, mode="NOTSET", dilation=1, group=1):
    def build(g: Graph):
        x = g.input("x", ["batch", 4, "time"], "bct")
        attributes = {"pads": pads} if mode == "NOTSET" else {"auto_pad": mode}
        g.output(g.op("Conv", [x, g.weights(4, 4 // group, kernel), g.weights(4)], strides=[strides], dilations=[dilation], group=group, kernel_shape=[kernel], **attributes), "bct")

    return build


def convolved_columns(pads, strides=1):
    """Along columns, of each step."""

    def build(g: Graph):
        x = g.input("x", ["batch", 2, 6], "bcc")
        g.output(g.op("Conv", [x, g.weights(3, 2, 3), g.weights(3)], strides=[strides], pads=pads, kernel_shape=[3]), "bcc")
        g.options["axes"] = {"x": ["step", 2, 6]}

    return build


def gathered(g: Graph, x: str) -> str:
    return g.op("Gather", [x, g.tensor(np.array([2, 0, -1, 0], dtype=np.int64))], axis=2)


def split_old(g: Graph, x: str) -> str:
    a, b = g.op("Split", [x], 2, axis=2, split=[1, 2])
    return g.op("Concat", [b, a, b], axis=-1)


def embedded(g: Graph):
    ids = g.input("ids", ["batch", "time"], "bt", INT64, 6)
    table = g.weights(6, 3)
    e = g.op("Transpose", [g.op("Gather", [table, ids])], perm=[1, 0, 2])
    g.output(joined(g, cell(g, "GRU", e)[0]), "tbc")


def tied(g: Graph):
    """The table of an embedding as the matrix of the output."""
    ids = g.input("ids", ["batch", "time"], "bt", INT64, 6)
    table = g.weights(6, 3)
    y = g.op("Gather", [table, ids])
    g.output(g.op("MatMul", [g.op("Tanh", [y]), g.op("Transpose", [table], perm=[1, 0])]), "btc")


def two_inputs(g: Graph):
    x, z = g.input("x", BTC, "btc"), g.input("z", BTC, "btc")
    g.output(g.op("Add", [g.op("Mul", [x, z]), g.op("MatMul", [z, g.weights(3, 3)])]), "btc")


def speaker(g: Graph):
    """A vector of each example beside every step."""
    x, s = g.input("x", BTC, "btc"), g.input("speaker", ["batch", 3], "bc")
    wide = g.op("Unsqueeze", [g.op("MatMul", [s, g.weights(3, 3)]), g.whole(1)])
    g.output(g.op("Tanh", [g.op("Add", [x, wide])]), "btc")


def number_input(g: Graph):
    x = g.input("x", BTC, "btc")
    rate = g.input("rate", [], "", FLOAT, 0.5)
    g.output(g.op("Mul", [x, rate]), "btc")


def plus(f, *more, **attributes):
    return per_step(lambda g, x: g.op(f, [x, *[m(g) for m in more]], **attributes))


def f32(*numbers):
    return lambda g: g.tensor(np.float32(numbers[0] if len(numbers) == 1 else numbers))


def i64(*numbers):
    return lambda g: g.whole(*numbers)


def reduced(operator: str, opset_axes: bool, keepdims: int, axis=-1):
    def make(g: Graph, x: str) -> str:
        x = g.op("Sigmoid", [x])
        if opset_axes:
            return g.op(operator, [x], axes=[axis], keepdims=keepdims)
        return g.op(operator, [x, g.whole(axis)], keepdims=keepdims)

    return per_step(make, out="btc" if keepdims else ("bt" if axis == -1 else "bc"))


NUMBERED = {"Affine": ([0.5], [0.25]), "LeakyRelu": ([0.1], []), "ThresholdedRelu": ([0.3], []), "ScaledTanh": ([1.5], [0.5]), "HardSigmoid": ([0.3], [0.4]), "Elu": ([0.7], [])}


def with_activations(kind: str, names, **options):
    alphas = [number for name in names for number in NUMBERED.get(name, ([], []))[0]]
    betas = [number for name in names for number in NUMBERED.get(name, ([], []))[1]]
    numbers = {**({"activation_alpha": alphas} if alphas else {}), **({"activation_beta": betas} if betas else {})}
    return recurrent(kind, activations=names, **numbers, **options)


def plans():
    """(name, opset, how to build it)"""
    for kind in GATES:
        yield f"{kind}_reverse_7", 7, recurrent(kind, direction="reverse")
        yield f"{kind}_both_14", 14, recurrent(kind, 2)
        yield f"{kind}_22", 22, recurrent(kind, bias=False)
        yield f"{kind}_finals", 14, finals(kind, 1)
        yield f"{kind}_finals_both", 11, finals(kind, 2)
        yield f"{kind}_layout_1", 14, layout_1(kind, 1)
        yield f"{kind}_layout_1_both", 22, layout_1(kind, 2)
        yield f"{kind}_lengths", 14, lengths_input(kind)
        yield f"{kind}_initial_dense", 13, initial_from_dense(kind, 1)
        yield f"{kind}_initial_dense_both", 17, initial_from_dense(kind, 2)
        yield f"{kind}_initial_zeros", 11, initial_constant(kind, 0)
        yield f"{kind}_initial_constant", 11, initial_constant(kind, 1)
        yield f"{kind}_passed_states", 15, passed_states(kind)
        yield f"{kind}_clip", 14, recurrent(kind, clip=0.4)
        yield f"{kind}_clip_both", 7, recurrent(kind, 2, clip=0.3)
    yield "GRU_after", 7, recurrent("GRU", linear_before_reset=1)
    yield "GRU_after_both", 14, recurrent("GRU", 2, linear_before_reset=1)
    yield "LSTM_peepholes", 7, peepholes()
    yield "LSTM_peepholes_both", 14, peepholes(2)
    yield "LSTM_peepholes_clip", 14, peepholes(clip=0.5)
    yield "LSTM_coupled", 14, recurrent("LSTM", input_forget=1)
    yield "LSTM_coupled_peepholes", 14, peepholes(input_forget=1)
    for name in ["Relu", "Sigmoid", "Tanh", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu", "Softsign", "Softplus"]:
        yield f"RNN_{name}", 14, with_activations("RNN", [name])
        yield f"LSTM_{name}", 14, with_activations("LSTM", ["Sigmoid", name, name])
        yield f"GRU_{name}", 14, with_activations("GRU", ["Sigmoid", name])
    yield "LSTM_gates_HardSigmoid", 14, with_activations("LSTM", ["HardSigmoid", "Tanh", "Tanh"])
    yield "GRU_gates_HardSigmoid", 14, with_activations("GRU", ["HardSigmoid", "Tanh"], linear_before_reset=1)
    yield "LSTM_three_kinds", 14, with_activations("LSTM", ["Sigmoid", "Relu", "Tanh"])
    yield "RNN_numbers_default", 14, recurrent("RNN", activations=["LeakyRelu"])
    yield "RNN_directions_differ", 14, recurrent("RNN", 2, activations=["Tanh", "Relu"])
    yield "stack", 14, per_step(lambda g, x: g.op("MatMul", [lstm_layers(g, x), g.weights(6, 2)]), TBC, "tbc", "tbc")
    yield "if_true", 13, condition(True)
    yield "if_false", 11, condition(False)
    yield "if_computed", 16, condition(True, nested=True)
    yield "loop_three", 13, loop(3)
    yield "loop_none", 13, loop(0)
    yield "written_out", 13, written_out(4)
    yield "where", 16, per_step(masked)
    yield "where_9", 9, per_step(masked)
    yield "cast_mask", 16, per_step(cast_mask)
    yield "logic", 16, per_step(logic)
    yield "layer_norm_9", 9, per_step(statistics)
    yield "layer_norm_17", 17, per_step(lambda g, x: g.op("LayerNormalization", [x, g.weights(3), g.weights(3)], epsilon=1e-3))
    yield "layer_norm_no_bias", 17, per_step(lambda g, x: g.op("LayerNormalization", [x, g.weights(3)], axis=2))
    yield "pad_reflect_9", 9, per_step(pad_old)
    yield "pad_edge", 13, plus("Pad", i64(0, 0, 2, 0, 0, 1), mode="edge")
    yield "pad_value", 13, plus("Pad", i64(0, 0, 1, 0, 0, 1), f32(1.5))
    yield "pad_wrap", 19, plus("Pad", i64(0, 0, 1, 0, 0, 2), mode="wrap")
    yield "pad_axes", 18, plus("Pad", i64(1, 1), lambda g: "", lambda g: g.whole(2))
    yield "pad_negative", 13, plus("Pad", i64(0, 0, -1, 0, 0, 1))
    yield "conv_pads", 11, convolved([2, 1])
    yield "conv_front", 11, convolved([2, 0])
    yield "conv_behind", 11, convolved([0, 2])
    yield "conv_stride", 11, convolved([1, 1], 2)
    yield "conv_dilated", 9, convolved([2, 2], dilation=2)
    yield "conv_wide_pads", 13, convolved([4, 3])
    yield "conv_groups", 22, convolved([1, 1], group=2)
    yield "conv_depthwise", 22, convolved([0, 0], group=4)
    yield "conv_same_upper", 11, convolved(None, kernel=4, mode="SAME_UPPER")
    yield "conv_same_lower", 11, convolved(None, kernel=4, mode="SAME_LOWER")
    yield "conv_same_stride", 11, convolved(None, 2, mode="SAME_UPPER")
    yield "conv_valid", 11, convolved(None, mode="VALID")
    yield "conv_columns", 11, convolved_columns([1, 2], 2)
    yield "gather", 13, per_step(gathered)
    yield "gather_scalar", 13, per_step(lambda g, x: g.op("Gather", [x, g.tensor(np.int64(1))], axis=-1), out="bt")
    yield "slice_steps", 13, plus("Slice", i64(2), i64(-5), i64(2), i64(-1))
    yield "slice_9", 9, per_step(lambda g, x: g.op("Slice", [x], starts=[1], ends=[2147483647], axes=[2]))
    yield "slice_two", 11, plus("Slice", i64(0, 1), i64(9223372036854775807, 3), i64(1, 2))
    yield "reversed_time", 11, plus("Slice", i64(-1), i64(-9223372036854775807), i64(1), i64(-1))
    yield "split_9", 9, per_step(split_old)
    yield "split_18", 18, per_step(lambda g, x: g.op("Concat", g.op("Split", [x], 3, axis=-1, num_outputs=3)[::-1], axis=2))
    yield "flatten", 13, per_step(lambda g, x: g.op("Flatten", [x], axis=1), ["batch", 2, 3], "bcc", "bc")
    yield "flatten_time", 13, per_step(lambda g, x: g.op("Flatten", [x], axis=2), ["time", 1, 3], "tbc", "tc")
    yield "expand", 13, per_step(lambda g, x: g.op("Expand", [g.op("Slice", [x, g.whole(0), g.whole(1), g.whole(2)]), g.whole(1, 1, 4)]))
    yield "tile", 13, plus("Tile", i64(1, 1, 2))
    for operator in ["ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceProd"]:
        yield f"{operator}_11", 11, reduced(operator, True, 1)
        yield f"{operator}_18", 18, reduced(operator, False, 0)
    yield "ReduceSum_11", 11, reduced("ReduceSum", True, 1)
    yield "ReduceSum_13", 13, reduced("ReduceSum", False, 0)
    for operator in ["ReduceMean", "ReduceMax", "ReduceSum", "ReduceMin"]:
        yield f"{operator}_time", 11, reduced(operator, True, 0, 1)
    yield "softmax_11", 11, per_step(lambda g, x: g.op("Softmax", [x], axis=2))
    yield "softmax_channels", 13, per_step(lambda g, x: g.op("Softmax", [x], axis=1), ["batch", 3, "time"], "bct", "bct")
    yield "log_softmax_9", 9, per_step(lambda g, x: g.op("LogSoftmax", [x], axis=2))
    yield "log_softmax_13", 13, per_step(lambda g, x: g.op("LogSoftmax", [x]))
    yield "clip_6", 10, per_step(lambda g, x: g.op("Clip", [x], min=-0.5, max=0.25))
    yield "clip_11", 12, plus("Clip", f32(-0.25), f32(0.75))
    yield "clip_high", 13, plus("Clip", lambda g: "", f32(0.1))
    yield "sum_three", 13, per_step(lambda g, x: g.op("Sum", [x, g.op("Tanh", [x]), g.weights(3)]))
    yield "mean_two", 13, per_step(lambda g, x: g.op("Mean", [x, g.weights(1, 1, 3)]))
    yield "max_three", 13, per_step(lambda g, x: g.op("Max", [x, g.tensor(np.float32(0)), g.op("Neg", [x])]))
    yield "constant_first", 13, per_step(lambda g, x: g.op("Sub", [g.tensor(np.float32(1)), x]))
    yield "row_divided", 13, per_step(lambda g, x: g.op("Div", [g.tensor(np.float32([1, 2, 3])), g.op("Exp", [x])]))
    yield "pow_row", 13, per_step(lambda g, x: g.op("Pow", [g.op("Exp", [x]), g.tensor(np.float32([2, 2, 2]))]))
    yield "pow_base", 13, per_step(lambda g, x: g.op("Pow", [g.tensor(np.float32(2)), x]))
    yield "pow_rows", 13, per_step(lambda g, x: g.op("Pow", [g.op("Exp", [x]), g.op("Sigmoid", [x])]))
    yield "gemm_scaled", 11, per_step(lambda g, x: g.op("Gemm", [x, g.weights(3, 2), g.weights(2)], alpha=0.5, beta=2.0), ["time", 3], "tc", "tc")
    yield "gemm_transposed", 9, per_step(lambda g, x: g.op("Gemm", [x, g.weights(2, 3), g.weights(1)], transB=1), ["time", 3], "tc", "tc")
    yield "matrix_in_front", 13, per_step(lambda g, x: g.op("MatMul", [g.weights(2, 3), x]), ["batch", 3, "time"], "bct", "bct")
    yield "batch_norm_9", 9, per_step(lambda g, x: g.op("BatchNormalization", [x, g.weights(3), g.weights(3), g.weights(3), g.tensor(np.float32([0.5, 1, 2]))]), ["batch", 3, "time"], "bct", "bct")
    yield "instance_norm", 13, per_step(lambda g, x: g.op("InstanceNormalization", [x, g.weights(3), g.weights(3)]), ["batch", 3, "time"], "bct", "bct")
    yield "average_pool", 11, per_step(lambda g, x: g.op("AveragePool", [x], kernel_shape=[2], strides=[2]), ["batch", 3, "time"], "bct", "bct")
    yield "max_pool", 12, per_step(lambda g, x: g.op("MaxPool", [x], kernel_shape=[2], strides=[2]), ["batch", 3, "time"], "bct", "bct")
    yield "global_average", 13, per_step(lambda g, x: g.op("Squeeze", [g.op("GlobalAveragePool", [x]), g.whole(2)]), ["batch", 3, "time"], "bct", "bc")
    for operator in ["Gelu", "Erf", "Sin", "Cos", "Softsign", "Mish", "HardSwish", "Celu", "Selu", "ThresholdedRelu", "Shrink", "Reciprocal", "Sign", "Abs", "Floor"]:
        yield f"{operator}", 20, per_step(lambda g, x, operator=operator: g.op(operator, [x]))
    yield "embedding", 9, embedded
    yield "tied", 13, tied
    yield "two_inputs", 13, two_inputs
    yield "speaker", 13, speaker
    yield "number_input", 13, number_input
    yield "rows_of_calls", 13, per_step(lambda g, x: g.op("Tanh", [g.op("MatMul", [x, g.weights(3, 2)])]), ["batch", 3], "bc", "bc")
    yield "constant_table", 13, per_step(lambda g, x: g.op("Add", [x, g.op("ConstantOfShape", [g.op("Shape", [x])], value=helper.make_tensor("v", FLOAT, [1], [0.5]))]))
    yield "counted_steps", 13, per_step(lambda g, x: g.op("Div", [g.op("ReduceSum", [x, g.whole(1)], keepdims=0), g.op("Cast", [g.op("Gather", [g.op("Shape", [x]), g.whole(1)])], to=FLOAT)]), out="bc")


def fed(g: Graph, length: int) -> tuple:
    """Numbers for one example, as the file and as the library want them."""
    feed, inputs, constants = {}, {}, {}
    for name, (sizes, axes, kind, given) in g.feeds.items():
        shape = [1 if axis == "b" else length if axis == "t" else size for axis, size in zip(axes, sizes)]
        if given == "length":
            feed[name] = np.array([length], dtype=np.int32)
        elif given == "zeros":
            feed[name] = np.zeros(shape, np.float32)
        elif axes == "":
            feed[name] = np.array(given, dtype=np.float32)
            constants[name] = float(given)
        elif kind == INT64:
            feed[name] = g.random.integers(0, given, shape)
            inputs[name] = rows(feed[name], axes)
            inputs[name] = [row[0] for row in inputs[name]]
        else:
            # Never 0, which some operators have no result for.
            feed[name] = quantized(g.random.normal(size=shape), 16) + np.float32(1 / 32)
            inputs[name] = rows(feed[name], axes)
    return feed, inputs, constants


def built_cases():
    for at, (name, opset, build) in enumerate(plans()):
        g = Graph(at)
        build(g)
        data = g.model(opset)
        for is_reference in (False, True):
            try:
                run = Runner(data, is_reference)
                sequences = []
                for length in (5, 3, 8):
                    feed, inputs, constants = fed(g, length)
                    outputs = dict(zip(g.out_axes, run(feed)))
                    sequences.append((inputs, {key: rows(np.asarray(outputs[key]), axes) for key, axes in g.out_axes.items()}))
                yield case(f"{name}-{opset}", data, sequences, run.by, {**g.options, **({"constants": constants} if constants else {})})
                break
            except Exception as error:  # noqa: BLE001: what cannot be run is said
                print(f"{name} {'onnx' if is_reference else 'onnxruntime'}: {type(error).__name__} {str(error)[:150]!r}", flush=True)
