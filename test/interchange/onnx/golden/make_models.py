"""
Writes models.json.gz: models of ONNX with sequences and their outputs, for test/interchange/onnx/models.test.ts.

    pip install torch==2.13.0 onnx==1.23.1 onnxscript onnxruntime
    python test/interchange/onnx/golden/make_models.py [exported|built]

exported.py has random models of PyTorch, built.py graphs that no exporter writes. ONNX Runtime computes the outputs, each sequence by itself;
the reference evaluator of onnx where it does not have an operator.
"""

import gzip
import json
import sys
import warnings
from pathlib import Path


def write(name: str, cases) -> None:
    found = list(cases)
    path = Path(__file__).parent / f"{name}.json.gz"
    text = "[\n" + ",\n".join(json.dumps(each, separators=(",", ":")) for each in found) + "\n]\n"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{name}: {len(found)} models, {path.stat().st_size} bytes", flush=True)


def main() -> None:
    warnings.filterwarnings("ignore")
    wanted = sys.argv[1:] or ["exported", "built"]
    if "built" in wanted:
        from built import built_cases

        write("built_models", built_cases())
    if "exported" in wanted:
        from exported import exported_cases

        write("exported_models", exported_cases())


main()
