"""Makes the reference results in this folder with PyTorch: one JSON file per case.

    python make_goldens.py            writes every case beside this file
    python make_goldens.py --check    exits with 1 when a case would differ, beyond rounding, from its file

Letters: T steps, B sequences, N valid steps (packed rows), I inputs, H units, L layers, D directions, G gates,
P = H or the projected size, V vocabulary.

Everything but optimizers and training runs is computed in float64 from inputs that are exact in float32; the results
are then rounded once, so a stored value is exact to half a float32 ULP. Optimizers and training runs are computed in
float32, as users of PyTorch get them. `float32Error` holds, for each result, the largest absolute
difference between PyTorch's own float32 and float64 computations: what a tolerance should be compared with.

Every case draws from its own generator, seeded with its name: adding a case changes no other.
"""

import argparse
import copy
import sys

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

from attention_cases import attention_cases
from convolution_cases import convolution_cases
from ctc_cases import ctc_cases
from encoder_decoder_cases import encoder_decoder_cases
from gradient_cases import gradient_cases
from function_cases import function_cases
from golden_case import FOLDER, Case, differences, generator_for, in_float32, in_float64, normal, to_json, uniform
from recurrent_cases import cell_cases, layer_cases, recurrent_module, variant_cases
from schedule_cases import schedule_cases
from time_cases import time_cases

# Losses, embedding, norm clipping. `dloss` is the gradient that reaches the loss, so that its use is tested too.


