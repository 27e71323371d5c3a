"""One training step of an encoder-decoder with attention, pair by pair and without padding. See make_goldens.py."""

import torch
from torch import nn

from golden_case import Case, generator_for, in_float64, uniform

BEGIN, END, SYMBOLS = 0, 1, 8


class Attention(nn.Module):
    """Queries [T, U] over a memory [S, U]; parameters as the library names them."""

    def __init__(self, scores: str, units: int, width: int):
        super().__init__()
        self.scores = scores
        if scores == "general":
            self.weight = nn.Parameter(torch.empty(units, units))
        else:
            self.query_weight = nn.Parameter(torch.empty(width, units))
            self.memory_weight = nn.Parameter(torch.empty(width, units))
            self.bias = nn.Parameter(torch.empty(width))
            self.v = nn.Parameter(torch.empty(width))

    def forward(self, query: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        if self.scores == "general":
            scores = query @ self.weight.T @ memory.T
        else:
            mapped = (query @ self.query_weight.T)[:, None] + (memory @ self.memory_weight.T + self.bias)[None]
            scores = torch.tanh(mapped) @ self.v
        return torch.softmax(scores, -1) @ memory


class EncoderDecoder(nn.Module):
    """Bidirectional encoder, bridged states, decoder with attention: test/model/encoder-decoder-models.ts."""

    def __init__(self, cell: str, scores: str, units: int, width: int):
        super().__init__()
        recurrent = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.sourceEmbedding = nn.Embedding(SYMBOLS, 5)
        self.encoder = recurrent(5, units, bidirectional=True)
        self.hBridge = nn.Linear(2 * units, units)
        if cell == "lstm":
            self.cBridge = nn.Linear(2 * units, units)
        self.memory = nn.Linear(2 * units, units)
        self.embedding = nn.Embedding(SYMBOLS, units)
        self.decoder = recurrent(units, units)
        self.context = Attention(scores, units, width)
        self.combined = nn.Linear(2 * units, units)
        self.words = nn.Linear(units, SYMBOLS)

    def forward(self, source: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        """Logits [T, SYMBOLS] of one pair."""
        read, ends = self.encoder(self.sourceEmbedding(source))
        if isinstance(ends, tuple):
            first = (self.hBridge(ends[0].flatten())[None], self.cBridge(ends[1].flatten())[None])
        else:
            first = self.hBridge(ends.flatten())[None]
        hidden, _ = self.decoder(self.embedding(previous), first)
        context = self.context(hidden, self.memory(read))
        return self.words(torch.tanh(self.combined(torch.cat([hidden, context], -1))))


def compute_encoder_decoder(case: Case, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    options = case.options
    weights = {name.removeprefix("weight/"): value.clone() for name, value in tensors.items()}
    model = EncoderDecoder(options["cell"], options["scores"], options["units"], options["width"])
    model = model.to(weights["words.bias"].dtype)
    model.load_state_dict(weights)
    logits, words = [], []
    for source, target in zip(options["sources"], options["targets"]):
        logits.append(model(torch.tensor(source), torch.tensor([BEGIN, *target])))
        words += [*target, END]
    loss = nn.functional.cross_entropy(torch.cat(logits), torch.tensor(words))
    loss.backward()
    gradients = {f"gradient/{name}": value.grad.clone() for name, value in model.named_parameters()}
    torch.optim.SGD(model.parameters(), lr=options["learningRate"]).step()
    final = {f"final/{name}": value.detach() for name, value in model.named_parameters()}
    return {"logits": torch.cat(logits).detach(), "loss": loss.detach().reshape(1), **gradients, **final}


def encoder_decoder_case(cell: str, scores: str) -> Case:
    """Pairs of all lengths, in no order of either side's."""
    name = f"encoder_decoder_{cell}_{scores}"
    generator = generator_for(name)
    lengths = [(3, 5), (6, 1), (1, 2), (4, 0), (2, 4)]
    draw = lambda count: torch.randint(2, SYMBOLS, (count,), generator=generator).tolist()  # noqa: E731
    options = {"cell": cell, "scores": scores, "units": 6, "width": 7, "learningRate": 0.5}
    options["sources"] = [draw(source) for source, _ in lengths]
    options["targets"] = [draw(target) for _, target in lengths]
    shapes = EncoderDecoder(cell, scores, options["units"], options["width"]).state_dict()
    tensors = {f"weight/{key}": uniform(generator, 1.0, *value.shape) for key, value in shapes.items()}
    return in_float64(Case(name, "encoderDecoder", options, tensors), compute_encoder_decoder)


def encoder_decoder_cases() -> list[Case]:
    return [encoder_decoder_case("gru", "general"), encoder_decoder_case("lstm", "additive")]
