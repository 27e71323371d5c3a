"""Gradients of a whole network with respect to what it reads, makes, and begins with. See make_goldens.py."""

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from golden_case import Case, generator_for, in_float64, normal, uniform

SYMBOLS, EMBEDDED, FEATURES, UNITS, CLASSES = 7, 4, 3, 6, 5
LENGTHS = [5, 3, 2]


class Network(nn.Module):
    """An embedding beside features, a recurrent layer, an affine layer."""

    def __init__(self, cell: str):
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, EMBEDDED)
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](EMBEDDED + FEATURES, UNITS)
        self.linear = nn.Linear(UNITS, CLASSES)


def compute_gradients(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    network = Network(case.options["cell"]).to(tensors["x"].dtype)
    network.load_state_dict({name.removeprefix("weight/"): t for name, t in tensors.items() if "weight/" in name})
    sources = {name: tensors[name].clone().requires_grad_() for name in ("x", "h0", "c0") if name in tensors}
    embedded = network.embedding(tensors["ids"])
    state = (sources["h0"][None], sources["c0"][None]) if "c0" in sources else sources["h0"][None]
    rows = PackedSequence(torch.cat([embedded, sources["x"]], 1), tensors["batchSizes"].long())
    hidden = network.rnn(rows, state)[0].data
    logits = network.linear(hidden)
    sources |= {"embedded": embedded, "hidden": hidden} | dict(network.named_parameters())
    loss = nn.functional.cross_entropy(logits, tensors["targets"].long(), ignore_index=-1)
    results = {"loss": loss.detach().reshape(1)}
    for prefix, value, upstream in (("gradient", loss, None), ("upstream", logits, tensors["dlogits"])):
        gradients = torch.autograd.grad(value, list(sources.values()), upstream, retain_graph=True)
        results |= {f"{prefix}/{name}": gradient for name, gradient in zip(sources, gradients)}
    return results


def gradient_case(cell: str) -> Case:
    name = f"model_gradients_{cell}"
    generator = generator_for(name)
    rows, batch = sum(LENGTHS), len(LENGTHS)
    sizes = [sum(length > t for length in LENGTHS) for t in range(LENGTHS[0])]
    targets = torch.randint(CLASSES, (rows,), generator=generator)
    targets[2] = -1
    tensors = {
        "batchSizes": torch.tensor(sizes),
        "ids": torch.randint(SYMBOLS, (rows,), generator=generator),
        "x": normal(generator, rows, FEATURES),
        "h0": uniform(generator, 0.9, batch, UNITS),
        "targets": targets,
        "dlogits": normal(generator, rows, CLASSES),
    }
    if cell == "lstm":
        tensors["c0"] = normal(generator, batch, UNITS)
    for parameter, value in Network(cell).state_dict().items():
        tensors[f"weight/{parameter}"] = uniform(generator, 0.6, *value.shape)
    sizes = {"symbols": SYMBOLS, "embedding": EMBEDDED, "features": FEATURES, "units": UNITS, "classes": CLASSES}
    return in_float64(Case(name, "modelGradients", {"cell": cell, **sizes}, tensors), compute_gradients)


def gradient_cases() -> list[Case]:
    return [gradient_case("lstm"), gradient_case("gru")]
