/**
 * What a module file needs besides torch.nn, as Python. Sequences are padded [B, T, F], with their lengths [B]; what stands behind the
 * end of a sequence is never read.
 */

import { RECURRENT } from './python-recurrent.js';

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
