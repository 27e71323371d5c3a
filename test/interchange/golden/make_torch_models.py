"""Random models of PyTorch, each with what it computes in float64. See README.md.

    python test/interchange/golden/make_torch_models.py
"""

import base64
import json
import random
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from hashed_numbers import integers, uniform

FOLDER = Path(__file__).resolve().parent
COUNT = 340
RECURRENT = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
CELLS = {"RNNCell": nn.RNNCell, "LSTMCell": nn.LSTMCell, "GRUCell": nn.GRUCell}
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}


class Loop(nn.Module):
    """A cell over all steps of a sequence."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x):
        state, outputs = None, []
        for row in x:
            state = self.cell(row[None], state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return torch.cat(outputs)


def recurrent(choose: random.Random, width: int) -> dict:
    kind = choose.choice(["RNN", "LSTM", "LSTM", "GRU", "GRU"])
    if choose.random() < 0.12:
        link = {"type": kind + "Cell", "inputs": width, "units": choose.randint(1, 9), "bias": choose.random() < 0.8}
    else:
        link = {"type": kind, "inputs": width, "units": choose.randint(2, 9), "layers": choose.choice([1, 1, 2, 3]),
                "bidirectional": choose.random() < 0.35, "bias": choose.random() < 0.8}
        if kind == "LSTM" and choose.random() < 0.3:
            link["projection"] = choose.randint(1, link["units"] - 1)
    if kind == "RNN":
        link["nonlinearity"] = choose.choice(["tanh", "relu"]) if "layers" in link else choose.choice(["tanh", "relu"])
    link["outputs"] = link.get("projection", link["units"]) * (2 if link.get("bidirectional") else 1)
    return link


def convolution(choose: random.Random, width: int) -> dict:
    groups = width if choose.random() < 0.25 else 1
    padding = choose.choice(["valid", "same", "causal"])
    return {"type": "Conv1d", "inputs": width, "units": groups * choose.randint(1, 3), "kernel": choose.randint(1, 3),
            "stride": 1 if padding == "same" else choose.choice([1, 1, 2]), "dilation": choose.choice([1, 1, 2]),
            "groups": groups, "padding": padding, "bias": choose.random() < 0.7}


def chain(choose: random.Random) -> list[dict]:
    """Modules in the order in which they are defined; activations and the like have no tensors."""
    links, width = [], choose.randint(1, 6)
    if choose.random() < 0.35:
        links.append({"type": "Embedding", "inputs": choose.randint(3, 12), "outputs": width})
    if choose.random() < 0.15:
        links.append(convolution(choose, width))
        width = links[-1]["outputs"] = links[-1]["units"]
    if choose.random() < 0.15:
        links.append({"type": "Linear", "inputs": width, "outputs": choose.randint(1, 6), "bias": True})
        width = links[-1]["outputs"]
        links.append({"type": "activation", "function": choose.choice(list(ACTIVATIONS))})
    for _ in range(choose.choice([1, 1, 1, 2])):
        links.append(recurrent(choose, width))
        width = links[-1]["outputs"]
    if choose.random() < 0.2:
        links.append({"type": choose.choice(["LayerNorm", "BatchNorm1d"]), "columns": width, "epsilon": choose.choice([1e-5, 1e-3])})
    if choose.random() < 0.25:
        links.append({"type": "last"})
    if choose.random() < 0.7:
        links.append({"type": "Linear", "inputs": width, "outputs": choose.randint(1, 4), "bias": choose.random() < 0.85})
    return links


def module_of(link: dict) -> nn.Module | None:
    kind = link["type"]
    if kind == "Embedding":
        return nn.Embedding(link["inputs"], link["outputs"])
    if kind == "Linear":
        return nn.Linear(link["inputs"], link["outputs"], bias=link["bias"])
    if kind == "LayerNorm":
        return nn.LayerNorm(link["columns"], eps=link["epsilon"])
    if kind == "BatchNorm1d":
        return nn.BatchNorm1d(link["columns"], eps=link["epsilon"])
    if kind == "Conv1d":
        return nn.Conv1d(link["inputs"], link["units"], link["kernel"], stride=link["stride"], dilation=link["dilation"],
                         groups=link["groups"], bias=link["bias"], padding="same" if link["padding"] == "same" else 0)
    extra = {"nonlinearity": link["nonlinearity"]} if "nonlinearity" in link else {}
    if kind in CELLS:
        return CELLS[kind](link["inputs"], link["units"], bias=link["bias"], **extra)
    if kind in RECURRENT:
        if "projection" in link:
            extra["proj_size"] = link["projection"]
        return RECURRENT[kind](link["inputs"], link["units"], link["layers"], bias=link["bias"],
                               bidirectional=link["bidirectional"], **extra)
    return None


def apply(link: dict, module: nn.Module | None, x: torch.Tensor) -> torch.Tensor:
    """One sequence without padding: [T, F] to [T', F'], or to [1, F'] of the last step."""
    kind = link["type"]
    if kind == "last":
        return x[-1:]
    if kind == "activation":
        return ACTIVATIONS[link["function"]](x)
    if kind == "Conv1d":
        reach = (link["kernel"] - 1) * link["dilation"]
        padded = functional.pad(x.T, (reach, 0)) if link["padding"] == "causal" else x.T
        return module(padded[None])[0].T
    if kind in CELLS:
        return Loop(module)(x)
    return module(x)[0] if kind in RECURRENT else module(x)


def case_of(seed: int) -> dict:
    choose = random.Random(seed)
    links = chain(choose)
    names = ["emb", "conv", "proj", "rnn", "rnn2", "norm", "fc"]
    choose.shuffle(names)
    modules, counts = nn.ModuleDict(), 0
    for link in links:
        module = module_of(link)
        if module is not None:
            link["name"] = names[counts]
            counts += 1
            modules[link["name"]] = module
    modules = modules.double().eval()
    tensors = {}
    for name, tensor in modules.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        numbers = uniform(seed, name, tensor.numel(), 0.5)
        tensor.copy_(torch.from_numpy(numbers + 1 if name.endswith("running_var") else numbers).reshape(tensor.shape))
        tensors[name] = list(tensor.shape)
    lengths = [choose.randint(5, 8) for _ in range(choose.randint(1, 3))]
    outputs = []
    for at, length in enumerate(lengths):
        first = links[0]
        if first["type"] == "Embedding":
            x = torch.from_numpy(integers(seed, f"input {at}", length, first["inputs"]))
        else:
            width = first["inputs"]
            x = torch.from_numpy(uniform(seed, f"input {at}", length * width).reshape(length, width))
        for link in links:
            x = apply(link, modules[link["name"]] if "name" in link else None, x)
        outputs.append(x.detach().numpy().astype("<f4"))
    packed = base64.b64encode(np.concatenate([each.ravel() for each in outputs]).tobytes()).decode()
    return {"seed": seed, "links": links, "tensors": tensors, "lengths": lengths, "outputs": packed}


if __name__ == "__main__":
    cases = [case_of(seed) for seed in range(1, COUNT + 1)]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (FOLDER / "torch_models.json").write_text(f'{{"torch":"{torch.__version__}","cases":[\n{lines}\n]}}\n')
