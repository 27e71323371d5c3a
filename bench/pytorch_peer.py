"""PyTorch's side of an interleaved benchmark: one JSON request per line in, one JSON answer per line out.

The benchmark starts this process, and alternates short runs here with runs of its own, so that both meet the same
machine. README.md lists the requests. An exception is answered as {"error": ...} and the process goes on.

Letters: T steps, B sequences, I inputs, H units, L layers.
"""

import json
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import PackedSequence

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class CharacterModel(nn.Module):
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


def make_optimizer(name: str, parameters, learning_rate: float) -> torch.optim.Optimizer:
    """The fused implementations: one pass over each parameter, the fastest that PyTorch has on a CPU."""
    kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    return kinds[name](parameters, lr=learning_rate, fused=True)


def timed(action, repeat: int) -> list[float]:
    """Milliseconds of each of `repeat` calls."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter_ns()
        action()
        times.append((time.perf_counter_ns() - start) / 1e6)
    return times


def resident_bytes(field: str) -> int | None:
    """VmHWM (peak) or VmRSS (now) of this process; None where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(text for text in status.read_text().splitlines() if text.startswith(field + ":"))
    return int(line.split()[1]) * 1024


class Peer:
    """Holds the model between requests; one method per `op`."""

    def __init__(self):
        self.model: CharacterModel | None = None

    def setup(self, request: dict) -> dict:
        """Builds the model with PyTorch's default initialisation, and fixed random ids."""
        if request.get("model", "charlm") != "charlm":
            raise ValueError(f"unknown model {request['model']!r}, expected 'charlm'")
        torch.set_num_threads(request["threads"])
        torch.manual_seed(request.get("seed", 1))
        sizes = {name: request[name] for name in ("vocabulary", "embedding", "units", "layers")}
        self.model = CharacterModel(request["cell"], **sizes)
        self.optimizer = make_optimizer(request["optimizer"], self.model.parameters(), request["learningRate"])
        self.clip_norm = request.get("clipNorm")
        ids = torch.randint(request["vocabulary"], (request["steps"] + 1, request["batch"]))
        self.ids, self.targets = ids[:-1], ids[1:].flatten()
        self.state = None
        parameters = sum(p.numel() for p in self.model.parameters())
        return {"ok": True, "torch": torch.__version__.split("+")[0], "parameters": parameters,
                "threads": torch.get_num_threads(), "rssBytes": resident_bytes("VmRSS")}

    def _train_step(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        logits, state = self.model(self.ids, self.state)
        self.state = detached(state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), self.targets)
        loss.backward()
        if self.clip_norm is not None:
            clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.optimizer.step()
        self.loss = loss.item()

    def train(self, request: dict) -> dict:
        """Complete training steps, the state carried from one to the next."""
        self.model.train()
        times = timed(self._train_step, request["repeat"])
        return {"ms": times, "loss": self.loss, "rssBytes": resident_bytes("VmHWM")}

    def infer(self, request: dict) -> dict:
        """Logits of the same ids without autograd, the state carried; batch 1 and steps 1 give the time of a token."""
        self.model.eval()
        carried = [None]

        def forward():
            _, carried[0] = self.model(self.ids, carried[0])

        with torch.inference_mode():
            times = timed(forward, request["repeat"])
        return {"ms": times, "rssBytes": resident_bytes("VmHWM")}

    def kernel(self, request: dict) -> dict:
        """Recurrent layers alone, forward, or forward and backward with gradients of input, weights and state."""
        modes = ("forward", "forwardBackward")
        if request.get("mode", modes[0]) not in modes:
            raise ValueError(f"unknown mode {request['mode']!r}, expected one of {modes}")
        steps, batch, inputs, units, layers = (request[name] for name in "TBIHL")
        bidirectional = request.get("bidirectional", False)
        torch.set_num_threads(request["threads"])
        torch.manual_seed(request.get("seed", 1))
        module = CELLS[request["cell"]](inputs, units, layers, bidirectional=bidirectional)
        directions = 2 if bidirectional else 1
        h0 = torch.zeros(layers * directions, batch, units)
        state = (h0, torch.zeros_like(h0)) if request["cell"] == "lstm" else h0
        lengths = request.get("lengths")
        valid_steps = sum(lengths) if lengths else steps * batch
        rows = (valid_steps,) if lengths else (steps, batch)
        x, dy = torch.randn(*rows, inputs), torch.randn(*rows, units * directions)
        if lengths:
            if len(lengths) != batch or lengths[0] != steps or lengths != sorted(lengths, reverse=True):
                raise ValueError(f"lengths must be {batch} numbers, sorted, the first {steps}; got {lengths}")
            batch_sizes = torch.tensor([sum(length > t for length in lengths) for t in range(steps)])

        def forward():
            output, _ = module(PackedSequence(x, batch_sizes) if lengths else x, state)
            return output.data if lengths else output

        def forward_backward():
            module.zero_grad(set_to_none=True)
            x.grad = None
            forward().backward(dy)

        if request.get("mode", modes[0]) == "forward":
            with torch.inference_mode():
                times = timed(forward, request["repeat"])
        else:
            x.requires_grad_()
            times = timed(forward_backward, request["repeat"])
        return {"ms": times, "validSteps": valid_steps, "rssBytes": resident_bytes("VmHWM")}

    def answer(self, line: str) -> dict | None:
        """The answer to one request; None for `quit`."""
        operations = {"setup": self.setup, "train": self.train, "infer": self.infer, "kernel": self.kernel}
        try:
            request = json.loads(line)
            if request["op"] == "quit":
                return None
            if request["op"] not in operations:
                raise ValueError(f"unknown op {request['op']!r}, expected one of {[*operations, 'quit']}")
            if request["op"] in ("train", "infer") and self.model is None:
                raise RuntimeError(f"{request['op']} before setup")
            return operations[request["op"]](request)
        except Exception as error:  # noqa: BLE001 - the benchmark decides what an error means
            return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    peer = Peer()
    for line in sys.stdin:
        answer = peer.answer(line)
        if answer is None:
            break
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
