"""The network of windows.safetensors, as a module of PyTorch; written by bptt.

    model = load("windows.safetensors")
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


def _columns(module, x, front, behind):
    """A convolution within each row, whose columns are positions of some channels."""
    rows = x.reshape(-1, x.shape[-1] // module.in_channels, module.in_channels).transpose(1, 2)
    return module(functional.pad(rows, (front, behind))).transpose(1, 2).reshape(*x.shape[:-1], -1)


class Network(nn.Module):
    """Inputs: input. Several are given as a dict, and so are lengths on several time axes: time."""

    def __init__(self):
        super().__init__()
        self.columns = nn.Conv1d(2, 4, 2, stride=2, dilation=1, groups=2, bias=True)
        self.wide = nn.Conv1d(8, 3, 2, stride=2, dilation=1, groups=1, bias=True)
        self.early = nn.Conv1d(3, 3, 3, stride=1, dilation=1, groups=1, bias=True)

    def forward(self, inputs, lengths=None, states=None):
        v = dict(inputs) if isinstance(inputs, dict) else {"input": inputs}
        n = dict(lengths) if isinstance(lengths, dict) else {} if lengths is None else {"time": lengths}
        for name, axis in {"input": "time"}.items():
            if isinstance(v[name], PackedSequence):
                v[name], n[axis] = pad_packed_sequence(v[name], batch_first=True)
            batch, steps = v[name].shape[:2]
            n[axis] = torch.as_tensor(n.get(axis, [steps] * batch), device=v[name].device)
        states = {} if states is None else states
        v["columns"] = _columns(self.columns, v["input"], 1, 0)
        v["wide"] = _convolution(self.wide, v["columns"], n["time"], 1, 2)
        n["time/-1:2"] = torch.div(n["time"] - -1, 2, rounding_mode="floor") + 1
        v["early"] = _convolution(self.early, v["wide"], n["time/-1:2"], 2, 0)
        n["time/-1:2"] = torch.div(n["time/-1:2"] - -1, 2, rounding_mode="floor") + 1
        v["elu"] = torch.where(v["early"] > 0, v["early"], 0.5 * torch.expm1(v["early"]))
        v["leaky"] = torch.where(v["elu"] > 0, v["elu"], 0.01 * v["elu"])
        v["gelu"] = functional.gelu(v["leaky"])
        v["selu"] = functional.selu(v["gelu"])
        v["softplus"] = functional.softplus(v["selu"])
        v["sin"] = torch.sin(v["softplus"])
        v["cos"] = torch.cos(v["sin"])
        v["erf"] = torch.erf(v["cos"])
        v["order"] = functional.pad(v["early"], (0, 1))[..., [2, -1, 0]]
        v["largest"] = v["order"].amax(-1, keepdim=True)
        v["smallest"] = v["order"].amin(-1, keepdim=True)
        v["first"] = v["early"][:, 0]
        v["joined"] = torch.cat([v["erf"], v["order"], v["largest"], v["smallest"], v["first"][:, None].expand(-1, v["erf"].shape[1], -1)], -1)
        v["log"] = v["joined"].log_softmax(-1)
        v["logs"] = v["log"].log_softmax(-1)
        output = v["logs"]
        return output, {name: value for name, value in v.items() if "." in name}


def load(path, device="cpu"):
    """The network with its weights, for inference."""
    model = Network().to(device)
    model.load_state_dict(load_file(path, device=device), strict=True)
    return model.eval()
