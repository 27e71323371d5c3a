/**
 * What a module file needs besides torch.nn, as Python. Sequences are padded [B, T, F], with their lengths [B]; what stands behind the
 * end of a sequence is never read.
 */

const MASK = `
def _mask(lengths, steps):
    """[B, T, 1], true within the sequences."""
    return (torch.arange(steps, device=lengths.device)[None] < lengths[:, None])[..., None]
`;

const LAST = `
def _last(x, lengths):
    """The last step of each sequence, [B, F]."""
    return x[torch.arange(x.shape[0], device=x.device), lengths - 1]
`;

const SUM = `
def _sum(x, lengths):
    """The sum over the steps of each sequence, [B, F]."""
    return torch.where(_mask(lengths, x.shape[1]), x, x.new_zeros(())).sum(1)
`;

const MEAN = `
def _mean(x, lengths):
    """The mean over the steps of each sequence, [B, F]."""
    return _sum(x, lengths) / lengths[:, None].to(x.dtype)
`;

const MAX = `
def _max(x, lengths):
    """The largest of each column over the steps of each sequence, [B, F]."""
    return torch.where(_mask(lengths, x.shape[1]), x, x.new_full((), float("-inf"))).amax(1)
`;

const ROWS = `
def _rows(module, x, lengths):
    """A module of rows, on the steps of the sequences alone: statistics do not count padding."""
    if lengths is None:
        return module(x)
    mask = _mask(lengths, x.shape[1])[..., 0]
    y = x.new_zeros(x.shape)
    y[mask] = module(x[mask])
    return y
`;

const CONVOLUTION = `
def _convolution(module, x, lengths, before, behind):
    """Each sequence by itself, with zeros before it and behind it."""
    x = torch.where(_mask(lengths, x.shape[1]), x, x.new_zeros(()))
    return module(functional.pad(x.transpose(1, 2), (before, behind))).transpose(1, 2)


def _same(module, x, lengths):
    """As \`_convolution\`, with padding for ceil(length / stride) outputs, which depends on the length."""
    (kernel,), (stride,), (dilation,) = module.kernel_size, module.stride, module.dilation
    reach = (kernel - 1) * dilation + 1
    outputs = []
    for row, length in zip(x, lengths.tolist()):
        padding = max(0, ((length + stride - 1) // stride - 1) * stride + reach - length)
        padded = functional.pad(row[:length].T, (padding // 2, padding - padding // 2))
        outputs.append(module(padded[None])[0].T)
    return nn.utils.rnn.pad_sequence(outputs, batch_first=True)
`;

const COLUMNS = `
def _columns(module, x, front, behind):
    """A convolution within each row, whose columns are positions of some channels."""
    rows = x.reshape(-1, x.shape[-1] // module.in_channels, module.in_channels).transpose(1, 2)
    return module(functional.pad(rows, (front, behind))).transpose(1, 2).reshape(*x.shape[:-1], -1)
`;

const RUN = `
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
`;

