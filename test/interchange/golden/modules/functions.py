"""The network of functions.safetensors, as a module of PyTorch; written by bptt.

    model = load("functions.safetensors")
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


class _Row(nn.Module):
    """A trained row."""

    def __init__(self, columns):
        super().__init__()
        self.row = nn.Parameter(torch.empty(columns))


class Network(nn.Module):
    """Inputs: x y, speaker. Several are given as a dict, and so are lengths on several time axes: time."""

    def __init__(self):
        super().__init__()
        self.add_module("class", nn.GRU(4, 4, batch_first=True))
        self.add_module("2nd", nn.Linear(4, 2, bias=True))
        self.scaled = _Row(2)

    def forward(self, inputs, lengths=None, states=None):
        v = dict(inputs) if isinstance(inputs, dict) else {"x y": inputs}
        n = dict(lengths) if isinstance(lengths, dict) else {} if lengths is None else {"time": lengths}
        for name, axis in {"x y": "time"}.items():
            if isinstance(v[name], PackedSequence):
                v[name], n[axis] = pad_packed_sequence(v[name], batch_first=True)
            batch, steps = v[name].shape[:2]
            n[axis] = torch.as_tensor(n.get(axis, [steps] * batch), device=v[name].device)
        states = {} if states is None else states
        v["class"], new = _run(self._modules["class"], v["x y"], n["time"], states, "class")
        v.update(new)
        v["2nd"] = self._modules["2nd"](v["class"])
        v["inverse"] = 1 - v["2nd"]
        v["scaled"] = v["inverse"] * self.scaled.row
        v["with speaker"] = v["scaled"] + v["speaker"][:, None]
        v["capped"] = torch.minimum(v["with speaker"], torch.tensor(0.5))
        v["larger"] = torch.maximum(v["speaker"][:, None], v["capped"])
        v["part"] = v["class"][..., 1:3]
        v["order"] = v["part"][..., [1, 0, 1]]
        v["square"] = v["order"] ** 2
        v["total"] = v["square"].sum(-1, keepdim=True)
        v["joined"] = torch.cat([v["larger"], v["total"], v["speaker"][:, None].expand(-1, v["larger"].shape[1], -1)], -1)
        v["grown"] = torch.exp(v["joined"])
        v["log"] = torch.log(v["grown"])
        v["mean"] = _mean(v["log"], n["time"])
        v["spread"] = v["mean"][:, None].expand(-1, int(n["time"].max()), -1)
        v["relu"] = torch.relu(v["spread"])
        v["product"] = v["relu"] * v["joined"]
        v["middle"] = (v["product"] + v["spread"]) / 2
        v["shares"] = v["middle"].softmax(-1)
        output = {"steps": v["shares"], "sequence": v["mean"]}
        return output, {name: value for name, value in v.items() if "." in name}


def load(path, device="cpu"):
    """The network with its weights, for inference."""
    model = Network().to(device)
    model.load_state_dict(load_file(path, device=device), strict=True)
    return model.eval()
