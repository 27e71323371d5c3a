"""Attention over padded sequences under a mask. See make_goldens.py."""

import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from golden_case import Case, generator_for, in_float64, normal, uniform
from recurrent_cases import batch_sizes_of


def padded(rows: torch.Tensor, batch_sizes: torch.Tensor, order: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Packed rows of sorted sequences as [samples, T, columns] in the order of the samples, and the lengths."""
    values, lengths = pad_packed_sequence(PackedSequence(rows, batch_sizes), batch_first=True)
    places = torch.argsort(order)
    return values[places], lengths[places]


def packed(values: torch.Tensor, lengths: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    return pack_padded_sequence(values[order], lengths[order], batch_first=True).data


def compute_attention(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Batched: scores of all pairs of padded steps, a mask, softmax, and the product with the padded values."""
    names = ["query", "key", *(["v"] if case.options["scores"] == "additive" else []), "value"]
    leaves = {name: tensors[name].clone().requires_grad_() for name in names}
    samples, other_samples = tensors["samples"], tensors["otherSamples"]
    query, lengths = padded(leaves["query"], tensors["batchSizes"], samples)
    key, other_lengths = padded(leaves["key"], tensors["otherBatchSizes"], other_samples)
    value, _ = padded(leaves["value"], tensors["otherBatchSizes"], other_samples)
    if case.options["scores"] == "additive":
        scores = torch.tanh(query[:, :, None] + key[:, None]) @ leaves["v"]
    else:
        scores = case.options["scale"] * torch.bmm(query, key.transpose(1, 2))
    valid = torch.arange(key.shape[1]) < other_lengths[:, None]
    scores = scores.masked_fill(~valid[:, None], -torch.inf)
    weights = torch.softmax(scores, -1)
    context = packed(torch.bmm(weights, value), lengths, samples)
    gradients = torch.autograd.grad(context, list(leaves.values()), tensors["dcontext"])
    shown = packed(weights, lengths, samples).detach()
    results = {"context": context.detach(), "lse": packed(scores.logsumexp(-1)[:, :, None], lengths, samples).detach()}
    return {**results, "weights": shown, **{f"gradient/{name}": g for name, g in zip(leaves, gradients)}}


def attention_case(name: str, scores: str, spread: float = 1.0) -> Case:
    """Sequences of all lengths on both sides, each side sorted by its own; `spread` makes the scores large."""
    generator = generator_for(name)
    lengths, other_lengths = [5, 2, 7, 3, 1], [4, 9, 1, 6, 3]  # by sample
    samples = torch.argsort(torch.tensor(lengths), descending=True, stable=True)
    other_samples = torch.argsort(torch.tensor(other_lengths), descending=True, stable=True)
    width, features = 19, 6
    rows, other_rows = sum(lengths), sum(other_lengths)
    tensors = {
        "batchSizes": batch_sizes_of(sorted(lengths, reverse=True)),
        "otherBatchSizes": batch_sizes_of(sorted(other_lengths, reverse=True)),
        "samples": samples,
        "otherSamples": other_samples,
        "query": normal(generator, rows, width) * spread,
        "key": normal(generator, other_rows, width),
        "value": normal(generator, other_rows, features),
        "dcontext": normal(generator, rows, features),
    }
    options = {"scores": scores, "width": width, "features": features, "steps": max(other_lengths)}
    if scores == "additive":
        tensors["v"] = uniform(generator, spread, width)
    else:
        options["scale"] = width**-0.5
    return in_float64(Case(name, "attention", options, tensors), compute_attention)


def attention_cases() -> list[Case]:
    return [
        attention_case("attention_dot", "dot"),
        attention_case("attention_dot_large", "dot", spread=40.0),
        attention_case("attention_additive", "additive"),
    ]
