"""Recurrent layers and cells: initial states, packed sequences, every gradient. See make_goldens.py."""

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from golden_case import Case, generator_for, in_float64, normal, uniform

GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


def recurrent_module(kind: str, inputs: int, units: int, layers: int, **more) -> nn.RNNBase:
    """The torch.nn layer of a cell; `more` are further arguments of its constructor."""
    if kind == "lstm":
        return nn.LSTM(inputs, units, layers, **more)
    if kind == "gru":
        return nn.GRU(inputs, units, layers, **more)
    return nn.RNN(inputs, units, layers, nonlinearity=kind.removeprefix("rnn_"), **more)


def module_of(options: dict) -> nn.RNNBase:
    """The torch.nn layer that the options of a case describe."""
    more = {"bias": options.get("biases", True), "bidirectional": options.get("directions", 1) == 2}
    if "projection" in options:
        more["proj_size"] = options["projection"]
    return recurrent_module(options["cell"], options["inputs"], options["units"], options["layers"], **more)


def batch_sizes_of(lengths: list[int]) -> torch.Tensor:
    """Number of sequences alive at each step; `lengths` are sorted, longest first."""
    return torch.tensor([sum(length > t for length in lengths) for t in range(lengths[0])])


def penalty_of(packed: PackedSequence, activation: float, temporal: float) -> torch.Tensor:
    """activation * mean of h_t^2 + temporal * mean of (h_t - h_(t-1))^2, each over all that valid steps have."""
    padded, lengths = pad_packed_sequence(packed, padding_value=float("nan"))
    follows = torch.arange(1, len(padded))[:, None] < lengths
    differences = (padded[1:] - padded[:-1])[follows]
    return activation * packed.data.square().mean() + temporal * differences.square().mean()


