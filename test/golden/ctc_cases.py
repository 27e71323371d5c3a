"""Connectionist temporal classification of ragged sequences. See make_goldens.py."""

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from golden_case import Case, generator_for, in_float64, normal
from recurrent_cases import batch_sizes_of


def pack_targets(targets: list[list[int]]) -> dict[str, torch.Tensor]:
    """Targets with an end mark -1, longest first, time-major; `samples` says which target each sequence is."""
    order = sorted(range(len(targets)), key=lambda index: -len(targets[index]))
    rows = [targets[index] + [-1] for index in order]
    sizes = batch_sizes_of([len(row) for row in rows])
    labels = [row[step] for step in range(len(rows[0])) for row in rows if step < len(row)]
    return {"labelBatchSizes": sizes, "labels": torch.tensor(labels), "samples": torch.tensor(order)}


def compute_ctc(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`losses` of the sequences, where a target that does not fit counts as 0, and their reduction."""
    options = case.options
    logits = tensors["logits"].clone().requires_grad_()
    padded, lengths = pad_packed_sequence(PackedSequence(logits, tensors["batchSizes"]))
    targets = options["targets"]
    arguments = {
        "log_probs": padded.log_softmax(2),
        "targets": torch.tensor([label for target in targets for label in target], dtype=torch.long),
        "input_lengths": lengths,
        "target_lengths": torch.tensor([len(target) for target in targets]),
        "blank": options["blank"],
        "zero_infinity": options["zeroInfinity"],
    }
    loss = nn.functional.ctc_loss(**arguments, reduction=options["reduction"])
    losses = nn.functional.ctc_loss(**arguments, reduction="none")
    if "weights" in tensors:
        labels = arguments["target_lengths"].clamp(min=1)
        loss = (tensors["weights"] * losses / labels).sum() / tensors["weights"].sum()
    (gradient,) = torch.autograd.grad(loss, logits, tensors["dloss"].squeeze())
    return {"loss": loss.detach().reshape(1), "losses": losses.detach(), "gradient/logits": gradient}


def ctc_case(name: str, lengths: list[int], targets: list[list[int]], classes: int, size: float = 2.0, **options) -> Case:
    """Frames of these lengths, longest first, each with its target."""
    name = f"ctc_{name}"
    generator = generator_for(name)
    tensors = {"batchSizes": batch_sizes_of(lengths), "logits": normal(generator, sum(lengths), classes) * size}
    tensors |= pack_targets(targets) | {"dloss": torch.tensor([0.75])}
    defaults = {"blank": 0, "reduction": "mean", "zeroInfinity": False}
    if options.pop("weighted", False):
        tensors["weights"] = torch.rand(len(lengths), generator=generator) * 3
        tensors["weights"][1] = 0
    options = {"classes": classes, "lengths": lengths, "targets": targets, **defaults, **options}
    return in_float64(Case(name, "ctc", options, tensors), compute_ctc)


def ctc_cases() -> list[Case]:
    ragged = [[1, 2, 2, 5, 3], [4, 4, 4], [6, 1, 3, 2, 5, 6, 1], [], [2]]
    return [
        ctc_case("mean", [17, 14, 14, 6, 1], ragged, 7),
        ctc_case("weighted", [17, 14, 14, 6, 1], ragged, 7, weighted=True),
        ctc_case("sum", [17, 14, 14, 6, 1], ragged, 7, reduction="sum"),
        ctc_case("blank_last", [12, 9, 3], [[0, 0, 1], [2, 1, 0, 2], []], 4, blank=3),
        ctc_case("zero_infinity", [6, 4, 4, 2], [[1, 2, 1], [1, 1, 2, 2], [3, 2, 1, 3], [1, 2, 3]], 4, zeroInfinity=True),
        ctc_case("large_logits", [40, 25], [[1, 2, 3, 4, 5, 6, 7, 8], [3, 3, 3, 3]], 9, size=20.0, reduction="sum"),
    ]
