"""The trained encoder as an int8 ONNX graph, written node by node.

Inputs ``input_ids`` and ``attention_mask`` (batch, tokens); outputs ``sentence_embedding`` (batch,
dimension), pooled and at unit length, ``token_embeddings`` (batch, tokens, dimension), and
``token_marks`` (batch, tokens, heads), what the heads tell of each token. The vector of token type
0 is folded into the positions, so ``token_type_ids`` is not an input.

Numbers are 8-bit: word vectors with one scale a row, matrices with one a column, activations with
one a tensor, found at run time (Jacob et al. 2018); ``qa.training.quantisation`` chooses the
numbers. Mean cosine of the vectors with the exact model: 0.989 when weights are rounded to the
nearest step, 0.998 as they are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qa.training.quantisation import (
    Floats,
    Inputs,
    quantise_for_inputs,
    quantise_rows,
    smoothing_scales,
)

OPSET = 20  # the first with Gelu
MASKED = -10_000.0


def write_graph(
    weights: Mapping[str, Floats],
    inputs: Mapping[str, Inputs],
    heads: int,
    epsilon: float,
    path: Path,
) -> None:
    """Writes the graph of a BERT encoder, given its weights under their ``transformers`` names.

    ``inputs`` tells what each linear layer, by its name, sees.
    """
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph(weights, inputs, heads, epsilon)
    graph.build()
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "sentence_encoder",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
                for name in ("input_ids", "attention_mask")
            ],
            [
                helper.make_tensor_value_info(
                    "sentence_embedding", TensorProto.FLOAT, ["batch", graph.dimension]
                ),
                helper.make_tensor_value_info(
                    "token_embeddings", TensorProto.FLOAT, ["batch", "tokens", graph.dimension]
                ),
                helper.make_tensor_value_info(
                    "token_marks", TensorProto.FLOAT, ["batch", "tokens", graph.marks]
                ),
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
        producer_name="qa.training",
    )
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants while they are written down."""

    def __init__(
        self,
        weights: Mapping[str, Floats],
        inputs: Mapping[str, Inputs],
        heads: int,
        epsilon: float,
    ) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._weights = weights
        self._inputs = inputs
        self._heads = heads
        self._epsilon = epsilon
        self.dimension = weights["embeddings.word_embeddings.weight"].shape[1]
        self.marks = len(weights["heads.bias"])
        self._layers = 1 + max(
            int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer.")
        )

    def build(self) -> None:
        """All nodes, inputs to outputs."""
        self._constant("axis_1", np.array([1], dtype=np.int64))
        self._constant("zero", np.array([0], dtype=np.int64))
        self._constant("weight_zero", np.array(0, dtype=np.int8))
        hidden = self._embeddings()
        self._mask_bias()
        for layer in range(self._layers):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        self._node("Identity", [hidden], "token_embeddings")
        self._constant("heads.weight", np.ascontiguousarray(self._weights["heads.weight"].T))
        self._constant("heads.bias", self._weights["heads.bias"])
        told = self._node("MatMul", [hidden, "heads.weight"])
        self._node("Add", [told, "heads.bias"], "token_marks")
        self._pool(hidden)

    def _embeddings(self) -> str:
        table, scale = quantise_rows(self._weights["embeddings.word_embeddings.weight"])
        self._constant("words", table)
        self._constant("words_scale", scale)
        positions = self._weights["embeddings.position_embeddings.weight"]
        positions = positions + self._weights["embeddings.token_type_embeddings.weight"][0]
        self._constant("positions", positions.astype(np.float16))
        numbers = self._node("Gather", ["words", "input_ids"])
        scales = self._node("Gather", ["words_scale", "input_ids"])
        words = self._node("Mul", [self._cast(numbers), scales])
        tokens = self._node("Shape", ["input_ids"], start=1, end=2)
        used = self._node("Slice", ["positions", "zero", tokens, "zero"])
        return self._norm(self._node("Add", [words, self._cast(used)]), "embeddings.LayerNorm")

    def _mask_bias(self) -> None:
        """0 for tokens, a large negative number for padding, (batch, 1, 1, tokens)."""
        mask = self._cast("attention_mask")
        self._constant("one", np.float32(1))
        self._constant("masked", np.float32(MASKED))
        away = self._node("Mul", [self._node("Sub", ["one", mask]), "masked"])
        self._constant("axes_1_2", np.array([1, 2], dtype=np.int64))
        self._node("Unsqueeze", [away, "axes_1_2"], "mask_bias")
        self._constant("axis_2", np.array([2], dtype=np.int64))
        self._node("Unsqueeze", [mask, "axis_2"], "mask_column")

    def _layer(self, hidden: str, name: str) -> str:
        size = self.dimension // self._heads
        attention = f"{name}.attention"
        # Question, key and value in one product; the scale of the scores goes into the question.
        parts = [f"{attention}.self.{part}" for part in ("query", "key", "value")]
        factors = (size**-0.5, 1.0, 1.0)
        weight = np.concatenate(
            [self._weights[f"{part}.weight"] * f for part, f in zip(parts, factors, strict=True)]
        )
        bias = np.concatenate(
            [self._weights[f"{part}.bias"] * f for part, f in zip(parts, factors, strict=True)]
        )
        joined = self._linear(hidden, weight, bias, parts[0])
        if "heads_shape" not in {constant.name for constant in self.constants}:
            self._constant("heads_shape", np.array([0, 0, 3, self._heads, size], dtype=np.int64))
            self._constant("joined_shape", np.array([0, 0, self.dimension], dtype=np.int64))
        split = self._node("Reshape", [joined, "heads_shape"])
        turned = self._node("Transpose", [split], perm=[2, 0, 3, 1, 4])
        query, key, value = (
            self._node("Gather", [turned, self._index(i)], axis=0) for i in range(3)
        )
        turned_key = self._node("Transpose", [key], perm=[0, 1, 3, 2])
        scores = self._node("Add", [self._node("MatMul", [query, turned_key]), "mask_bias"])
        seen = self._node("MatMul", [self._node("Softmax", [scores], axis=-1), value])
        together = self._node("Transpose", [seen], perm=[0, 2, 1, 3])
        together = self._node("Reshape", [together, "joined_shape"])
        output = self._dense(together, f"{attention}.output.dense")
        hidden = self._norm(self._node("Add", [output, hidden]), f"{attention}.output.LayerNorm")
        inner = self._node("Gelu", [self._dense(hidden, f"{name}.intermediate.dense")])
        output = self._dense(inner, f"{name}.output.dense")
        return self._norm(self._node("Add", [output, hidden]), f"{name}.output.LayerNorm")

    def _pool(self, hidden: str) -> None:
        """Mean over tokens, at unit length (the mean's divisor cancels out)."""
        total = self._node(
            "ReduceSum", [self._node("Mul", [hidden, "mask_column"]), "axis_1"], keepdims=0
        )
        length = self._node("ReduceL2", [total, "axis_1"], keepdims=1)
        self._constant("tiny", np.float32(1e-9))
        self._node("Div", [total, self._node("Max", [length, "tiny"])], "sentence_embedding")

    def _dense(self, value: str, name: str) -> str:
        return self._linear(
            value, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], name
        )

    def _linear(self, value: str, weight: Floats, bias: Floats, name: str) -> str:
        """``value @ weight.T + bias`` with 8-bit numbers; weights are (outputs, inputs)."""
        seen = self._inputs[name]
        smooth = smoothing_scales(seen.largest, weight)
        products = seen.products / smooth / smooth[:, None]
        numbers, scale = quantise_for_inputs(weight * smooth, products)
        self._constant(f"{name}.smooth", 1 / smooth)
        value = self._node("Mul", [value, f"{name}.smooth"])
        self._constant(f"{name}.weight", np.ascontiguousarray(numbers.T))
        self._constant(f"{name}.scale", scale[:, 0])
        self._constant(f"{name}.bias", bias.astype(np.float32))
        parts = [self._name() for _ in range(3)]
        from onnx import helper

        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [value], parts))
        quantised, step, zero = parts
        product = self._node("MatMulInteger", [quantised, f"{name}.weight", zero, "weight_zero"])
        scaled = self._node("Mul", [step, f"{name}.scale"])
        result = self._node("Mul", [self._cast(product), scaled])
        return self._node("Add", [result, f"{name}.bias"])

    def _norm(self, value: str, name: str) -> str:
        for part in ("weight", "bias"):
            self._constant(f"{name}.{part}", self._weights[f"{name}.{part}"])
        return self._node(
            "LayerNormalization",
            [value, f"{name}.weight", f"{name}.bias"],
            axis=-1,
            epsilon=self._epsilon,
        )

    def _index(self, number: int) -> str:
        name = f"index_{number}"
        if name not in {constant.name for constant in self.constants}:
            self._constant(name, np.array(number, dtype=np.int64))
        return name

    def _cast(self, value: str) -> str:
        from onnx import TensorProto

        return self._node("Cast", [value], to=TensorProto.FLOAT)

    def _node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = output or self._name()
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _name(self) -> str:
        return f"value_{len(self.nodes)}_{len(self.constants)}_{self._fresh()}"

    def _fresh(self) -> int:
        self._count = getattr(self, "_count", 0) + 1
        return self._count
