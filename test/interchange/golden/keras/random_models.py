"""Random small Keras models: every layer, option and way of connecting that the reader of Keras files takes over."""
import random


class Layers:
    """The layers of one version of Keras; `has` tells which there are."""

    def __init__(self, modules, make_input, sequential, functional, version):
        self.modules, self.input, self.version = modules, make_input, version
        self.sequential, self.functional = sequential, functional

    def has(self, name):
        return any(hasattr(module, name) for module in self.modules)

    def __getattr__(self, name):
        for module in self.modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)


CELL_ACTIVATIONS = ["tanh", "relu", "sigmoid", "linear", "hard_sigmoid"]
GATE_ACTIVATIONS = ["sigmoid", "hard_sigmoid"]
FUNCTIONS = ["tanh", "relu", "sigmoid", "linear", "softmax", "elu", "selu", "softplus", "softsign", "exponential", "swish", "hard_sigmoid"]
NEW_FUNCTIONS = ["leaky_relu", "silu", "mish", "relu6", "hard_silu", "hard_tanh"]


class Maker:
    def __init__(self, layers, seed):
        self.L, self.random = layers, random.Random(seed)

    def flag(self, probability=0.5):
        return self.random.random() < probability

    def units(self):
        return self.random.randint(1, 6)

    def function(self):
        names = FUNCTIONS + (NEW_FUNCTIONS if self.L.version == 3 else [])
        return self.random.choice(names)

    def cell_options(self, kind):
        options = {"activation": self.random.choice(["tanh", "tanh"] + CELL_ACTIVATIONS), "use_bias": self.flag(0.8)}
        if kind != "SimpleRNN":
            options["recurrent_activation"] = self.random.choice(GATE_ACTIVATIONS)
        if kind == "GRU":
            options["reset_after"] = self.flag()
        if self.flag(0.2):
            options.update(dropout=0.25, recurrent_dropout=0.125)
        return options

    def kind(self):
        return self.random.choice(["SimpleRNN", "LSTM", "GRU"])

    def recurrent(self, kind=None, units=None, **options):
        kind = kind or self.kind()
        return getattr(self.L, kind)(units or self.units(), **self.cell_options(kind), **options)

    def stacked(self, **options):
        cells = []
        for _ in range(self.random.randint(1, 3)):
            kind = self.kind()
            cells.append(getattr(self.L, kind + "Cell")(self.units(), **self.cell_options(kind)))
        cell = cells[0] if len(cells) == 1 else self.L.StackedRNNCells(cells)
        return self.L.RNN(cell, **options)

    def bidirectional(self, **options):
        units = self.units()
        kind = self.kind()
        forward = self.recurrent(kind, units, **options)
        backward = None
        if self.flag(0.3):
            backward = self.recurrent(self.kind(), units, go_backwards=True, **options)
        mode = self.random.choice(["concat", "sum", "mul", "ave"])
        return self.L.Bidirectional(forward, merge_mode=mode, **({} if backward is None else {"backward_layer": backward}))

    def convolution(self):
        kernel, dilation = self.random.randint(1, 3), self.random.choice([1, 1, 2])
        stride = self.random.choice([1, 1, 2]) if dilation == 1 else 1
        padding = self.random.choice(["valid", "same", "causal"])
        options = {"strides": stride, "dilation_rate": dilation, "padding": padding, "use_bias": self.flag(0.8)}
        choice = self.random.random()
        if choice < 0.15 and self.L.has("DepthwiseConv1D") and self.L.version == 3 and padding != "causal":
            return self.L.DepthwiseConv1D(kernel, depth_multiplier=self.random.randint(1, 2), activation="relu", **options)
        if choice < 0.3 and self.L.has("SeparableConv1D") and padding != "causal":
            return self.L.SeparableConv1D(self.units(), kernel, depth_multiplier=2, **options)
        return self.L.Conv1D(self.units(), kernel, activation=self.function(), **options)

    def normalization(self):
        options = {"scale": self.flag(0.8), "center": self.flag(0.8), "epsilon": self.random.choice([1e-3, 1e-5])}
        if self.flag() and self.L.has("BatchNormalization"):
            return self.L.BatchNormalization(momentum=0.9, **options)
        if self.L.has("LayerNormalization"):
            return self.L.LayerNormalization(**options)
        return self.L.Dense(self.units())

    def each_step(self):
        """A layer that keeps the steps and works on each of them."""
        L = self.L
        makers = [
            lambda: L.Dense(self.units(), activation=self.function(), use_bias=self.flag(0.8)),
            lambda: L.Activation(self.function()),
            self.normalization,
            lambda: L.Dropout(0.3),
            lambda: L.SpatialDropout1D(0.3),
            lambda: L.ReLU(max_value=self.random.choice([None, 0.5]), negative_slope=self.random.choice([0.0, 0.1])),
            lambda: L.LeakyReLU(0.3),
            lambda: L.ELU(alpha=0.7),
            lambda: L.Softmax(),
            lambda: L.PReLU(shared_axes=[1]),
            lambda: L.GaussianNoise(0.1),
        ]
        if L.has("TimeDistributed"):
            makers.append(lambda: L.TimeDistributed(L.Dense(self.units(), activation=self.function())))
        if L.has("Rescaling"):
            makers.append(lambda: L.Rescaling(1.5, offset=-0.25))
        return self.random.choice(makers)()

    def sequence_layer(self):
        choice = self.random.random()
        if choice < 0.3:
            return self.recurrent(return_sequences=True, **({"unroll": True} if False else {}))
        if choice < 0.45 and self.L.has("Bidirectional"):
            return self.bidirectional(return_sequences=True)
        if choice < 0.55:
            return self.stacked(return_sequences=True)
        if choice < 0.65:
            return self.convolution()
        return self.each_step()

    def last_layer(self):
        """From steps to one row."""
        choice = self.random.random()
        if choice < 0.35:
            return self.recurrent(go_backwards=self.flag(0.3))
        if choice < 0.5 and self.L.has("Bidirectional"):
            return self.bidirectional()
        if choice < 0.6:
            return self.stacked(go_backwards=self.flag(0.3))
        return self.random.choice([self.L.GlobalMaxPooling1D, self.L.GlobalAveragePooling1D])()

    def begin(self):
        """The input with its first layers: indices, or numbers."""
        if self.flag(0.3):
            size = self.random.randint(3, 9)
            x = self.L.input((None,), dtype="int32")
            return x, self.L.Embedding(size, self.units())(x)
        x = self.L.input((None, self.random.randint(1, 5)))
        return x, x

    def chain(self):
        """A Sequential model."""
        L = self.L
        if self.flag(0.3):
            layers = [L.input((None,), dtype="int32"), L.Embedding(self.random.randint(3, 9), self.units())]
        else:
            layers = [L.input((None, self.random.randint(1, 5)))]
        layers += [self.sequence_layer() for _ in range(self.random.randint(1, 3))]
        if self.flag():
            layers += [self.last_layer()]
            if self.flag():
                layers += [L.Dense(self.units(), activation=self.function())]
        return L.sequential(layers)

    def joined(self):
        """Two branches over the same steps, joined."""
        L = self.L
        x, y = self.begin()
        units = self.units()
        left = self.recurrent(units=units, return_sequences=True)(y)
        right = L.Dense(units, activation="tanh")(self.recurrent(units=units, return_sequences=True)(y))
        name = self.random.choice(["Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Concatenate"])
        z = getattr(L, name)()([left, right])
        if self.flag():
            z = self.last_layer()(z)
        return L.functional(x, L.Dense(self.units())(z))

    def row_joined(self):
        """One row for each sequence beside steps, from an input of its own and from the sequence."""
        L = self.L
        x, y = self.begin()
        units = self.units()
        row = L.input((3,))
        a = L.Dense(units, activation="tanh")(row)
        b = self.recurrent(units=units)(y)
        z = L.Dense(units)(L.Concatenate()([a, b]))
        steps = self.recurrent(units=units, return_sequences=True)(y)
        z = self.random.choice([L.Add, L.Multiply])()([steps, z])
        return L.functional([x, row], [L.Dense(self.units())(z), a])

    def encoder_decoder(self):
        """Final states of one axis begin those of another."""
        L = self.L
        kind, units = self.random.choice(["LSTM", "GRU", "SimpleRNN"]), self.units()
        source, encoded = self.begin()
        target, decoded = self.begin()
        _, *states = self.recurrent(kind, units, return_state=True, return_sequences=self.flag(0.3))(encoded)
        y = self.recurrent(kind, units, return_sequences=True)(decoded, initial_state=states)
        return L.functional([source, target], L.Dense(self.units(), activation="softmax")(y))

    def states(self):
        """Initial states as inputs, final states as outputs."""
        L = self.L
        kind, units = self.random.choice(["LSTM", "GRU"]), self.units()
        x, y = self.begin()
        given = [L.input((units,)) for _ in range(2 if kind == "LSTM" else 1)]
        y, *final = self.recurrent(kind, units, return_sequences=self.flag(), return_state=True)(y, initial_state=given)
        return L.functional([x, *given], [y, *final])

    def backwards(self):
        """Layers that read backwards behind each other: the order of time is restored."""
        L = self.L
        x, y = self.begin()
        y = self.recurrent(go_backwards=True, return_sequences=True)(y)
        y = L.Dense(self.units(), activation="tanh")(y)
        if self.flag():
            y = self.recurrent(return_sequences=True)(y)
        y = self.recurrent(go_backwards=True, return_sequences=True)(y)
        return L.functional(x, L.Dense(self.units())(y))

    def nested(self):
        """A model inside of another one."""
        L = self.L
        x, y = self.begin()
        width = y.shape[-1]
        if self.flag():
            inner = L.sequential([L.input((None, width)), self.sequence_layer(), self.normalization(), self.sequence_layer()])
        else:
            a = L.input((None, width))
            units = self.units()
            b = self.recurrent(units=units, return_sequences=True)(a)
            inner = L.functional(a, L.Add()([b, L.Dense(units)(a)]))
        return L.functional(x, L.Dense(self.units())(self.normalization()(inner(y))))

    def masked(self):
        """Masking, or an embedding that masks: sequences without padding are what it computes for padded ones."""
        L = self.L
        if self.flag():
            x = L.input((None,), dtype="int32")
            y = L.Embedding(7, self.units(), mask_zero=True)(x)
        else:
            x = L.input((None, 3))
            y = L.Masking(mask_value=-5.0)(x)
        y = self.recurrent(return_sequences=True)(y)
        return L.functional(x, self.recurrent()(y))

    def shared(self):
        """One layer that is called twice."""
        L = self.L
        x, y = self.begin()
        layer = self.recurrent(units=y.shape[-1], return_sequences=True)
        return L.functional(x, L.Dense(self.units())(layer(layer(y))))

    def rows(self):
        """A model without a time axis."""
        L = self.L
        x = L.input((4,))
        y = L.Dense(self.units(), activation=self.function())(x)
        return L.functional(x, L.Concatenate()([L.Dense(2)(self.normalization()(y)), L.Flatten()(y)]))

    def repeated(self):
        """An autoencoder of sequences of 5 steps."""
        L = self.L
        x = L.input((5, 3))
        y = L.RepeatVector(5)(self.recurrent()(x))
        y = L.Reshape((5, -1))(L.Permute((1, 2))(y))
        return L.functional(x, L.Dense(3)(self.recurrent(return_sequences=True)(y)))


SHAPES = ["chain", "chain", "chain", "chain", "joined", "row_joined", "encoder_decoder", "states", "backwards", "nested", "masked", "shared", "rows", "repeated"]


def random_model(layers, seed):
    maker = Maker(layers, seed)
    shape = SHAPES[seed % len(SHAPES)]
    return shape, getattr(maker, shape)()
