"""What the modules compute that the library writes for PyTorch. See README.md.

    BPTT_WRITE_MODULES=1 npx vitest run --project all test/interchange/exported-modules.test.ts
    python test/interchange/golden/make_module_outputs.py
"""

import base64
import importlib.util
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pack_sequence

from hashed_numbers import integers, uniform

FOLDER = Path(__file__).resolve().parent / "modules"


def network_of(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Network()


def tensor_of(name: str, shape: list[int]) -> torch.Tensor:
    count = int(np.prod(shape, dtype=np.int64))
    if name.endswith("num_batches_tracked"):
        return torch.tensor(3)
    numbers = uniform(1, name, count, 0.5)
    return torch.from_numpy(numbers + 1 if name.endswith("running_var") else numbers).reshape(shape)


def sequences_of(name: str, asked: dict) -> list[torch.Tensor]:
    """Each sequence of an input: indices [T], rows [T, F], or one row [F]."""
    found = []
    for at, length in enumerate(asked["lengths"]):
        if "size" in asked:
            found.append(torch.from_numpy(integers(1, f"{name} {at}", length, asked["size"])))
        else:
            rows = uniform(1, f"{name} {at}", length * asked["units"]).reshape(length, asked["units"])
            found.append(torch.from_numpy(rows[0] if asked["perSequence"] else rows))
    return found


def flat(output: torch.Tensor, lengths: list[int] | None) -> str:
    """The valid steps of all sequences, one after the other."""
    rows = output if lengths is None else torch.cat([row[:length] for row, length in zip(output, lengths)])
    return base64.b64encode(rows.detach().numpy().astype("<f4").tobytes()).decode()


def results_of(name: str, asked: dict) -> dict[str, str]:
    model = network_of(FOLDER / f"{name}.py")
    tensors = {key: tensor_of(key, shape) for key, shape in asked["tensors"].items()}
    for copy, table in asked["tied"].items():
        tensors[copy] = tensors[table]
    for key in asked["zeros"]:
        tensors[key] = torch.zeros_like(tensors[key])
    model.load_state_dict(tensors, strict=True)
    model = model.double().eval()
    inputs = {key: sequences_of(key, each) for key, each in asked["inputs"].items()}
    padded = {
        key: torch.stack(rows) if asked["inputs"][key]["perSequence"] else torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=0)
        for key, rows in inputs.items()
    }
    lengths = {each["axis"]: each["lengths"] for each in asked["inputs"].values() if not each["perSequence"]}
    output, states = model(padded, lengths)
    outputs = output if isinstance(output, dict) else {"output": output}
    check_ways(model, inputs, asked, outputs, states)
    return {key: flat(value, asked["outputLengths"][key]) for key, value in outputs.items()}


def check_ways(model, inputs, asked, outputs, states) -> None:
    """Packed sequences give the same as padded ones with lengths, and a sequence by itself the same as among others."""
    steps = [key for key, each in asked["inputs"].items() if not each["perSequence"]]
    if len(asked["inputs"]) == 1:
        packed, _ = model(pack_sequence(inputs[steps[0]], enforce_sorted=False))
        alone, last = model(inputs[steps[0]][0][None])
        length = asked["outputLengths"]["output"]
        first = outputs["output"][:1] if length is None else outputs["output"][:1, : length[0]]
        for other, whole in ((packed, outputs["output"]), (alone, first)):
            torch.testing.assert_close(other, whole, rtol=1e-12, atol=1e-12, equal_nan=True)
        for key, value in last.items():
            torch.testing.assert_close(value[0], states[key][0], rtol=1e-12, atol=1e-12)
    if asked["isStepwise"]:
        rows = inputs[steps[0]][0][None]
        _, middle = model(rows[:, :2])
        rest, _ = model(rows[:, 2:], states=middle)
        whole, _ = model(rows)
        torch.testing.assert_close(rest, whole[:, 2:], rtol=1e-12, atol=1e-12)


if __name__ == "__main__":
    asked = json.loads((FOLDER / "asked.json").read_text())
    results = {name: results_of(name, each) for name, each in asked.items()}
    (FOLDER / "outputs.json").write_text(json.dumps({"torch": torch.__version__, "outputs": results}, indent=1) + "\n")
