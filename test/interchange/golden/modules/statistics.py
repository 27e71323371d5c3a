"""The network of statistics.safetensors, as a module of PyTorch; written by bptt.

    model = load("statistics.safetensors")
    output, states = model(inputs)             # all sequences of one length: [B, T, F], or indices [B, T]
    output, states = model(inputs, lengths)    # padded sequences, with the lengths of each
    output, states = model(packed)             # a PackedSequence
    output, states = model(inputs, states=states)    # goes on from these states

Sequences stand in the first axis. Outputs of steps are padded: what stands behind the end of a sequence means nothing.
"""

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def _mask(lengths, steps):
    """[B, T, 1], true within the sequences."""
    return (torch.arange(steps, device=lengths.device)[None] < lengths[:, None])[..., None]


def _sum(x, lengths):
    """The sum over the steps of each sequence, [B, F]."""
    return torch.where(_mask(lengths, x.shape[1]), x, x.new_zeros(())).sum(1)


def _mean(x, lengths):
    """The mean over the steps of each sequence, [B, F]."""
    return _sum(x, lengths) / lengths[:, None].to(x.dtype)


def _rows(module, x, lengths):
    """A module of rows, on the steps of the sequences alone: statistics do not count padding."""
    if lengths is None:
        return module(x)
    mask = _mask(lengths, x.shape[1])[..., 0]
    y = x.new_zeros(x.shape)
    y[mask] = module(x[mask])
    return y


def _initial(states, names, batch, width, x):
    return torch.stack([states[name] if name in states else x.new_zeros(batch, width) for name in names])


def _run(module, x, lengths, states, name):
    """A layer of torch.nn over padded sequences: its outputs, and its final states by name."""
    directions = ("", "_reverse") if module.bidirectional else ("",)
    places = [f"_l{layer}{direction}" for layer in range(module.num_layers) for direction in directions]
    names = [f"{name}.h{place}" for place in places]
    initial = _initial(states, names, x.shape[0], module.proj_size or module.hidden_size, x)
    packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
    if isinstance(module, nn.LSTM):
        cells = [f"{name}.c{place}" for place in places]
        y, (h, c) = module(packed, (initial, _initial(states, cells, x.shape[0], module.hidden_size, x)))
        new = dict(zip(names, h)) | dict(zip(cells, c))
    else:
        y, h = module(packed, initial)
        new = dict(zip(names, h))
    return pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0], new


class _SequenceDropout(nn.Module):
    """Drops the same elements at all steps of a sequence."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        return x * functional.dropout(torch.ones_like(x[:, :1] if x.dim() == 3 else x), self.rate, self.training)


class Network(nn.Module):
    """Inputs: input. Several are given as a dict, and so are lengths on several time axes: time."""

    def __init__(self):
        super().__init__()
        self.batchNormalization = nn.BatchNorm1d(3, eps=0.00001, affine=True, momentum=0.1)
        self.rnn = nn.RNN(3, 4, batch_first=True)
        self.dropout = _SequenceDropout(0.5)
        self.batchNormalization_1 = nn.BatchNorm1d(4, eps=0.01, affine=False, momentum=None)
        self.batchNormalization_2 = nn.BatchNorm1d(4, eps=0.00001, affine=True, momentum=0.2)

    def forward(self, inputs, lengths=None, states=None):
        v = dict(inputs) if isinstance(inputs, dict) else {"input": inputs}
        n = dict(lengths) if isinstance(lengths, dict) else {} if lengths is None else {"time": lengths}
        for name, axis in {"input": "time"}.items():
            if isinstance(v[name], PackedSequence):
                v[name], n[axis] = pad_packed_sequence(v[name], batch_first=True)
            batch, steps = v[name].shape[:2]
            n[axis] = torch.as_tensor(n.get(axis, [steps] * batch), device=v[name].device)
        states = {} if states is None else states
        v["batchNormalization"] = _rows(self.batchNormalization, v["input"], n["time"])
        v["rnn"], new = _run(self.rnn, v["batchNormalization"], n["time"], states, "rnn")
        v.update(new)
        v["dropout"] = self.dropout(v["rnn"])
        v["batchNormalization_1"] = _rows(self.batchNormalization_1, v["dropout"], n["time"])
        v["penalty"] = v["batchNormalization_1"]
        v["pool"] = _mean(v["penalty"], n["time"])
        v["batchNormalization_2"] = _rows(self.batchNormalization_2, v["pool"], None)
        output = v["batchNormalization_2"]
        return output, {name: value for name, value in v.items() if "." in name}


def load(path, device="cpu"):
    """The network with its weights, for inference."""
    model = Network().to(device)
    model.load_state_dict(load_file(path, device=device), strict=True)
    return model.eval()
