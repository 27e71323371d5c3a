"""The network of pair-dot.safetensors, as a module of PyTorch; written by bptt.

    model = load("pair-dot.safetensors")
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


def _attended(scores, memory, lengths):
    """The mean of the memory's steps by the softmax of scores [B, Q, M]."""
    scores = scores.masked_fill(~_mask(lengths, memory.shape[1])[:, None, :, 0], float("-inf"))
    return torch.softmax(scores, -1) @ memory


class _Attention(nn.Module):
    """Attention of queries [B, Q, F] over a memory [B, M, F]."""

    def __init__(self, score, scale, shapes):
        super().__init__()
        self.score, self.scale = score, scale
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))

    def forward(self, query, memory, lengths):
        if self.score == "additive":
            both = (query @ self.query_weight.T)[:, :, None] + (memory @ self.memory_weight.T + self.bias)[:, None]
            return _attended(torch.tanh(both) @ self.v, memory, lengths)
        if self.score == "general":
            query = query @ self.weight.T
        return _attended(self.scale * query @ memory.transpose(1, 2), memory, lengths)


class Network(nn.Module):
    """Inputs: source, previous. Several are given as a dict, and so are lengths on several time axes: time, source."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(9, 3)
        self.encoder = nn.GRU(3, 4, batch_first=True)
        self.bridge = nn.Linear(4, 4, bias=True)
        self.symbols = nn.Embedding(7, 3)
        self.decoder = nn.GRU(3, 4, batch_first=True)
        self.context = _Attention("dot", 0.5, {})
        self.dense = nn.Linear(12, 7, bias=True)

    def forward(self, inputs, lengths=None, states=None):
        v = dict(inputs) if isinstance(inputs, dict) else {"source": inputs}
        n = dict(lengths) if isinstance(lengths, dict) else {} if lengths is None else {"time": lengths}
        for name, axis in {"source": "source", "previous": "time"}.items():
            if isinstance(v[name], PackedSequence):
                v[name], n[axis] = pad_packed_sequence(v[name], batch_first=True)
            batch, steps = v[name].shape[:2]
            n[axis] = torch.as_tensor(n.get(axis, [steps] * batch), device=v[name].device)
        states = {} if states is None else states
        v["words"] = self.words(v["source"])
        v["encoder"], new = _run(self.encoder, v["words"], n["source"], states, "encoder")
        v.update(new)
        v["bridge"] = self.bridge(v["encoder.h_l0"])
        v["symbols"] = self.symbols(v["previous"])
        v["decoder"], new = _run(self.decoder, v["symbols"], n["time"], states | {"decoder.h_l0": v["bridge"]}, "decoder")
        v.update(new)
        v["context"] = self.context(v["decoder"], v["encoder"], n["source"])
        v["joined"] = torch.cat([v["decoder"], v["context"], v["encoder.h_l0"][:, None].expand(-1, v["decoder"].shape[1], -1)], -1)
        v["dense"] = self.dense(v["joined"])
        output = v["dense"]
        return output, {name: value for name, value in v.items() if "." in name}


def load(path, device="cpu"):
    """The network with its weights, for inference."""
    model = Network().to(device)
    model.load_state_dict(load_file(path, device=device), strict=True)
    return model.eval()
