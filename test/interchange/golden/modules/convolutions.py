"""The network of convolutions.safetensors, as a module of PyTorch; written by bptt.

    model = load("convolutions.safetensors")
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


def _max(x, lengths):
    """The largest of each column over the steps of each sequence, [B, F]."""
    return torch.where(_mask(lengths, x.shape[1]), x, x.new_full((), float("-inf"))).amax(1)


def _convolution(module, x, lengths, before, behind):
    """Each sequence by itself, with zeros before it and behind it."""
    x = torch.where(_mask(lengths, x.shape[1]), x, x.new_zeros(()))
    return module(functional.pad(x.transpose(1, 2), (before, behind))).transpose(1, 2)


def _same(module, x, lengths):
    """As `_convolution`, with padding for ceil(length / stride) outputs, which depends on the length."""
    (kernel,), (stride,), (dilation,) = module.kernel_size, module.stride, module.dilation
    reach = (kernel - 1) * dilation + 1
    outputs = []
    for row, length in zip(x, lengths.tolist()):
        padding = max(0, ((length + stride - 1) // stride - 1) * stride + reach - length)
        padded = functional.pad(row[:length].T, (padding // 2, padding - padding // 2))
        outputs.append(module(padded[None])[0].T)
    return nn.utils.rnn.pad_sequence(outputs, batch_first=True)


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
        self.conv1d = nn.Conv1d(3, 6, 2, stride=1, dilation=2, groups=3, bias=True)
        self.conv1d_1 = nn.Conv1d(6, 4, 4, stride=1, dilation=1, groups=1, bias=False)
        self.conv1d_2 = nn.Conv1d(4, 4, 3, stride=2, dilation=1, groups=1, bias=True)
        self.conv1d_3 = nn.Conv1d(4, 4, 2, stride=2, dilation=1, groups=1, bias=True)
        self.gru = nn.GRU(4, 3, batch_first=True)

    def forward(self, inputs, lengths=None, states=None):
        v = dict(inputs) if isinstance(inputs, dict) else {"input": inputs}
        n = dict(lengths) if isinstance(lengths, dict) else {} if lengths is None else {"time": lengths}
        for name, axis in {"input": "time"}.items():
            if isinstance(v[name], PackedSequence):
                v[name], n[axis] = pad_packed_sequence(v[name], batch_first=True)
            batch, steps = v[name].shape[:2]
            n[axis] = torch.as_tensor(n.get(axis, [steps] * batch), device=v[name].device)
        states = {} if states is None else states
        v["conv1d"] = _convolution(self.conv1d, v["input"], n["time"], 2, 0)
        v["conv1d_1"] = _convolution(self.conv1d_1, v["conv1d"], n["time"], 1, 2)
        v["activation"] = torch.relu(v["conv1d_1"])
        v["conv1d_2"] = _same(self.conv1d_2, v["activation"], n["time"])
        n["time/1:2"] = torch.div(n["time"] - 1, 2, rounding_mode="floor") + 1
        v["conv1d_3"] = _convolution(self.conv1d_3, v["conv1d_2"], n["time/1:2"], 0, 0)
        n["time/1:2/2:2"] = torch.div(n["time/1:2"] - 2, 2, rounding_mode="floor") + 1
        v["gru"], new = _run(self.gru, v["conv1d_3"], n["time/1:2/2:2"], states, "gru")
        v.update(new)
        v["pool"] = _max(v["gru"], n["time/1:2/2:2"])
        output = v["pool"]
        return output, {name: value for name, value in v.items() if "." in name}


def load(path, device="cpu"):
    """The network with its weights, for inference."""
    model = Network().to(device)
    model.load_state_dict(load_file(path, device=device), strict=True)
    return model.eval()
