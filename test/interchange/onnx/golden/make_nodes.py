"""
Writes nodes.json.gz: ONNX's own backend tests of single operators, for test/interchange/onnx/nodes.test.ts.

    pip install onnx==1.23.1
    python test/interchange/onnx/golden/make_nodes.py

The cases are those of onnx (Apache-2.0), which state their outputs.
"""

import base64
import gzip
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

OPERATORS = set(
    """RNN LSTM GRU Conv Gemm MatMul Add Sub Mul Div Sum Max Min Mean Pow Neg Abs Sqrt Exp Log Sin Cos Erf Sign Reciprocal Relu Sigmoid Tanh
    LeakyRelu PRelu Elu Selu Celu Gelu Mish Swish Softplus Softsign HardSigmoid HardSwish ThresholdedRelu Shrink Clip
    Softmax LogSoftmax ReduceSum ReduceMean ReduceMax ReduceMin ReduceSumSquare ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
    LayerNormalization RMSNormalization BatchNormalization InstanceNormalization GlobalAveragePool GlobalMaxPool AveragePool MaxPool
    Gather Slice Split Concat Transpose Reshape Flatten Squeeze Unsqueeze Pad Expand Tile
    Greater GreaterOrEqual Less LessOrEqual Equal Not And Or Where Cast CastLike Constant Identity Dropout If Loop Shape Size
    """.split()
)
OLDEST, NEWEST = 7, 26
MOST_BYTES = 16000


def opsets_of(node, version: int) -> list[int]:
    """The oldest and the newest operator set in which the operator is the same as in `version`; all kinds of the recurrent ones."""
    newest = min(version, NEWEST)
    schema = onnx.defs.get_schema(node.op_type, newest, "")
    since = schema.since_version
    same = [v for v in range(max(OLDEST, since), NEWEST + 1) if onnx.defs.get_schema(node.op_type, v, "").since_version == since]
    opsets = {same[0], same[-1]}
    if node.op_type in ("RNN", "LSTM", "GRU"):
        layout = any(a.name == "layout" for a in node.attribute)
        opsets |= {v for v in (7, 13, 14, 21, 22, NEWEST) if v >= 14 or not layout}
    return sorted(opsets)


def tensor_text(array, name: str) -> str:
    tensor = array if isinstance(array, TensorProto) else numpy_helper.from_array(np.asarray(array), name)
    named = TensorProto()
    named.CopyFrom(tensor)
    named.name = name
    return base64.b64encode(named.SerializeToString()).decode()


# Types that are no numbers here: those of 4 and 8 bits, and texts.
PLAIN = {getattr(TensorProto, name) for name in "FLOAT DOUBLE FLOAT16 BFLOAT16 INT32 INT64 BOOL".split()}


def is_plain(graph) -> bool:
    return all(value.type.tensor_type.elem_type in PLAIN for value in [*graph.input, *graph.output])


def to_case(case):
    graph = case.model.graph
    node = graph.node[0]
    if len(graph.node) != 1 or node.domain != "" or node.op_type not in OPERATORS:
        return None
    inputs, outputs = case.data_sets[0]
    if node.op_type in ("Cast", "CastLike") and not is_plain(case.model.graph):
        return None
    arrays = all(isinstance(each, (np.ndarray, np.generic, TensorProto)) for each in [*inputs, *outputs])
    if not arrays or len(case.model.SerializeToString()) + sum(np.asarray(a).nbytes for a in [*inputs, *outputs] if not isinstance(a, TensorProto)) > MOST_BYTES:
        return {"name": case.name[5:], "operator": node.op_type, "left": "sequences of tensors" if not arrays else "more than 16 kB"}
    onnx_model = onnx.ModelProto()
    onnx_model.CopyFrom(case.model)
    for each in onnx_model.graph.node:
        each.ClearField("doc_string")
    return {
        "name": case.name[5:],
        "operator": node.op_type,
        "opsets": opsets_of(node, case.model.opset_import[0].version),
        "model": base64.b64encode(onnx_model.SerializeToString()).decode(),
        "inputs": [tensor_text(each, value.name) for each, value in zip(inputs, graph.input)],
        "outputs": [tensor_text(each, value.name) for each, value in zip(outputs, graph.output)],
    }


def main() -> None:
    warnings.filterwarnings("ignore")
    np.random.seed(0)
    found = [to_case(case) for case in sorted(collect_testcases(None), key=lambda case: case.name)]
    cases = [case for case in found if case is not None]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = f'{{"onnx":"{onnx.__version__}","cases":[\n{lines}\n]}}\n'
    path = Path(__file__).parent / "nodes.json.gz"
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(cases)} cases, {path.stat().st_size} bytes")


main()
