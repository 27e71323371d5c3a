"""Convolution of each sequence by itself, and normalization over all valid rows. See make_goldens.py."""

import torch
from torch import nn
from torch.nn import functional

from golden_case import Case, generator_for, in_float64, normal, uniform
from recurrent_cases import batch_sizes_of


def unpacked(rows: torch.Tensor, lengths: list[int]) -> list[torch.Tensor]:
    """The rows [length, F] of each sequence; `lengths` are sorted, longest first."""
    offsets = torch.cat([torch.zeros(1, dtype=torch.long), batch_sizes_of(lengths).cumsum(0)])
    return [rows[offsets[:length] + place] for place, length in enumerate(lengths)]


def packed(sequences: list[torch.Tensor]) -> torch.Tensor:
    steps = max(len(sequence) for sequence in sequences)
    return torch.stack([s[t] for t in range(steps) for s in sequences if t < len(s)])


def padding_of(options: dict, length: int) -> tuple[int, int]:
    """Zeros before and behind a sequence; `same` with a stride as Keras defines it."""
    reach = (options["kernel"] - 1) * options["dilation"] + 1
    if not isinstance(options["padding"], str):
        return tuple(options["padding"])
    if options["padding"] == "valid":
        return 0, 0
    if options["padding"] == "causal":
        return reach - 1, 0
    outputs = -(-length // options["stride"])
    total = max((outputs - 1) * options["stride"] + reach - length, 0)
    return total // 2, total - total // 2


def compute_convolution(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    options = case.options
    groups, stride, dilation = (options[name] for name in ("groups", "stride", "dilation"))
    more = {"groups": groups, "stride": stride, "dilation": dilation, "bias": options["bias"]}
    module = nn.Conv1d(options["inputs"], options["units"], options["kernel"], **more).to(tensors["x"].dtype)
    module.load_state_dict({name: tensors[name] for name in ("weight", "bias") if name in tensors})
    leaves = {name: tensors[name].clone().requires_grad_() for name in ("x", "h0") if name in tensors}
    outputs = []
    for place, sequence in enumerate(unpacked(leaves["x"], options["lengths"])):
        left, right = padding_of(options, len(sequence))
        if "h0" in leaves:
            sequence, left = torch.cat([leaves["h0"][place], sequence]), 0
        outputs.append(module(functional.pad(sequence.T[None], (left, right)))[0].T)
    y = packed(outputs)
    leaves.update(module.named_parameters())
    dy = tensors["dy"] if "dy" in tensors else y
    gradients = torch.autograd.grad(y, list(leaves.values()), dy)
    return {"y": y.detach(), **{f"gradient/{name}": value for name, value in zip(leaves, gradients)}}


def convolution_case(name: str, **more) -> Case:
    defaults = {"padding": "same", "kernel": 3, "inputs": 3, "units": 4, "stride": 1, "dilation": 1, "groups": 1}
    options = {**defaults, "bias": True, "context": False, "lengths": [7, 5, 5, 4, 2, 1], **more}
    case_name = f"conv1d_{name}"
    generator = generator_for(case_name)
    inputs, units, kernel, lengths = (options[key] for key in ("inputs", "units", "kernel", "lengths"))
    width = inputs // options["groups"]
    tensors = {"batchSizes": batch_sizes_of(lengths), "x": normal(generator, sum(lengths), inputs)}
    if options["context"]:
        steps = (kernel - 1) * options["dilation"]
        tensors["h0"] = normal(generator, len(lengths), steps, inputs)
    tensors["weight"] = uniform(generator, (width * kernel) ** -0.5, units, width, kernel)
    if options["bias"]:
        tensors["bias"] = uniform(generator, 0.5, units)
    case = Case(case_name, "convolution", options, tensors)
    rows = len(compute_convolution(case, tensors)["y"])
    tensors["dy"] = normal(generator, rows, units)
    return in_float64(case, compute_convolution)


def compute_batch_normalization(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Training steps over all valid rows, one after the other, with the running statistics behind each; then evaluation."""
    options = case.options
    more = {"eps": options["epsilon"], "momentum": options["momentum"], "affine": options["affine"]}
    module = nn.BatchNorm1d(options["columns"], **more).to(tensors["dy"].dtype)
    if options["affine"]:
        module.load_state_dict({name: tensors[name] for name in ("weight", "bias")}, strict=False)
    results = {}
    for step in range(len(options["lengths"])):
        x = tensors[f"x/{step}"].clone().requires_grad_()
        y = module(x)
        results |= {f"y/{step}": y.detach()}
        results |= {f"{name}/{step}": getattr(module, name).clone() for name in ("running_mean", "running_var")}
        if step == 0:
            leaves = {"x": x, **dict(module.named_parameters())}
            gradients = torch.autograd.grad(y, list(leaves.values()), tensors["dy"])
            results |= {f"gradient/{name}": value for name, value in zip(leaves, gradients)}
    module.eval()
    return {**results, "y/evaluation": module(tensors["x/0"]).detach()}


def batch_normalization_case(name: str, **more) -> Case:
    """Three batches of ragged sequences, whose rows are all that counts; columns of different means and deviations."""
    defaults = {"columns": 7, "epsilon": 1e-5, "momentum": 0.1, "affine": True}
    options = {**defaults, "lengths": [[6, 4, 3, 1], [2, 2, 2], [9, 1]], **more}
    case_name = f"batch_normalization_{name}"
    generator, columns = generator_for(case_name), options["columns"]
    tensors = {}
    for step, lengths in enumerate(options["lengths"]):
        rows = normal(generator, sum(lengths), columns) * (0.4 + torch.rand(columns, generator=generator) * 2)
        tensors |= {f"batchSizes/{step}": batch_sizes_of(lengths), f"x/{step}": rows + uniform(generator, 2.0, columns)}
    if options["affine"]:
        tensors |= {"weight": 1 + uniform(generator, 0.7, columns), "bias": uniform(generator, 0.7, columns)}
    tensors["dy"] = normal(generator, sum(options["lengths"][0]), columns)
    return in_float64(Case(case_name, "batchNormalization", options, tensors), compute_batch_normalization)


def convolution_cases() -> list[Case]:
    long_enough = [9, 8, 8, 5]
    return [
        convolution_case("same"),
        convolution_case("same_even", kernel=4, bias=False),
        convolution_case("same_longer_than_short_sequences", kernel=5, dilation=2),
        convolution_case("same_stride_2", stride=2, kernel=4),
        convolution_case("same_stride_3_dilated", stride=3, dilation=2),
        convolution_case("same_groups", inputs=6, groups=2, kernel=2),
        convolution_case("same_depthwise", inputs=20, units=20, groups=20),
        convolution_case("same_depthwise_stride_2", inputs=5, units=5, groups=5, stride=2),
        convolution_case("same_two_filters_of_each", inputs=3, units=6, groups=3),
        convolution_case("causal", padding="causal"),
        convolution_case("causal_dilated", padding="causal", dilation=3, kernel=2),
        convolution_case("causal_stride_2", padding="causal", stride=2, kernel=3),
        convolution_case("causal_depthwise", padding="causal", inputs=5, units=5, groups=5, kernel=4),
        convolution_case("causal_context", padding="causal", context=True, dilation=2),
        convolution_case("causal_context_groups", padding="causal", context=True, inputs=4, groups=2),
        convolution_case("explicit", padding=[1, 1]),
        convolution_case("explicit_stride_2", padding=[1, 1], stride=2, bias=False),
        convolution_case("explicit_front", padding=[4, 0], kernel=2),
        convolution_case("explicit_more_steps", padding=[3, 4], kernel=2, dilation=2, inputs=4, groups=2),
        convolution_case("explicit_fewer_steps", padding=[0, 1], kernel=4, stride=3, lengths=long_enough),
        convolution_case("explicit_depthwise", padding=[2, 1], inputs=5, units=5, groups=5, kernel=3),
        convolution_case("valid", padding="valid", lengths=long_enough),
        convolution_case("valid_stride_2", padding="valid", stride=2, kernel=2, dilation=2, lengths=long_enough),
        convolution_case("valid_stride_3", padding="valid", stride=3, kernel=5, lengths=long_enough),
        batch_normalization_case("affine"),
        batch_normalization_case("cumulative", momentum=None),
        batch_normalization_case("plain", affine=False, columns=20, epsilon=1e-3, momentum=0.5),
        convolution_case("one_step", padding="valid", kernel=1, lengths=[1, 1]),
    ]
