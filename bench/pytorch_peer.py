"""PyTorch's side of a benchmark: one JSON request per line in, one JSON answer per line out.

The benchmark starts this process, and alternates short runs here with runs of the other sides, so that all meet the
same machine. README.md has the protocol. An exception is answered as {"error": ...} and the process goes on.
"""

import json
import sys
from pathlib import Path

import torch
from pytorch_tasks import Transcribe, Translate
from pytorch_timing import timed, timed_together
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import PackedSequence

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
SAMPLES = 256


def choose_backend(step) -> bool:
    """Turns oneDNN on or off, whichever is faster for this step: on where it computes long, off for single steps."""
    durations = {}
    for enabled in (True, False):
        torch.backends.mkldnn.enabled = enabled
        step()  # oneDNN generates its code
        once = timed(step, 1)[0]
        durations[enabled] = min([once, *timed(step, min(100, int(20 / once)))])
    torch.backends.mkldnn.enabled = durations[True] <= durations[False]
    return torch.backends.mkldnn.enabled


def sample_of(tensor: torch.Tensor) -> list[float]:
    """Numbers spread evenly over a tensor, as shared/agreement.mjs takes them."""
    flat = tensor.detach().flatten()
    return flat[torch.arange(SAMPLES) * flat.numel() // SAMPLES].tolist()


def read_numbers(folder: str, name: str) -> torch.Tensor:
    """The raw float32 of a file that shared/case-data.mjs wrote."""
    return torch.frombuffer(bytearray(Path(folder, f"{name}.f32").read_bytes()), dtype=torch.float32)


def read_parameters(module: nn.Module, folder: str) -> None:
    """Fills the parameters, which are in PyTorch's own order."""
    values = read_numbers(folder, "parameters")
    begin = 0
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(values[begin:begin + parameter.numel()].view_as(parameter))
            begin += parameter.numel()
    if begin != len(values):
        raise ValueError(f"there are {len(values)} numbers for {begin} parameters")


class Layer:
    """Recurrent layers alone: forward without autograd, or forward and backward with all gradients."""

    def __init__(self, request: dict):
        problem, folder = request["problem"], request["folder"]
        steps, batch, inputs, units = (problem[name] for name in ("steps", "batch", "inputs", "units"))
        bidirectional = problem["bidirectional"]
        self.training = request["mode"] == "training"
        self.module = CELLS[problem["cell"]](inputs, units, problem["layers"], bidirectional=bidirectional)
        read_parameters(self.module, folder)
        lengths = request["lengths"]
        rows = sum(lengths)
        width = units * (2 if bidirectional else 1)
        x, dy = read_numbers(folder, "x")[:rows * inputs], read_numbers(folder, "dy")[:rows * width]
        self.batch_sizes = None
        if problem["ragged"]:
            self.batch_sizes = torch.tensor([sum(length > t for length in lengths) for t in range(steps)])
        shape = (rows,) if problem["ragged"] else (steps, batch)
        self.x, self.dy = x.view(*shape, inputs), dy.view(*shape, width)
        self.x.requires_grad_(self.training)
        with torch.inference_mode(not self.training):
            self.report = {"oneDNN": choose_backend(self._step)}

    def _forward(self) -> torch.Tensor:
        packed = self.batch_sizes is not None
        output, _ = self.module(PackedSequence(self.x, self.batch_sizes) if packed else self.x)
        return output.data if packed else output

    def _step(self) -> torch.Tensor:
        if not self.training:
            return self._forward()
        self.module.zero_grad(set_to_none=True)
        self.x.grad = None
        output = self._forward()
        output.backward(self.dy)
        return output

    def run(self, repeat: int) -> dict:
        with torch.inference_mode(not self.training):
            return {"ms": timed(self._step, repeat)}

    def sample(self) -> dict:
        with torch.inference_mode(not self.training):
            output = self._step()
        if not self.training:
            return {"y": sample_of(output)}
        gradients = {name: sample_of(getattr(self.module, name).grad) for name in ("weight_hh_l0", "bias_hh_l0")}
        return {"x": sample_of(self.x.grad), **gradients}


class Stream:
    """One step after the other of one sequence, the state passed on by the caller."""

    def __init__(self, request: dict):
        problem, folder = request["problem"], request["folder"]
        self.module = CELLS[problem["cell"]](problem["inputs"], problem["units"])
        read_parameters(self.module, folder)
        self.rows = list(read_numbers(folder, "x").view(-1, 1, 1, problem["inputs"]))
        self._reset()
        with torch.inference_mode():
            self.report = {"oneDNN": choose_backend(self._step)}

    def _reset(self) -> None:
        self.state, self.position = None, 0

    def _step(self) -> None:
        self.output, self.state = self.module(self.rows[self.position % len(self.rows)], self.state)
        self.position += 1

    def run(self, repeat: int) -> dict:
        with torch.inference_mode():
            return {"ms": timed_together(self._step, repeat)}

    def sample(self) -> dict:
        self._reset()
        with torch.inference_mode():
            for _ in self.rows:
                self._step()
        return {"h": sample_of(self.output)}


class SymbolModel(nn.Module):
    """Embedding, recurrent layers, linear: ids [T,B] -> logits [T,B,V], as a user of torch.nn writes it."""

    def __init__(self, cell: str, vocabulary: int, embedding: int, units: int, layers: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.rnn = CELLS[cell](embedding, units, layers)
        self.linear = nn.Linear(units, vocabulary)

    def forward(self, ids: torch.Tensor, state):
        hidden, state = self.rnn(self.embedding(ids), state)
        return self.linear(hidden), state


def detached(state):
    """The carried state without its history: truncated backpropagation through time."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


class Model:
    """Complete training steps of a model of characters or words, the state carried from one to the next."""

    def __init__(self, request: dict):
        problem = request["problem"]
        sizes = {name: problem[name] for name in ("vocabulary", "embedding", "units", "layers")}
        self.model = SymbolModel(problem["cell"], **sizes)
        # The fused implementations: one pass over each parameter, the fastest that PyTorch has on a CPU.
        kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
        self.optimizer = kinds[problem["optimizer"]](self.model.parameters(), lr=problem["learningRate"], fused=True)
        self.clip_norm = problem["clipNorm"]
        ids = torch.randint(problem["vocabulary"], (problem["steps"] + 1, problem["batch"]))
        self.ids, self.targets = ids[:-1], ids[1:].flatten()
        self.state = None
        self.report = {"parameters": sum(p.numel() for p in self.model.parameters())}

    def _step(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        logits, state = self.model(self.ids, self.state)
        self.state = detached(state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), self.targets)
        loss.backward()
        clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.optimizer.step()
        self.loss = loss.item()

    def run(self, repeat: int) -> dict:
        times = timed(self._step, repeat)
        return {"ms": times, "loss": self.loss, "tokens": self.targets.numel()}


def resident_bytes() -> int | None:
    """The peak of this process; None where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(text for text in status.read_text().splitlines() if text.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


class Peer:
    """Holds the open task between requests."""

    tasks = {"layer": Layer, "stream": Stream, "model": Model, "translate": Translate, "transcribe": Transcribe}

    def __init__(self):
        self.task = None

    def _open(self, request: dict) -> dict:
        torch.set_num_threads(request["threads"])
        torch.manual_seed(1)
        self.task = self.tasks[request["task"]](request)
        return {"ok": True, "version": torch.__version__.split("+")[0], **getattr(self.task, "report", {})}

    def answer(self, request: dict) -> dict:
        """The answer to one request."""
        try:
            if request["op"] == "open":
                return self._open(request)
            if self.task is None:
                raise RuntimeError(f"{request['op']} before open")
            if request["op"] == "sample":
                return {"tensors": self.task.sample()}
            if request["op"] != "run":
                raise ValueError(f"unknown op {request['op']!r}, expected open, sample, run or quit")
            return {**self.task.run(request["repeat"]), "rssBytes": resident_bytes()}
        except Exception as error:  # noqa: BLE001 - the benchmark decides what an error means
            return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    peer = Peer()
    for line in sys.stdin:
        request = json.loads(line)
        if request["op"] == "quit":
            break
        print(json.dumps(peer.answer(request)), flush=True)


if __name__ == "__main__":
    main()