def compute_layer(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Forward and backward of one torch.nn layer; results under `y`, `hT`, `cT`, `penalty` and `gradient/<input>`."""
    options = case.options
    module = module_of(options).to(tensors["x"].dtype)
    weights = {k: v for k, v in tensors.items() if k.startswith(("weight_", "bias_"))}
    module.load_state_dict(weights)

    state_names = ["h0", "c0"] if options["cell"] == "lstm" else ["h0"]
    leaves = {name: tensors[name].clone().requires_grad_() for name in ["x", *state_names]}
    packed = PackedSequence(leaves["x"], tensors["batchSizes"])
    states = tuple(leaves[name] for name in state_names)
    output, final = module(packed, states if len(states) == 2 else states[0])
    final = final if isinstance(final, tuple) else (final,)
    results = {"y": output.data, **{f"{name[0]}T": value for name, value in zip(state_names, final)}}
    if "dpenalty" in tensors:
        penalty = penalty_of(output, options["activationPenalty"], options["temporalPenalty"])
        results["penalty"] = penalty.reshape(1)

    leaves.update(module.named_parameters())
    upstream = [tensors[f"d{name}"] for name in results]
    gradients = torch.autograd.grad(list(results.values()), list(leaves.values()), upstream)
    results.update({f"gradient/{name}": value for name, value in zip(leaves, gradients)})
    return {name: value.detach() for name, value in results.items()}


def layer_case(cell: str, variant: str, lengths: list[int], inputs: int, units: int, layers: int = 2) -> Case:
    name = f"{cell}_{variant}"
    generator = generator_for(name)
    batch_sizes = batch_sizes_of(lengths)
    batch, rows, gate_rows = len(lengths), sum(lengths), GATES[cell] * units
    states = ["h", "c"] if cell == "lstm" else ["h"]
    tensors = {"batchSizes": batch_sizes, "x": normal(generator, rows, inputs)}
    tensors |= {f"{s}0": uniform(generator, 0.9, layers, batch, units) for s in states}
    for layer in range(layers):
        width = inputs if layer == 0 else units
        # Pre-activations of about unit variance: gates neither saturated nor linear.
        tensors[f"weight_ih_l{layer}"] = uniform(generator, (1.5 / width) ** 0.5, gate_rows, width)
        tensors[f"weight_hh_l{layer}"] = uniform(generator, (1.5 / units) ** 0.5, gate_rows, units)
        tensors[f"bias_ih_l{layer}"] = uniform(generator, 0.5, gate_rows)
        tensors[f"bias_hh_l{layer}"] = uniform(generator, 0.5, gate_rows)
    tensors["dy"] = normal(generator, rows, units)
    tensors |= {f"d{s}T": normal(generator, layers, batch, units) for s in states}
    options = {"cell": cell, "inputs": inputs, "units": units, "layers": layers, "lengths": lengths}
    return in_float64(Case(name, "layer", options, tensors), compute_layer)


def layer_cases() -> list[Case]:
    """Two layers, one direction, two biases."""
    return [
        case
        for cell in GATES
        for case in (
            layer_case(cell, "ragged", [9, 7, 6, 4, 1], inputs=5, units=7),
            layer_case(cell, "one_step", [1, 1, 1], inputs=5, units=7),
            layer_case(cell, "one_sequence", [6], inputs=5, units=7),
            layer_case(cell, "wide", [5, 3, 2], inputs=13, units=20),
        )
    ]


# Variants: both directions, a projected state, no biases, penalties.


def draw_weights(generator: torch.Generator, module: nn.Module) -> dict[str, torch.Tensor]:
    """Values for all parameters of `module` that give pre-activations of about unit variance."""
    weights = {}
    for name, value in module.named_parameters():
        bound = 0.5 if value.dim() == 1 else (1.5 / value.shape[1]) ** 0.5
        weights[name] = uniform(generator, bound, *value.shape)
    return weights


def variant_case(name: str, cell: str, lengths: list[int], **more) -> Case:
    """Two layers; `more` are options: `directions`, `projection`, `biases`, `activationPenalty`, `temporalPenalty`."""
    generator = generator_for(name)
    units = {"rnn_tanh": 7, "rnn_relu": 7, "lstm": 5, "gru": 6}[cell]
    options = {"cell": cell, "inputs": 4, "units": units, "layers": 2, "directions": 2, "biases": True, **more}
    options["lengths"] = lengths
    batch, rows, stacked = len(lengths), sum(lengths), 2 * options["directions"]
    widths = {"h": options.get("projection", units)} | ({"c": units} if cell == "lstm" else {})
    tensors = {"batchSizes": batch_sizes_of(lengths), "x": normal(generator, rows, options["inputs"])}
    tensors |= {f"{s}0": uniform(generator, 0.9, stacked, batch, width) for s, width in widths.items()}
    tensors |= draw_weights(generator, module_of(options))
    tensors["dy"] = normal(generator, rows, options["directions"] * widths["h"])
    tensors |= {f"d{s}T": normal(generator, stacked, batch, width) for s, width in widths.items()}
    if "activationPenalty" in options:
        tensors["dpenalty"] = torch.tensor([0.75])
    return in_float64(Case(name, "recurrent", options, tensors), compute_layer)


def variant_cases() -> list[Case]:
    ragged = [6, 4, 3, 1]
    kinds = [(cell, cell, {}) for cell in GATES] + [("lstm_projected", "lstm", {"projection": 3})]
    cases = []
    for kind, cell, more in kinds:
        name = f"{kind}_bidirectional"
        cases += [
            variant_case(name, cell, ragged, **more),
            variant_case(f"{name}_no_bias", cell, ragged, biases=False, **more),
            variant_case(f"{name}_one_step", cell, [1, 1, 1], **more),
            variant_case(f"{name}_one_sequence", cell, [5], **more),
        ]
    for cell in GATES:
        cases.append(variant_case(f"{cell}_no_bias", cell, ragged, directions=1, biases=False))
    projected = {"directions": 1, "projection": 3}
    cases.append(variant_case("lstm_projected", "lstm", ragged, **projected))
    cases.append(variant_case("lstm_projected_no_bias", "lstm", ragged, biases=False, **projected))
    penalties = {"activationPenalty": 2.0, "temporalPenalty": 3.0}
    cases.append(variant_case("lstm_penalty", "lstm", ragged, directions=1, **penalties))
    cases.append(variant_case("gru_bidirectional_penalty", "gru", ragged, **penalties))
    return cases


# Cells: a loop of four steps by hand, with an upstream gradient for every state of every step.


def cell_module(options: dict) -> nn.RNNCellBase:
    cell, inputs, units, bias = (options[name] for name in ("cell", "inputs", "units", "biases"))
    if cell == "lstm":
        return nn.LSTMCell(inputs, units, bias)
    if cell == "gru":
        return nn.GRUCell(inputs, units, bias)
    return nn.RNNCell(inputs, units, bias, nonlinearity=cell.removeprefix("rnn_"))


def compute_cell(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """States after each step under `h`, `c`; gradients of everything that the loop reads under `gradient/<input>`."""
    module = cell_module(case.options).to(tensors["x"].dtype)
    module.load_state_dict({k: v for k, v in tensors.items() if k.startswith(("weight_", "bias_"))})
    state_names = ["h", "c"] if case.options["cell"] == "lstm" else ["h"]
    leaves = {name: tensors[name].clone().requires_grad_() for name in ["x", *(f"{s}0" for s in state_names)]}
    states = tuple(leaves[f"{s}0"] for s in state_names)
    history = []
    for x in leaves["x"]:
        states = module(x, states if len(states) == 2 else states[0])
        states = states if isinstance(states, tuple) else (states,)
        history.append(states)
    results = {name: torch.stack(values) for name, values in zip(state_names, zip(*history))}
    leaves.update(module.named_parameters())
    upstream = [tensors[f"d{name}"] for name in state_names]
    gradients = torch.autograd.grad(list(results.values()), list(leaves.values()), upstream)
    results.update({f"gradient/{name}": value for name, value in zip(leaves, gradients)})
    return {name: value.detach() for name, value in results.items()}


def cell_case(cell: str, biases: bool) -> Case:
    name = f"cell_{cell}" if biases else f"cell_{cell}_no_bias"
    generator = generator_for(name)
    inputs, units, steps, batch = 4, 5, 4, 3
    options = {"cell": cell, "inputs": inputs, "units": units, "steps": steps, "batch": batch, "biases": biases}
    states = ["h", "c"] if cell == "lstm" else ["h"]
    tensors = {"x": normal(generator, steps, batch, inputs)}
    tensors |= {f"{s}0": uniform(generator, 0.9, batch, units) for s in states}
    tensors |= draw_weights(generator, cell_module(options))
    tensors |= {f"d{s}": normal(generator, steps, batch, units) for s in states}
    return in_float64(Case(name, "cell", options, tensors), compute_cell)


def cell_cases() -> list[Case]:
    return [cell_case(cell, biases) for cell in GATES for biases in (True, False)]
