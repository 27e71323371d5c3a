"""Functions of one number and of two, and of the columns of a row, with gradients, also where they have none: at 0, for equal numbers, for what is not finite."""

import math

import torch
from torch.nn import functional

from golden_case import Case, generator_for, in_float64, normal

SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 4.0, 0.25]
ONE = {
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": torch.sign,
    "softplus": lambda x: functional.softplus(x, threshold=1e4),
    "erf": torch.erf,
    "elu": functional.elu,
    "elu 0.5": lambda x: functional.elu(x, 0.5),
    "leakyRelu": functional.leaky_relu,
    "leakyRelu 0.3": lambda x: functional.leaky_relu(x, 0.3),
    "sin": torch.sin,
    "cos": torch.cos,
    "selu": torch.selu,
    "gelu": functional.gelu,
    **{f"power {exponent:g}": lambda x, exponent=exponent: x**exponent for exponent in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.5)},
}
TWO = {"divide": torch.div, "maximum": torch.maximum, "minimum": torch.minimum}


def compute(_case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    results = {}
    x, a, b = (tensors[name].clone().requires_grad_() for name in ("x", "a", "b"))
    for name, function in ONE.items():
        y = function(x)
        results[f"{name}/y"] = y.detach()
        (results[f"{name}/x"],) = torch.autograd.grad(y, x, tensors["dx"])
    for name, function in TWO.items():
        y = function(a, b)
        results[f"{name}/y"] = y.detach()
        results[f"{name}/a"], results[f"{name}/b"] = torch.autograd.grad(y, (a, b), tensors["dab"])
    return results


ORDER = [3, -1, 0, 3, 8, 8, 1]
COLUMNS = {
    "logSoftmax": lambda x: functional.log_softmax(x, 1),
    "maxOverColumns": lambda x: x.max(1, keepdim=True).values,
    "minOverColumns": lambda x: x.min(1, keepdim=True).values,
    "gatherColumns": lambda x: functional.pad(x, (0, 1))[:, ORDER],
}


def compute_columns(_case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    results = {}
    for name, function in COLUMNS.items():
        x = tensors["x"].clone().requires_grad_()
        y = function(x)
        results[f"{name}/y"] = y.detach()
        (results[f"{name}/x"],) = torch.autograd.grad(y, x, tensors[f"dy/{name}"])
    return results


def column_case() -> Case:
    """Rows of small numbers, of large ones, and around a large offset."""
    generator = generator_for("columns")
    x = normal(generator, 6, 9) * torch.tensor([1, 1, 1, 30, 200, 1.0])[:, None]
    x[5] += 1000
    tensors = {"x": x}
    for name, function in COLUMNS.items():
        tensors[f"dy/{name}"] = normal(generator, *function(x).shape)
    return in_float64(Case("columns", "columns", {"order": ORDER}, tensors), compute_columns)


def function_cases() -> list[Case]:
    """All pairs of special numbers, and random ones."""
    generator = generator_for("functions")
    special = torch.tensor(SPECIAL)
    x = torch.cat([special, normal(generator, 40)])
    a = torch.cat([special.repeat_interleave(len(SPECIAL)), normal(generator, 40)])
    b = torch.cat([special.repeat(len(SPECIAL)), normal(generator, 40)])
    tensors = {"x": x, "dx": normal(generator, len(x)), "a": a, "b": b, "dab": normal(generator, len(a))}
    case = in_float64(Case("functions", "functions", {"one": list(ONE), "two": list(TWO)}, tensors), compute)
    # Differences of what is not finite say nothing, and JSON has no word for them.
    case.float32_error = {key: value for key, value in case.float32_error.items() if math.isfinite(value)}
    return [case, column_case()]
