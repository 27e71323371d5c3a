/** The Python of recurrent layers that torch.nn does not have. */

export const RECURRENT = `
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
