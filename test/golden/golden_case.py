"""One case: what PyTorch was asked and what it answered, and the file that holds both. See make_goldens.py."""

import base64
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

NUMPY_TYPES = {"float32": "<f4", "float64": "<f8", "int32": "<i4"}
FOLDER = Path(__file__).resolve().parent


@dataclass
class Case:
    """One file: what was asked (`options`, `inputs`) and what PyTorch answered (`results`)."""

    name: str
    kind: str
    options: dict
    inputs: dict[str, torch.Tensor]
    results: dict[str, torch.Tensor] = field(default_factory=dict)
    float32_error: dict[str, float] = field(default_factory=dict)


def generator_for(name: str) -> torch.Generator:
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def uniform(generator: torch.Generator, bound: float, *shape: int) -> torch.Tensor:
    return (torch.rand(*shape, generator=generator) * 2 - 1) * bound


def normal(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=generator)


def largest_differences(ours: dict[str, torch.Tensor], exact: dict[str, torch.Tensor]) -> dict[str, float]:
    return {name: float(f"{(ours[name].double() - exact[name].double()).abs().max().item():.3g}") for name in exact}


def in_float64(case: Case, compute) -> Case:
    """Fills `case.results` with the float64 results of `compute(case, inputs)`, and the error of float32."""
    as_double = {k: v.double() if v.is_floating_point() else v for k, v in case.inputs.items()}
    case.results = compute(case, as_double)
    case.float32_error = largest_differences(compute(case, case.inputs), case.results)
    return case


def in_float32(case: Case, compute) -> Case:
    """Fills `case.results` with the float32 results of `compute(case, inputs)`, and their distance from float64."""
    as_double = {k: v.double() if v.is_floating_point() else v for k, v in case.inputs.items()}
    case.results = compute(case, case.inputs)
    case.float32_error = largest_differences(case.results, compute(case, as_double))
    return case


def encode(name: str, tensor: torch.Tensor) -> dict:
    """A tensor as {shape, dtype, base64}: float32 or int32, float64 where the name ends with 64; little-endian, row-major."""
    dtype = "int32" if not tensor.is_floating_point() else "float64" if name.endswith("64") else "float32"
    array = np.ascontiguousarray(tensor.numpy().astype(NUMPY_TYPES[dtype]))
    return {"shape": list(array.shape), "dtype": dtype, "base64": base64.b64encode(array.tobytes()).decode()}


def to_json(case: Case) -> str:
    groups = {
        "inputs": {name: encode(name, value) for name, value in case.inputs.items()},
        "results": {name: encode(name, value) for name, value in case.results.items()},
    }
    head = {"name": case.name, "kind": case.kind, "torch": torch.__version__, "options": case.options}
    return json.dumps({**head, "float32Error": case.float32_error, **groups}, indent=1) + "\n"


def differences(case: Case) -> list[str]:
    """Names of the tensors of `case` that differ from its file by more than 1e-5 of the tensor's largest value."""
    path = FOLDER / f"{case.name}.json"
    if not path.exists():
        return ["(no file)"]
    stored = json.loads(path.read_text())
    found = []
    for name, tensor in {**case.inputs, **case.results}.items():
        fresh, kept = encode(name, tensor), (stored["inputs"] | stored["results"]).get(name)
        if kept is None or any(kept[key] != fresh[key] for key in ("shape", "dtype")):
            found.append(name)
            continue
        a, b = (np.frombuffer(base64.b64decode(t["base64"]), NUMPY_TYPES[t["dtype"]]) for t in (fresh, kept))
        is_finite = np.isfinite(b)
        is_same = np.array_equal(a[~is_finite], b[~is_finite], equal_nan=True)
        a, b = a[is_finite], b[is_finite]
        if not is_same or np.abs(a - b).max() > 1e-5 * np.abs(b).max():
            found.append(name)
    return found