const RECURRENT = `
_ACTIVATIONS = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "identity": lambda x: x,
    "hardSigmoid": lambda x: torch.clamp(x / 6 + 0.5, 0, 1),
    "hardSigmoid02": lambda x: torch.clamp(0.2 * x + 0.5, 0, 1),
    "softsign": functional.softsign,
    "softplus": lambda x: torch.logaddexp(x, x.new_zeros(())),
}
_NUMBERED = {
    "affine": lambda x, alpha, beta: alpha * x + beta,
    "leakyRelu": lambda x, alpha: torch.where(x < 0, alpha * x, x),
    "thresholdedRelu": lambda x, alpha: torch.where(x <= alpha, x.new_zeros(()), x),
    "scaledTanh": lambda x, alpha, beta: alpha * torch.tanh(beta * x),
    "hardSigmoid": lambda x, alpha, beta: torch.clamp(alpha * x + beta, 0, 1),
    "elu": lambda x, alpha: torch.where(x < 0, alpha * torch.expm1(torch.clamp(x, max=0)), x),
}


def _activation(given, limit=None):
    """A function by its name, or by a dict of its name and numbers; its argument is cut to [-limit, limit]."""
    name, numbers = (given, {}) if isinstance(given, str) else (given["name"], {k: v for k, v in given.items() if k != "name"})
    function = _NUMBERED[name] if numbers else _ACTIVATIONS[name]
    return lambda x: function(x if limit is None else torch.clamp(x, -limit, limit), **numbers)


class _Recurrent(nn.Module):
    """Recurrent layers with what torch.nn does not have, one step after the other. \`o\` are the options of the layer."""

    def __init__(self, o, shapes):
        super().__init__()
        self.o = o
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))

    def _normal(self, x, gain):
        return functional.layer_norm(x, x.shape[-1:], gain, None, self.o["epsilon"])

    def _of(self, name, place):
        return getattr(self, name + place, None)

    def _step(self, x, h, c, place):
        """One step of one direction: the new h and c."""
        o, of = self.o, lambda name: self._of(name, place)
        gate, act = _activation(o["gate"], o["limit"]), _activation(o["activation"], o["limit"])
        zero = x.new_zeros(())
        b_ih = zero if of("bias_ih") is None else of("bias_ih")
        b_hh = zero if of("bias_hh") is None else of("bias_hh")
        a, weights, units = x @ of("weight_ih").T, of("weight_hh"), o["units"]
        if o["kind"] == "rnn":
            if o["epsilon"] is None:
                return act(a + b_ih + h @ weights.T + b_hh), None
            return act(self._normal(a + h @ weights.T, of("gain_hh")) + b_hh), None
        if o["epsilon"] is not None:
            a = self._normal(a, of("gain_ih"))
        a = a + b_ih
        if o["kind"] == "gru" and not o["resetAfter"]:
            bias = b_hh.expand(3 * units)
            r, z = gate(a[:, : 2 * units] + h @ weights[: 2 * units].T + bias[: 2 * units]).chunk(2, 1)
            n = act(a[:, 2 * units :] + (r * h) @ weights[2 * units :].T + bias[2 * units :])
            return n + z * (h - n), None
        p = h @ weights.T
        if o["epsilon"] is not None:
            p = self._normal(p, of("gain_hh"))
        p = p + b_hh
        if o["kind"] == "gru":
            r, z = gate(a[:, : 2 * units] + p[:, : 2 * units]).chunk(2, 1)
            n = act(a[:, 2 * units :] + r * p[:, 2 * units :])
            return n + z * (h - n), None
        parts = list((a + p).chunk(3 if o["coupled"] else 4, 1))
        peepholes = of("peepholes")
        seen = [zero] * 3 if peepholes is None else list(peepholes)
        i = gate(parts[0] + seen[0] * c)
        f = 1 - i if o["coupled"] else gate(parts[1] + seen[1] * c)
        new = f * c + i * act(parts[-2])
        if o["clip"] is not None:
            new = torch.clamp(new, -o["clip"], o["clip"])
        out = gate(parts[-1] + seen[-1] * new)
        shown = new if o["epsilon"] is None else self._normal(new, of("gain_c"))
        if of("shift_c") is not None:
            shown = shown + of("shift_c")
        m = out * _activation(o["output"])(shown)
        return m if of("weight_hr") is None else m @ of("weight_hr").T, new

    def _direction(self, x, lengths, h, c, place):
        """All steps; every sequence begins at its own first step, in reverse at its last one."""
        o, outputs = self.o, [None] * x.shape[1]
        steps = range(x.shape[1] - 1, -1, -1) if place.endswith("_reverse") else range(x.shape[1])
        for step in steps:
            is_there = (step < lengths)[:, None]
            new, cell = self._step(x[:, step], h, c, place)
            new = new + o["zoneout"] * (h - new)
            h = torch.where(is_there, new, h)
            if c is not None:
                c = torch.where(is_there, cell + o["zoneoutCell"] * (c - cell), c)
            outputs[step] = h
        return torch.stack(outputs, 1), h, c

    def forward(self, x, lengths, states, name):
        o, new, last = self.o, {}, []
        for layer in range(o["layers"]):
            results, last = [], []
            for direction in o["directions"]:
                place = f"_l{layer}{direction}"
                h = states.get(f"{name}.h{place}", x.new_zeros(x.shape[0], o["width"]))
                c = states.get(f"{name}.c{place}", x.new_zeros(x.shape[0], o["units"])) if o["kind"] == "lstm" else None
                y, h, c = self._direction(x, lengths, h, c, place)
                new[f"{name}.h{place}"] = h
                if c is not None:
                    new[f"{name}.c{place}"] = c
                results.append(y)
            y = sum(results) if o["merge"] == "sum" else torch.cat(results, -1)
            x = y + x if o["residual"] and layer > 0 else y
        return x, new
`;

const ATTENTION = `
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
`;

const POOL = `
class _Pool(nn.Module):
    """The mean over the steps of a sequence by the softmax of v . tanh(W h + b), [B, F]."""

    def __init__(self, units, inputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(units, inputs))
        self.bias = nn.Parameter(torch.empty(units))
        self.v = nn.Parameter(torch.empty(units))

    def forward(self, x, lengths):
        scores = torch.tanh(x @ self.weight.T + self.bias) @ self.v
        scores = scores.masked_fill(~_mask(lengths, x.shape[1])[..., 0], float("-inf"))
        return (torch.softmax(scores, 1)[:, None] @ x)[:, 0]
`;

const ROW = `
class _Row(nn.Module):
    """A trained row."""

    def __init__(self, columns):
        super().__init__()
        self.row = nn.Parameter(torch.empty(columns))
`;

const SEQUENCE_DROPOUT = `
class _SequenceDropout(nn.Module):
    """Drops the same elements at all steps of a sequence."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        return x * functional.dropout(torch.ones_like(x[:, :1] if x.dim() == 3 else x), self.rate, self.training)
`;

const PARTS = {
  mask: { text: MASK, needs: [] },
  last: { text: LAST, needs: [] },
  sum: { text: SUM, needs: ['mask'] },
  mean: { text: MEAN, needs: ['sum'] },
  max: { text: MAX, needs: ['mask'] },
  rows: { text: ROWS, needs: ['mask'] },
  convolution: { text: CONVOLUTION, needs: ['mask'] },
  columns: { text: COLUMNS, needs: [] },
  run: { text: RUN, needs: [] },
  recurrent: { text: RECURRENT, needs: [] },
  attention: { text: ATTENTION, needs: ['mask'] },
  pool: { text: POOL, needs: ['mask'] },
  row: { text: ROW, needs: [] },
  sequenceDropout: { text: SEQUENCE_DROPOUT, needs: [] },
} as const satisfies Record<string, { readonly text: string; readonly needs: readonly string[] }>;

/** A part of the library. */
export type PythonPart = keyof typeof PARTS;

/** The code of parts and of what they need, in an order in which it runs. */
export function pythonLibrary(wanted: ReadonlySet<PythonPart>): string {
  const all = new Set<string>();
  const add = (part: PythonPart): void => {
    for (const need of PARTS[part].needs) add(need);
    all.add(part);
  };
  for (const part of wanted) add(part);
  return Object.entries(PARTS)
    .filter(([name]) => all.has(name))
    .map(([, { text }]) => `\n${text}`)
    .join('');
}
