"""
Writes operators.json: single nodes of ONNX with their inputs and outputs, for test/interchange/onnx/evaluate.test.ts.

    pip install onnx==1.23.1 onnxruntime
    python test/interchange/onnx/golden/make_operators.py

The cases of recent operator sets are those of ONNX's own backend tests (Apache-2.0), which state their outputs. Those of older sets, where operators have
attributes in place of inputs, are below, and ONNX Runtime computes their outputs.
"""

import base64
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

OPERATORS = set(
    """Constant ConstantOfShape Shape Size Gather GatherElements GatherND Slice Concat Split Squeeze Unsqueeze Reshape Flatten Transpose
    Expand Tile Range Cast CastLike Add Sub Mul Div Mod Pow Neg Abs Sqrt Exp Log Sin Cos Floor Ceil Round Sign Reciprocal Min Max Sum Mean
    Equal Less LessOrEqual Greater GreaterOrEqual Not And Or Xor Where ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ArgMax CumSum
    Pad Clip Identity Dropout Relu Sigmoid Tanh Softmax MatMul Gemm NonZero Scatter ScatterND ScatterElements OneHot Trilu EyeLike
    """.split()
)

# Types that bptt keeps as numbers, and texts.
TYPES = {getattr(TensorProto, name) for name in "FLOAT DOUBLE FLOAT16 BFLOAT16 INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 BOOL STRING".split()}
SMALL_TYPES = {TensorProto.INT4, TensorProto.UINT4, TensorProto.INT2, TensorProto.UINT2}
MOST_BYTES = 6000
NEWEST = 26

# Remainders of real numbers, which operator set 28 begins with.
SKIPPED = ("test_mod_float16_mixed_sign_fmod_0", "test_mod_float32_mixed_sign_fmod_0", "test_mod_float64_mixed_sign_fmod_0", "test_mod_float_edge_cases_fmod_0")


def is_skipped(name: str) -> bool:
    """Also dropout in training, which is random."""
    return name.startswith(SKIPPED) or (name.startswith("test_training_dropout") and "zero_ratio" not in name)



def to_tensor(array, name: str, as_list: bool) -> TensorProto:
    """A tensor whose numbers are raw bytes, or stand in the list of their type. Some cases have tensors in place of arrays."""
    if isinstance(array, TensorProto):
        tensor = TensorProto()
        tensor.CopyFrom(array)
        tensor.name = name
        return tensor
    tensor = numpy_helper.from_array(array, name)
    if not as_list or tensor.data_type in (TensorProto.STRING, TensorProto.BFLOAT16, TensorProto.FLOAT16):
        return tensor
    return helper.make_tensor(name, tensor.data_type, array.shape, array.flatten().tolist())


def last_version(operator: str, version: int) -> int:
    """The newest operator set, up to NEWEST, in which the operator is the same as in `version`."""
    since = onnx.defs.get_schema(operator, version, "").since_version
    same = [v for v in range(version, NEWEST + 1) if onnx.defs.get_schema(operator, v, "").since_version == since]
    return max(same, default=version)


def first_version(operator: str, version: int) -> int:
    return max(9, onnx.defs.get_schema(operator, version, "").since_version)


def to_case(name: str, node, opset: int, inputs: list, outputs: list, as_list: bool):
    """A graph of one node whose inputs are initializers; None for what is too large or has types that are refused."""
    given = iter(inputs)
    tensors = [to_tensor(next(given), each, as_list) for each in node.input if each]
    results = [to_tensor(each, each_name, False) for each, each_name in zip(outputs, [o for o in node.output if o])]
    if not ({tensor.data_type for tensor in results} <= TYPES and {tensor.data_type for tensor in tensors} <= TYPES | SMALL_TYPES):
        return None
    if node.op_type.startswith("Cast") and results[0].data_type == TensorProto.STRING:
        return None
    graph = helper.make_graph([node], "case", [], [], tensors)
    blobs = [each.SerializeToString() for each in [graph, *results]]
    if sum(map(len, blobs)) > MOST_BYTES:
        return None
    opsets = sorted({first_version(node.op_type, opset), last_version(node.op_type, opset)})
    texts = [base64.b64encode(blob).decode() for blob in blobs]
    return {"name": name, "opsets": opsets, "graph": texts[0], "outputs": texts[1:]}


def backend_cases():
    np.random.seed(0)
    for at, case in enumerate(sorted(collect_testcases(None), key=lambda case: case.name)):
        graph = case.model.graph
        if len(graph.node) != 1 or graph.node[0].op_type not in OPERATORS or graph.node[0].domain != "":
            continue
        if is_skipped(case.name):
            continue
        opset = min(case.model.opset_import[0].version, NEWEST)
        inputs, outputs = case.data_sets[0]
        if not all(isinstance(each, (np.ndarray, np.generic, TensorProto)) for each in [*inputs, *outputs]):
            continue
        arrays = [[each if isinstance(each, TensorProto) else np.asarray(each) for each in side] for side in (inputs, outputs)]
        yield to_case(case.name[5:], graph.node[0], opset, *arrays, at % 2 == 1)


