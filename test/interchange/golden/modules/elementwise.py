"""The network of elementwise.safetensors, as a module of PyTorch; written by bptt.

    model = load("elementwise.safetensors")
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


def _last(x, lengths):
    """The last step of each sequence, [B, F]."""
    return x[torch.arange(x.shape[0], device=x.device), lengths - 1]


def _sum(x, lengths):
    """The sum over the steps of each sequence, [B, F]."""
    return torch.where(_mask(lengths, x.shape[1]), x, x.new_zeros(())).sum(1)


def _mean(x, lengths):
    """The mean over the steps of each sequence, [B, F]."""
    return _sum(x, lengths) / lengths[:, None].to(x.dtype)


def _max(x, lengths):
    """The largest of each column over the steps of each sequence, [B, F]."""
    return torch.where(_mask(lengths, x.shape[1]), x, x.new_full((), float("-inf"))).amax(1)


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


class Network(nn.Module):
    """Inputs: input. Several are given as a dict, and so are lengths on several time axes: time."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 4, batch_first=True)

    def forward(self, inputs, lengths=None, states=None):
        v = dict(inputs) if isinstance(inputs, dict) else {"input": inputs}
        n = dict(lengths) if isinstance(lengths, dict) else {} if lengths is None else {"time": lengths}
        for name, axis in {"input": "time"}.items():
            if isinstance(v[name], PackedSequence):
                v[name], n[axis] = pad_packed_sequence(v[name], batch_first=True)
            batch, steps = v[name].shape[:2]
            n[axis] = torch.as_tensor(n.get(axis, [steps] * batch), device=v[name].device)
        states = {} if states is None else states
        v["gru"], new = _run(self.gru, v["input"], n["time"], states, "gru")
        v.update(new)
        v["abs"] = torch.abs(v["gru"])
        v["sqrt"] = torch.sqrt(v["abs"])
        v["negate"] = torch.neg(v["gru"])
        v["sigmoid"] = torch.sigmoid(v["negate"])
        v["tanh"] = torch.tanh(v["sigmoid"])
        v["sign"] = torch.sign(v["gru"])
        v["same"] = v["sign"]
        v["halves"] = v["same"] / 2
        v["mean"] = v["tanh"].mean(-1, keepdim=True)
        v["last"] = _last(v["sqrt"], n["time"])
        v["most"] = _max(v["sqrt"], n["time"])
        v["all"] = _sum(v["halves"], n["time"])
        v["quotient"] = v["last"] / v["most"]
        v["joined"] = torch.cat([v["quotient"], v["all"]], -1)
        v["apart"] = v["quotient"][:, None] - v["sqrt"]
        v["shares"] = v["apart"] * v["mean"]
        v["sum"] = v["apart"] + v["halves"]
        v["pooled"] = _mean(v["sum"], n["time"])
        v["rest"] = _mean(v["shares"], n["time"])
        v["result"] = torch.cat([v["pooled"], v["joined"], v["rest"]], -1)
        output = v["result"]
        return output, {name: value for name, value in v.items() if "." in name}


def load(path, device="cpu"):
    """The network with its weights, for inference."""
    model = Network().to(device)
    model.load_state_dict(load_file(path, device=device), strict=True)
    return model.eval()