def losses_of_rows(case: Case, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The loss of each row, of those that have weights."""
    if case.name.startswith("softmax_cross_entropy"):
        return nn.functional.cross_entropy(prediction, target, reduction="none", ignore_index=-1)
    if case.name.startswith("sigmoid_cross_entropy"):
        return nn.functional.binary_cross_entropy_with_logits(prediction, target, reduction="none").sum(1)
    if case.name.startswith("quantile"):
        level, difference = case.options["level"], target - prediction
        return torch.maximum(level * difference, (level - 1) * difference).mean(1)
    return criterion_of_numbers(case, "none")(prediction, target).mean(1)


def criterion_of_numbers(case: Case, reduction: str) -> nn.Module:
    """PyTorch's loss of numbers against numbers."""
    if case.name.startswith("huber"):
        return nn.HuberLoss(reduction=reduction, delta=case.options.get("delta", 1.0))
    return nn.L1Loss(reduction=reduction) if case.name.startswith("absolute") else nn.MSELoss(reduction=reduction)


def compute_loss(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    prediction = tensors["prediction"].clone().requires_grad_()
    target = tensors["target"]
    if "weights" in tensors:
        counted = tensors["weights"].clone()
        if case.name.startswith("softmax_cross_entropy"):
            counted[target < 0] = 0
        loss = (counted * losses_of_rows(case, prediction, target)).sum() / counted.sum()
    elif case.name.startswith("softmax_cross_entropy"):
        smoothing = case.options.get("labelSmoothing", 0.0)
        weight = tensors.get("classWeights")
        loss = nn.CrossEntropyLoss(weight, label_smoothing=smoothing, ignore_index=-1)(prediction, target)
    elif case.name.startswith("sigmoid_cross_entropy"):
        criterion = nn.BCEWithLogitsLoss(pos_weight=tensors.get("positiveWeights"), reduction="none")
        loss = criterion(prediction, target).sum(1).mean()
    else:
        loss = criterion_of_numbers(case, "mean")(prediction, target)
    (gradient,) = torch.autograd.grad(loss, prediction, tensors["dloss"].squeeze())
    return {"loss": loss.detach().reshape(1), "gradient/prediction": gradient}


# What the losses can do besides.
LOSS_VARIANTS = {
    "softmax_cross_entropy_weighted": {"weights": "classWeights"},
    "softmax_cross_entropy_smoothed": {"labelSmoothing": 0.1},
    "softmax_cross_entropy_weighted_smoothed": {"weights": "classWeights", "labelSmoothing": 0.25},
    "sigmoid_cross_entropy_positive": {"weights": "positiveWeights"},
    "softmax_cross_entropy_rows": {"rows": True},
    "sigmoid_cross_entropy_rows": {"rows": True},
    "mean_squared_error_rows": {"rows": True},
    "absolute_error_rows": {"rows": True},
    "huber_error_delta": {"delta": 0.3},
    "huber_error_rows": {"rows": True, "delta": 2.5},
    "quantile_rows": {"rows": True, "level": 0.3},
}


def loss_case(name: str) -> Case:
    """Rows of 11 columns; the first row has logits far from 0, where a naive exponential overflows float32."""
    rows, columns = 13, 11
    generator = generator_for(name)
    prediction = normal(generator, rows, columns) * 2
    if "cross_entropy" in name:
        prediction[0] = torch.linspace(-120, 120, columns)
    if name.startswith("softmax_cross_entropy"):
        target = torch.randint(columns, (rows,), generator=generator)
        target[0], target[3], target[8] = columns - 3, -1, -1
    elif name.startswith("sigmoid_cross_entropy"):
        target = torch.randint(2, (rows, columns), generator=generator).float()
    else:
        target = normal(generator, rows, columns)
    if name.startswith(("absolute", "huber")):
        prediction[1, :4] = target[1, :4]  # where the gradient is 0
    tensors = {"prediction": prediction, "target": target, "dloss": torch.tensor([0.75])}
    options = {"rows": rows, "columns": columns}
    variant = LOSS_VARIANTS.get(name, {})
    if "weights" in variant:
        tensors[variant["weights"]] = torch.rand(columns, generator=generator) * 3
        tensors[variant["weights"]][4] = 0
    if "rows" in variant:
        tensors["weights"] = torch.rand(rows, generator=generator) * 3
        tensors["weights"][5] = 0
    options |= {name: variant[name] for name in ("labelSmoothing", "level", "delta") if name in variant}
    return in_float64(Case(name, "loss", options, tensors), compute_loss)


def compute_embedding(_case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    table = tensors["table"].clone().requires_grad_()
    y = nn.functional.embedding(tensors["ids"], table)
    (gradient,) = torch.autograd.grad(y, table, tensors["dy"])
    return {"y": y.detach(), "gradient/table": gradient}


def embedding_case() -> Case:
    """19 ids of 11: several occur often, so that gradients must add up, and ids 4 and 10 never."""
    generator = generator_for("embedding")
    ids = torch.tensor([0, 3, 3, 7, 0, 9, 1, 3, 3, 5, 0, 6, 2, 8, 7, 7, 3, 1, 9])
    tensors = {"ids": ids, "table": normal(generator, 11, 6), "dy": normal(generator, len(ids), 6)}
    return in_float64(Case("embedding", "embedding", {"size": 11, "units": 6}, tensors), compute_embedding)


def compute_clip_norm(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    parameters = []
    for name in ("gradientA", "gradientB"):
        parameters.append(nn.Parameter(torch.zeros_like(tensors[name])))
        parameters[-1].grad = tensors[name].clone()
    norm = clip_grad_norm_(parameters, case.options["maxNorm"])
    return {"norm": norm.reshape(1), "clippedA": parameters[0].grad, "clippedB": parameters[1].grad}


def clip_norm_case(name: str, max_norm: float) -> Case:
    generator = generator_for(name)
    tensors = {"gradientA": normal(generator, 7, 5), "gradientB": normal(generator, 3)}
    return in_float64(Case(name, "clipNorm", {"maxNorm": max_norm}, tensors), compute_clip_norm)


# Optimizers: ten steps over a fixed sequence of gradients.

OPTIMIZERS = {
    "sgd": {"learningRate": 0.1},
    "sgd_weight_decay": {"learningRate": 0.1, "weightDecay": 0.05},
    "momentum": {"learningRate": 0.1, "momentum": 0.9},
    "momentum_dampening": {"learningRate": 0.1, "momentum": 0.9, "dampening": 0.4, "weightDecay": 0.05},
    "momentum_nesterov": {"learningRate": 0.1, "momentum": 0.8, "nesterov": True, "weightDecay": 0.05},
    "adam": {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "adam_weight_decay": {"learningRate": 0.02, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.05},
    "adamw": {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "weightDecay": 0.3},
    "adam_amsgrad": {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.9, "epsilon": 1e-8, "amsgrad": True},
    "adam_amsgrad_weight_decay": {"learningRate": 0.02, "beta1": 0.8, "beta2": 0.7, "amsgrad": True, "weightDecay": 0.05},
    "adamw_amsgrad": {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.8, "amsgrad": True, "weightDecay": 0.3},
    "adagrad": {"learningRate": 0.05},
    "adagrad_decay": {"learningRate": 0.05, "learningRateDecay": 0.1, "initialAccumulator": 0.2, "epsilon": 1e-3},
    "adagrad_weight_decay": {"learningRate": 0.05, "learningRateDecay": 0.01, "weightDecay": 0.05},
    "rmsprop": {"learningRate": 0.02, "alpha": 0.99, "epsilon": 1e-8},
    "rmsprop_weight_decay": {"learningRate": 0.02, "alpha": 0.9, "epsilon": 1e-3, "weightDecay": 0.05},
    "rmsprop_momentum": {"learningRate": 0.02, "alpha": 0.9, "epsilon": 1e-8, "momentum": 0.7},
}
TORCH_NAMES = {
    "learningRate": "lr",
    "epsilon": "eps",
    "weightDecay": "weight_decay",
    "learningRateDecay": "lr_decay",
    "initialAccumulator": "initial_accumulator_value",
}


def torch_optimizer(parameters: list[nn.Parameter], options: dict) -> torch.optim.Optimizer:
    """The torch.optim optimizer of options in this library's names; anything not named keeps PyTorch's default."""
    kinds = {
        "adam": torch.optim.Adam,
        "adamW": torch.optim.AdamW,
        "adagrad": torch.optim.Adagrad,
        "rmsprop": torch.optim.RMSprop,
    }
    arguments = {TORCH_NAMES.get(k, k): v for k, v in options.items() if k not in ("kind", "beta1", "beta2")}
    if "beta1" in options:
        arguments["betas"] = (options["beta1"], options["beta2"])
    return kinds.get(options["kind"], torch.optim.SGD)(parameters, **arguments)


def compute_optimizer(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    parameter = nn.Parameter(tensors["start"].clone())
    optimizer = torch_optimizer([parameter], case.options)
    history = []
    for gradient in tensors["gradients"]:
        parameter.grad = gradient.clone()
        optimizer.step()
        history.append(parameter.detach().clone())
    return {"parameters": torch.stack(history)}


def optimizer_case(name: str, options: dict) -> Case:
    """37 parameters whose gradients differ in size by element and by step; element 5 never has one."""
    generator = generator_for(f"optimizer_{name}")
    size, steps = 37, 10
    scales = 10 ** uniform(generator, 2.0, size)
    gradients = normal(generator, steps, size) * scales
    gradients[:, 5] = 0
    kind = name.split("_")[0].replace("adamw", "adamW")
    tensors = {"start": normal(generator, size), "gradients": gradients}
    case = Case(f"optimizer_{name}", "optimizer", {"kind": kind, **options}, tensors)
    exact = compute_optimizer(case, {key: value.double() for key, value in tensors.items()})
    case = in_float32(case, compute_optimizer)
    case.results["parameters64"] = exact["parameters"]
    return case


# Training: a character language model, truncated backpropagation through time with carried state, clipped.

CLIP_NORMS = {"rnn": 0.9, "lstm": 0.35, "gru": 0.4}  # so that some steps are clipped and some are not


class LanguageModel(nn.Module):
    """Embedding 11 -> 6, two recurrent layers of 10 units, linear 10 -> 11."""

    def __init__(self, cell: str):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.rnn = recurrent_module("rnn_tanh" if cell == "rnn" else cell, 6, 10, 2)
        self.linear = nn.Linear(10, 11)

    def forward(self, ids: torch.Tensor, state):
        hidden, state = self.rnn(self.embedding(ids), state)
        return self.linear(hidden), state


def detached(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def compute_training(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Ten steps; also the first step's gradients before clipping, and the state carried out of the last window."""
    initial = {k.removeprefix("weight/"): v for k, v in tensors.items() if k.startswith("weight/")}
    model = LanguageModel(case.options["cell"]).to(initial["linear.weight"].dtype)
    model.load_state_dict(copy.deepcopy(initial))
    optimizer = torch_optimizer(list(model.parameters()), case.options["optimizer"])
    state, losses, norms, results = None, [], [], {}
    for ids, targets in zip(tensors["ids"], tensors["targets"]):
        optimizer.zero_grad()
        logits, state = model(ids, state)
        state = detached(state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        if not losses:
            results = {f"firstGradient/{k}": v.grad.clone() for k, v in model.named_parameters()}
        losses.append(loss.detach())
        norms.append(clip_grad_norm_(model.parameters(), case.options["clipNorm"]))
        optimizer.step()
    results |= {"losses": torch.stack(losses), "gradientNorms": torch.stack(norms)}
    results |= {f"final/{k}": v.detach() for k, v in model.named_parameters()}
    states = state if isinstance(state, tuple) else (state,)
    return results | dict(zip(("finalState/h", "finalState/c"), states))


def draw_training_case(cell: str, optimizer: dict, attempt: int) -> Case:
    """Ten contiguous windows [T=8, B=3] of streams in which the next id mostly follows from the one before."""
    name = f"training_{cell}_{optimizer['kind']}"
    generator = generator_for(f"{name}/{attempt}")
    windows, steps, batch, size = 10, 8, 3, 11
    streams = [torch.randint(size, (batch,), generator=generator)]
    for _ in range(windows * steps):
        noise = torch.randint(size, (batch,), generator=generator)
        keep = torch.rand(batch, generator=generator) < 0.8
        streams.append(torch.where(keep, (streams[-1] * 3 + 1) % size, noise))
    stream = torch.stack(streams)
    tensors = {"ids": stream[:-1].reshape(windows, steps, batch), "targets": stream[1:].reshape(windows, steps, batch)}
    for parameter, value in LanguageModel(cell).state_dict().items():
        tensors[f"weight/{parameter}"] = uniform(generator, 0.5, *value.shape)
    options = {"cell": cell, "vocabulary": size, "embedding": 6, "units": 10, "layers": 2, "windows": windows}
    options |= {"steps": steps, "batch": batch, "clipNorm": CLIP_NORMS[cell], "optimizer": optimizer}
    case = in_float32(Case(name, "training", options, tensors), compute_training)
    options["clippedSteps"] = int((case.results["gradientNorms"] > options["clipNorm"]).sum())
    return case


def well_conditioned(case: Case) -> bool:
    """False when a first gradient is 0 but for rounding: Adam divides it by its size, so the update is arbitrary."""
    first = torch.cat([v.flatten() for k, v in case.results.items() if k.startswith("firstGradient/")]).abs()
    return first[first > 0].min() > 2e-7 and max(case.float32_error.values()) < 1e-6


def training_case(cell: str, optimizer: dict) -> Case:
    """The first draw that is well conditioned and in which at least 3 steps are clipped and at least 3 are not."""
    for attempt in range(100):
        case = draw_training_case(cell, optimizer, attempt)
        if 3 <= case.options["clippedSteps"] <= case.options["windows"] - 3 and well_conditioned(case):
            return case
    raise RuntimeError(f"training of {cell} with {optimizer['kind']}: no usable draw")


def all_cases() -> list[Case]:
    cases = layer_cases()
    plain = ("softmax_cross_entropy", "sigmoid_cross_entropy", "mean_squared_error", "absolute_error", "huber_error")
    cases += [loss_case(name) for name in (*plain, *LOSS_VARIANTS)]
    cases += [embedding_case(), clip_norm_case("clip_norm_clipped", 2.0), clip_norm_case("clip_norm_unclipped", 20.0)]
    cases += [optimizer_case(name, options) for name, options in OPTIMIZERS.items()]
    for cell in ("rnn", "lstm", "gru"):
        cases.append(training_case(cell, {"kind": "adam", "learningRate": 1e-2}))
        cases.append(training_case(cell, {"kind": "sgd", "learningRate": 0.5}))
    cases += variant_cases() + cell_cases() + time_cases() + attention_cases() + ctc_cases()
    cases += convolution_cases()
    return cases + encoder_decoder_cases() + gradient_cases() + schedule_cases() + function_cases()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the files instead of writing them")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    failed = 0
    for case in all_cases():
        if check:
            wrong = differences(case)
            failed += bool(wrong)
            print(f"{case.name}: {'differs: ' + ', '.join(wrong) if wrong else 'same'}")
        else:
            (FOLDER / f"{case.name}.json").write_text(to_json(case))
            print(f"{case.name}: float32 error at most {max(case.float32_error.values(), default=0):.2g}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
