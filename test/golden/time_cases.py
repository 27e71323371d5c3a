"""What acts on rows without a cell: normalization, pooling, penalties, padding. See make_goldens.py."""

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from golden_case import Case, generator_for, in_float64, normal, uniform
from recurrent_cases import batch_sizes_of, penalty_of


def compute_normalization(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    options = case.options
    module = nn.LayerNorm(options["columns"], options["epsilon"], bias=options["shift"]).to(tensors["x"].dtype)
    names = {"gain": "weight", "shift": "bias"}
    module.load_state_dict({torch_name: tensors[name] for name, torch_name in names.items() if name in tensors})
    leaves = {"x": tensors["x"].clone().requires_grad_(), "gain": module.weight}
    if options["shift"]:
        leaves["shift"] = module.bias
    y = module(leaves["x"])
    gradients = torch.autograd.grad(y, list(leaves.values()), tensors["dy"])
    return {"y": y.detach(), **{f"gradient/{name}": value for name, value in zip(leaves, gradients)}}


def normalization_case(name: str, columns: int, epsilon: float, shift: bool) -> Case:
    """9 rows of different means and deviations; the first varies so little that epsilon matters."""
    rows = 9
    generator = generator_for(name)
    x = normal(generator, rows, columns) * (0.4 + torch.rand(rows, 1, generator=generator) * 2)
    x += uniform(generator, 1.0, rows, 1)
    x[0] = uniform(generator, 0.01, columns)
    tensors = {"x": x, "gain": 1 + uniform(generator, 0.7, columns)}
    if shift:
        tensors["shift"] = uniform(generator, 0.7, columns)
    tensors["dy"] = normal(generator, rows, columns)
    options = {"rows": rows, "columns": columns, "epsilon": epsilon, "shift": shift}
    return in_float64(Case(name, "layerNormalization", options, tensors), compute_normalization)


def compute_pool(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Over time of the padded sequences, under a mask of the valid steps."""
    x = tensors["x"].clone().requires_grad_()
    padded, lengths = pad_packed_sequence(PackedSequence(x, tensors["batchSizes"]), padding_value=float("nan"))
    valid = (torch.arange(len(padded))[:, None] < lengths)[:, :, None]
    if case.options["over"] == "max":
        y = padded.masked_fill(~valid, -torch.inf).amax(0)
    elif case.options["over"] == "mean":
        y = padded.masked_fill(~valid, 0).sum(0) / lengths[:, None]
    else:
        y = padded[lengths - 1, torch.arange(len(lengths))]
    (gradient,) = torch.autograd.grad(y, x, tensors["dy"])
    return {"y": y.detach(), "gradient/x": gradient}


def pool_case(over: str) -> Case:
    name = f"pool_{over}"
    generator = generator_for(name)
    lengths, features = [6, 4, 3, 1], 5
    tensors = {"batchSizes": batch_sizes_of(lengths), "x": normal(generator, sum(lengths), features)}
    tensors["dy"] = normal(generator, len(lengths), features)
    options = {"over": over, "features": features, "lengths": lengths}
    return in_float64(Case(name, "pool", options, tensors), compute_pool)


def compute_attention_pool(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The mean of the padded steps, weighted by the softmax under a mask of v tanh(W h + b)."""
    leaves = {name: tensors[name].clone().requires_grad_() for name in ("x", "weight", "bias", "v")}
    packed = PackedSequence(leaves["x"], tensors["batchSizes"])
    padded, lengths = pad_packed_sequence(packed, padding_value=1e3)
    valid = torch.arange(len(padded))[:, None] < lengths
    scores = torch.tanh(nn.functional.linear(padded, leaves["weight"], leaves["bias"])) @ leaves["v"]
    weights = torch.softmax(scores.masked_fill(~valid, -torch.inf), 0)
    y = torch.einsum("tb,tbf->bf", weights, padded)
    gradients = torch.autograd.grad(y, list(leaves.values()), tensors["dy"])
    return {"y": y.detach(), **{f"gradient/{name}": value for name, value in zip(leaves, gradients)}}


def attention_pool_case(name: str, units: int, largest: float) -> Case:
    """The entries of v are up to `largest`; a score is at most the sum of their absolute values."""
    generator = generator_for(name)
    lengths, features = [6, 4, 3, 1], 5
    tensors = {"batchSizes": batch_sizes_of(lengths), "x": normal(generator, sum(lengths), features)}
    tensors |= {"weight": uniform(generator, 0.7, units, features), "bias": uniform(generator, 0.7, units)}
    tensors |= {"v": uniform(generator, largest, units), "dy": normal(generator, len(lengths), features)}
    options = {"over": "attention", "features": features, "lengths": lengths, "units": units}
    return in_float64(Case(name, "attentionPool", options, tensors), compute_attention_pool)


def compute_penalty(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The rows pass through, so that their gradient is `dy` and that of the penalty."""
    x = tensors["x"].clone().requires_grad_()
    packed = PackedSequence(x, tensors["batchSizes"])
    penalty = penalty_of(packed, case.options["activation"], case.options["temporal"]).reshape(1)
    (gradient,) = torch.autograd.grad([x * 1, penalty], x, [tensors["dy"], tensors["dpenalty"]])
    return {"penalty": penalty.detach(), "gradient/x": gradient}


def penalty_case(name: str, activation: float, temporal: float) -> Case:
    generator = generator_for(name)
    lengths, features = [6, 4, 3, 1], 5
    tensors = {"batchSizes": batch_sizes_of(lengths), "x": normal(generator, sum(lengths), features)}
    tensors |= {"dy": 0.1 * normal(generator, sum(lengths), features), "dpenalty": torch.tensor([0.75])}
    options = {"features": features, "lengths": lengths, "activation": activation, "temporal": temporal}
    return in_float64(Case(name, "penalty", options, tensors), compute_penalty)


def compute_padding(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Sequences in any order, and more steps than the longest has: packed, and padded again with `value`."""
    results = {}
    for name in ("values", "ids"):
        packed = pack_padded_sequence(tensors[name], tensors["lengths"], batch_first=True, enforce_sorted=False)
        again, _ = pad_packed_sequence(packed, batch_first=True, padding_value=case.options["value"])
        results |= {f"{name}/packed": packed.data, f"{name}/padded": again}
    return {"batchSizes": packed.batch_sizes, "order": packed.sorted_indices, **results}


def padding_case() -> Case:
    generator = generator_for("padding")
    lengths, steps, features = [3, 6, 1, 4], 7, 3
    tensors = {"lengths": torch.tensor(lengths), "values": normal(generator, len(lengths), steps, features)}
    tensors["ids"] = torch.randint(100, (len(lengths), steps), generator=generator)
    options = {"batch": len(lengths), "steps": steps, "features": features, "lengths": lengths, "value": -7}
    return in_float64(Case("padding", "padding", options, tensors), compute_padding)


def time_cases() -> list[Case]:
    return [
        normalization_case("layer_normalization", columns=7, epsilon=1e-5, shift=True),
        normalization_case("layer_normalization_no_shift", columns=20, epsilon=1e-3, shift=False),
        *(pool_case(over) for over in ("last", "max", "mean")),
        attention_pool_case("pool_attention", units=7, largest=1.0),
        attention_pool_case("pool_attention_large", units=3, largest=200.0),
        penalty_case("penalty_activation", activation=2.0, temporal=0.0),
        penalty_case("penalty_temporal", activation=0.0, temporal=3.0),
        padding_case(),
    ]