def f32(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape) + len(shape)).normal(size=shape).astype(np.float32)


def i64(*numbers) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def older_cases():
    """(name, opset, operator, inputs, number of outputs, attributes)"""
    x = f32(2, 3, 4)
    whole = np.array([[-7, 7, 5], [9, -9, 0]], dtype=np.int64)
    largest = 2**63 - 1
    yield "slice", 9, "Slice", [x], 1, {"starts": [0, 1], "ends": [1, largest]}
    yield "slice_axes", 9, "Slice", [x], 1, {"starts": [-3, 1], "ends": [-1, 1000], "axes": [2, 0]}
    yield "slice_inputs", 10, "Slice", [x, i64(-1), i64(-largest), i64(1), i64(-1)], 1, {}
    yield "slice_least", 13, "Slice", [x, i64(largest), i64(-largest - 1), i64(2), i64(-2)], 1, {}
    yield "slice_beyond", 11, "Slice", [x, i64(2, 9), i64(largest, 10), i64(-2, -1)], 1, {}
    yield "slice_largest_step", 13, "Slice", [x, i64(1), i64(largest), i64(2), i64(largest)], 1, {}
    yield "split", 9, "Split", [x], 2, {"split": [1, 3], "axis": 2}
    yield "split_equal", 11, "Split", [x], 3, {"axis": -2}
    yield "split_input", 13, "Split", [x, i64(1, 0, 3)], 3, {"axis": -1}
    yield "split_equal_13", 13, "Split", [x], 2, {}
    yield "split_uneven", 18, "Split", [x], 2, {"axis": 1, "num_outputs": 2}
    yield "squeeze", 9, "Squeeze", [f32(1, 3, 1)], 1, {"axes": [0]}
    yield "squeeze_all", 9, "Squeeze", [f32(1, 3, 1)], 1, {}
    yield "squeeze_negative", 11, "Squeeze", [f32(1, 3, 1)], 1, {"axes": [-1]}
    yield "unsqueeze", 9, "Unsqueeze", [f32(3)], 1, {"axes": [0, 2]}
    yield "unsqueeze_negative", 11, "Unsqueeze", [f32(3, 2)], 1, {"axes": [-1, 0]}
    for reduction in ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"]:
        yield f"{reduction}_axes", 9, reduction, [x], 1, {"axes": [1], "keepdims": 0}
        yield f"{reduction}_two_axes", 11, reduction, [x], 1, {"axes": [-1, 0]}
        yield f"{reduction}_all", 12, reduction, [x], 1, {"keepdims": 0}
        yield f"{reduction}_whole", 11, reduction, [whole.astype(np.int32)], 1, {"axes": [0]}
        if reduction != "ReduceSum":
            yield f"{reduction}_13", 13, reduction, [x], 1, {"axes": [2]}
    yield "ReduceSum_13", 13, "ReduceSum", [x, i64(-2)], 1, {"keepdims": 0}
    yield "ReduceSum_none", 13, "ReduceSum", [x], 1, {"noop_with_empty_axes": 1}
    yield "clip", 9, "Clip", [x], 1, {"min": -0.5, "max": 0.25}
    yield "clip_low", 9, "Clip", [x], 1, {"min": 0.1}
    yield "clip_none", 9, "Clip", [x], 1, {}
    yield "clip_inputs", 11, "Clip", [x, np.float32(-0.3), np.float32(0.1)], 1, {}
    yield "clip_high", 12, "Clip", [x, None, np.float32(0.1)], 1, {}
    yield "clip_whole", 12, "Clip", [whole, np.int64(-8)], 1, {}
    yield "clip_crossed", 13, "Clip", [x, np.float32(0.5), np.float32(-0.5)], 1, {}
    yield "pad", 9, "Pad", [f32(2, 3)], 1, {"pads": [1, 0, 0, 2], "value": 1.5}
    yield "pad_negative", 9, "Pad", [f32(2, 5)], 1, {"pads": [0, -1, 1, -2]}
    yield "pad_reflect", 9, "Pad", [f32(2, 4)], 1, {"pads": [0, 3, 0, 2], "mode": "reflect"}
    yield "pad_edge", 9, "Pad", [f32(2, 4)], 1, {"pads": [1, 0, 2, 3], "mode": "edge"}
    yield "pad_inputs", 11, "Pad", [f32(2, 3), i64(0, 1, 1, 0), np.float32(-2)], 1, {}
    yield "pad_whole", 13, "Pad", [whole, i64(0, 1, 0, 0)], 1, {}
    yield "pad_negative_reflect", 13, "Pad", [f32(2, 6), i64(0, -2, 0, 2)], 1, {"mode": "reflect"}
    yield "dropout", 9, "Dropout", [x], 1, {"ratio": 0.3}
    yield "dropout_ratio", 12, "Dropout", [x, np.float32(0.7)], 2, {}
    for axis in [0, 1, 2]:
        yield f"softmax_{axis}", 9, "Softmax", [x], 1, {"axis": axis}
    yield "softmax_default", 11, "Softmax", [x], 1, {}
    yield "softmax_negative", 11, "Softmax", [x], 1, {"axis": -1}
    yield "softmax_13", 13, "Softmax", [x * 80], 1, {"axis": 0}
    yield "shape", 9, "Shape", [x], 1, {}
    yield "reshape", 9, "Reshape", [x, i64(0, -1)], 1, {}
    yield "reshape_three", 13, "Reshape", [x, i64(-1, 1, 0)], 1, {}
    yield "one_hot", 9, "OneHot", [i64(0, 2, 5, 1), i64(3), f32(2)], 1, {"axis": 0}
    yield "scatter", 9, "Scatter", [f32(3, 3), np.array([[1, 0, 2]], dtype=np.int64), f32(1, 3)], 1, {"axis": 0}
    yield "scatter_elements", 11, "ScatterElements", [f32(3, 4), np.array([[1, -1], [0, 2]], dtype=np.int64), f32(2, 2)], 1, {"axis": 1}
    yield "scatter_nd", 11, "ScatterND", [f32(3, 4), np.array([[2], [0]], dtype=np.int64), f32(2, 4)], 1, {}
    yield "gather_nd", 11, "GatherND", [x, np.array([[[0, 1]], [[1, -1]]], dtype=np.int64)], 1, {}
    yield "gather_nd_batch", 12, "GatherND", [x, np.array([[[2], [0]], [[1], [1]]], dtype=np.int64)], 1, {"batch_dims": 1}
    yield "gather", 9, "Gather", [x, np.array([[2, 0]], dtype=np.int32)], 1, {"axis": 1}
    yield "gather_scalar", 11, "Gather", [x, np.int64(-1)], 1, {"axis": -1}
    yield "gather_elements", 11, "GatherElements", [x, np.array([[[3, 0], [1, -1]]], dtype=np.int64)], 1, {"axis": -1}
    yield "gemm", 9, "Gemm", [f32(2, 3), f32(3, 4), f32(4)], 1, {"alpha": 0.5, "beta": 2.0}
    yield "gemm_transposed", 9, "Gemm", [f32(3, 2), f32(4, 3), f32(2, 1)], 1, {"transA": 1, "transB": 1}
    yield "gemm_two", 11, "Gemm", [f32(2, 3), f32(3, 4)], 1, {}
    yield "mat_mul_vector", 9, "MatMul", [f32(2, 3, 4), f32(4)], 1, {}
    yield "mat_mul_batch", 9, "MatMul", [f32(3), f32(2, 1, 3, 2)], 1, {}
    yield "mat_mul_spread", 13, "MatMul", [f32(2, 1, 2, 3), f32(4, 3, 2)], 1, {}
    yield "cum_sum", 11, "CumSum", [x, np.int32(-2)], 1, {"exclusive": 1, "reverse": 1}
    yield "cast_cut", 9, "Cast", [np.array([-1.9, 1.9, 0.0, -0.5], dtype=np.float32)], 1, {"to": TensorProto.INT64}
    yield "cast_bool", 9, "Cast", [np.array([-1.9, 0.2, 0.0, -0.0], dtype=np.float32)], 1, {"to": TensorProto.BOOL}
    yield "cast_half", 9, "Cast", [np.array([1e-8, 65519, 65520, 0.1, 2049, 2051, 6e-8], dtype=np.float32)], 1, {"to": TensorProto.FLOAT16}
    yield "cast_wrap", 9, "Cast", [np.array([300, -129, 255], dtype=np.int64)], 1, {"to": TensorProto.INT8}
    yield "cast_wide", 9, "Cast", [np.array([16777217, -3], dtype=np.int64)], 1, {"to": TensorProto.FLOAT}
    yield "flatten", 9, "Flatten", [x], 1, {"axis": 0}
    yield "flatten_all", 11, "Flatten", [x], 1, {"axis": 3}
    yield "arg_max", 9, "ArgMax", [x], 1, {"axis": 1, "keepdims": 0}
    yield "arg_max_last", 12, "ArgMax", [np.float32([[1, 3, 3], [2, 2, 1]])], 1, {"axis": -1, "select_last_index": 1}
    yield "divide", 9, "Div", [whole, np.int64(2)], 1, {}
    yield "multiply_wrapped", 9, "Mul", [np.array([65536, 3], dtype=np.int32), np.array([65536 // 2, 5], dtype=np.int32)], 1, {}
    yield "modulo", 10, "Mod", [whole, i64(3, -3, 4)], 1, {}
    yield "modulo_fmod", 10, "Mod", [whole, i64(3, -3, 4)], 1, {"fmod": 1}
    yield "power_whole", 13, "Pow", [whole, np.int64(3)], 1, {}
    yield "power_mixed", 13, "Pow", [f32(2, 3), np.array([2, -1, 0], dtype=np.int64)], 1, {}
    yield "max_spread", 9, "Max", [f32(2, 1), f32(3), f32(1, 1, 3)], 1, {}
    yield "mean_spread", 9, "Mean", [f32(2, 1), f32(3), f32(1)], 1, {}
    yield "round_ties", 11, "Round", [np.float32([0.5, 1.5, 2.5, -0.5, -1.5, 2.6])], 1, {}
    yield "range_real", 11, "Range", [np.float32(1), np.float32(2), np.float32(0.3)], 1, {}
    yield "range_back", 11, "Range", [np.int64(5), np.int64(-2), np.int64(-3)], 1, {}
    yield "where", 9, "Where", [np.array([[True], [False]]), x[0, :2], np.float32(7)], 1, {}
    yield "expand", 9, "Expand", [f32(3, 1), i64(2, 1, 4)], 1, {}
    yield "tile", 9, "Tile", [f32(2, 3), i64(2, 2)], 1, {}
    yield "concat_empty", 11, "Concat", [i64(), i64(3, 4), i64(5)], 1, {"axis": 0}
    yield "transpose_default", 9, "Transpose", [x], 1, {}
    yield "eye_like", 9, "EyeLike", [f32(3, 4)], 1, {"k": -1, "dtype": TensorProto.INT32}
    yield "constant", 9, "Constant", [], 1, {"value": numpy_helper.from_array(f32(2, 2))}
    yield "constant_floats", 12, "Constant", [], 1, {"value_floats": [0.1, -2.5]}
    yield "constant_ints", 13, "Constant", [], 1, {"value_ints": [3, -2]}
    yield "constant_int", 13, "Constant", [], 1, {"value_int": 3}
    yield "constant_text", 13, "Constant", [], 1, {"value_string": "time"}
    yield "constant_of_shape", 9, "ConstantOfShape", [i64(2, 0, 3)], 1, {}
    yield "constant_of_shape_value", 9, "ConstantOfShape", [i64(2, 2)], 1, {"value": helper.make_tensor("v", TensorProto.INT64, [1], [7])}
    yield "constant_of_shape_scalar", 9, "ConstantOfShape", [i64()], 1, {}
    yield "add_whole", 9, "Add", [whole, np.int64(-1)], 1, {}
    yield "equal_bool", 11, "Equal", [np.array([True, False]), np.array([True, True])], 1, {}
    yield "trilu_batch", 14, "Trilu", [x, np.int64(1)], 1, {"upper": 0}


def run_older(name, opset, operator, inputs, count, attributes):
    arrays = [None if each is None else np.asarray(each) for each in inputs]
    names = ["" if each is None else f"i{at}" for at, each in enumerate(arrays)]
    outputs = [f"o{at}" for at in range(count)]
    node = helper.make_node(operator, names, outputs, name=name, **attributes)
    # Inputs of the graph, since ONNX Runtime would fold initializers as bptt does.
    given = {key: array for key, array in zip(names, arrays) if array is not None}
    declared = [helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape) for key, array in given.items()]
    graph = helper.make_graph([node], name, declared, [onnx.ValueInfoProto(name=each) for each in outputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    inferred = onnx.shape_inference.infer_shapes(model)
    results = onnxruntime.InferenceSession(inferred.SerializeToString()).run(None, given)
    return to_case(f"older_{name}", node, opset, list(given.values()), [np.asarray(each) for each in results], False)


def main() -> None:
    warnings.filterwarnings("ignore")
    cases = [case for case in backend_cases() if case is not None]
    for older in older_cases():
        case = run_older(*older)
        assert case is not None, older[0]
        cases.append(case)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = f'"onnx":"{onnx.__version__}","onnxruntime":"{onnxruntime.__version__}"'
    path = Path(__file__).parent / "operators.json"
    path.write_text(f"{{{head},\"cases\":[\n{lines}\n]}}\n")
    print(f"{len(cases)} cases, {path.stat().st_size} bytes")


main()
