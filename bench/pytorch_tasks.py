"""Training steps of whole tasks, as a user of torch.nn writes them: packed sequences where a layer takes them, masks elsewhere."""

import torch
from pytorch_timing import timed
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
CLIP_NORM = 1.0


class Task:
    """Training steps of one batch; a subclass makes `model` and says what its loss is."""

    def _prepare(self, model: nn.Module, tokens: int) -> None:
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
        self.tokens = tokens
        self.report = {"parameters": sum(p.numel() for p in model.parameters())}

    def _step(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss()
        loss.backward()
        clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.loss = loss.item()

    def run(self, repeat: int) -> dict:
        times = timed(self._step, repeat)
        return {"ms": times, "loss": self.loss, "tokens": self.tokens}


class Translator(nn.Module):
    """Bidirectional encoder, bridged states, decoder with general attention: padded ids [B,T] -> logits [B,T,V]."""

    def __init__(self, problem: dict):
        super().__init__()
        cell, width, units = CELLS[problem["cell"]], problem["embedding"], problem["units"]
        self.source = nn.Embedding(problem["sourceVocabulary"], width)
        self.target = nn.Embedding(problem["targetVocabulary"], width)
        self.encoder = cell(width, units, bidirectional=True, batch_first=True)
        self.decoder = cell(width, units, batch_first=True)
        self.is_lstm = problem["cell"] == "lstm"
        self.bridges = nn.ModuleList(nn.Linear(2 * units, units) for _ in range(2 if self.is_lstm else 1))
        self.score = nn.Linear(units, 2 * units, bias=False)
        self.combine = nn.Linear(3 * units, units)
        self.words = nn.Linear(units, problem["targetVocabulary"])

    def forward(self, sources, lengths, previous, is_padding):
        packed = pack_padded_sequence(self.source(sources), lengths, batch_first=True)
        encoded, ends = self.encoder(packed)
        memory, _ = pad_packed_sequence(encoded, batch_first=True)
        ends = ends if self.is_lstm else (ends,)
        states = [bridge(torch.cat((end[0], end[1]), 1)).unsqueeze(0) for bridge, end in zip(self.bridges, ends)]
        hidden, _ = self.decoder(self.target(previous), tuple(states) if self.is_lstm else states[0])
        scores = self.score(hidden) @ memory.transpose(1, 2)
        weights = scores.masked_fill(is_padding.unsqueeze(1), float("-inf")).softmax(2)
        return self.words(torch.tanh(self.combine(torch.cat((hidden, weights @ memory), 2))))


class Translate(Task):
    """Cross-entropy of the words of ragged targets."""

    def __init__(self, request: dict):
        problem, lengths = request["problem"], request["lengths"]
        self._prepare(Translator(problem), sum(lengths))
        most = max(lengths)
        self.lengths = torch.tensor(lengths)
        self.is_padding = torch.arange(most) >= self.lengths.unsqueeze(1)
        self.sources = torch.randint(problem["sourceVocabulary"], (len(lengths), most))
        words = torch.randint(problem["targetVocabulary"], (len(lengths), most + 1))
        self.previous = words[:, :-1]
        self.targets = words[:, 1:].masked_fill(self.is_padding, -100)

    def _loss(self):
        logits = self.model(self.sources, self.lengths, self.previous, self.is_padding)
        return nn.functional.cross_entropy(logits.flatten(0, 1), self.targets.flatten())


class Recogniser(nn.Module):
    """Bidirectional layer over padded frames [B,T,I] -> log probabilities [T,B,classes]."""

    def __init__(self, problem: dict):
        super().__init__()
        self.rnn = CELLS[problem["cell"]](problem["inputs"], problem["units"], bidirectional=True, batch_first=True)
        self.linear = nn.Linear(2 * problem["units"], problem["classes"])

    def forward(self, frames, lengths):
        hidden, _ = self.rnn(pack_padded_sequence(frames, lengths, batch_first=True))
        padded, _ = pad_packed_sequence(hidden)
        return self.linear(padded).log_softmax(2)


class Transcribe(Task):
    """Connectionist temporal classification of ragged utterances."""

    def __init__(self, request: dict):
        problem, lengths = request["problem"], request["lengths"]
        self._prepare(Recogniser(problem), sum(lengths))
        self.lengths = torch.tensor(lengths)
        self.frames = torch.rand(len(lengths), max(lengths), problem["inputs"]) * 2 - 1
        self.label_lengths = self.lengths // problem["framesOfLabel"]
        self.labels = torch.randint(1, problem["classes"], (int(self.label_lengths.sum()),))

    def _loss(self):
        scores = self.model(self.frames, self.lengths)
        return nn.functional.ctc_loss(scores, self.labels, self.lengths, self.label_lengths)
