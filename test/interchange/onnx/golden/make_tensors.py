"""
Writes tensors.json: tensors of ONNX in all forms, and their numbers as ONNX reads them, for test/interchange/onnx/tensor-proto.test.ts.

    pip install onnx==1.23.1
    python test/interchange/onnx/golden/make_tensors.py
"""

import base64
import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper

VALUES = {
    "FLOAT": [0.1, -2.5, 3e38],
    "DOUBLE": [0.1, -2.5, 1e-300],
    "FLOAT16": [0.1, -65504, 6e-8],
    "BFLOAT16": [0.1, -3e38, 1e-40],
    "INT8": [-128, 127, 3],
    "INT16": [-32768, 32767, 3],
    "INT32": [-(2**31), 2**31 - 1, 3],
    "INT64": [-(2**53) + 1, 2**53 - 1, 3, -1],
    "UINT8": [255, 0, 3],
    "UINT16": [65535, 0, 3],
    "UINT32": [2**32 - 1, 0, 3],
    "UINT64": [2**53 - 1, 0, 3],
    "BOOL": [1, 0, 1],
    "INT4": [-8, 7, -1],
    "UINT4": [15, 1, 8, 3],
    "INT2": [-2, 1, -1, 0, 1],
    "UINT2": [3, 1, 2, 0, 3],
}


def case(name: str, is_raw: bool) -> dict:
    values, code = VALUES[name], getattr(TensorProto, name)
    listed = helper.make_tensor("t", code, [len(values), 1], values)
    tensor = numpy_helper.from_array(numpy_helper.to_array(listed), "t") if is_raw else listed
    numbers = numpy_helper.to_array(tensor).astype("float64").flatten().tolist()
    form = "raw" if is_raw else "list"
    assert tensor.HasField("raw_data") == is_raw
    return {"name": f"{name} {form}", "tensor": base64.b64encode(tensor.SerializeToString()).decode(), "numbers": numbers}


cases = [case(name, is_raw) for name in VALUES for is_raw in (False, True)]
lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in cases)
path = Path(__file__).parent / "tensors.json"
path.write_text(f'{{"onnx":"{onnx.__version__}","cases":[\n{lines}\n]}}\n')
