"""Write the graph of the packaged model, without its weights, for ONNX Runtime.

    python -m training.query_encoder_graph

The architecture is that of BERT (Devlin et al. 2019) with six layers of twelve heads. Its steps are written as the
fused operators of ONNX Runtime (``docs/ContribOperators.md`` there). ``analysis.search.query_encoder`` gives the
weights by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, helper

from analysis.search.query_encoder import GRAPH, N_DIMS, N_HEADS, N_LAYERS, SHAPES

_FUSED = "com.microsoft"
_EPSILON = 1e-12
"""Of the model's layer normalisation."""


def _step(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(operator, inputs, [output], domain=_FUSED, **attributes)


def _layer(at: str, states: str) -> list[NodeProto]:
    """A layer of the model: attention and a dense network, each added to what it reads and normalised."""
    return [
        _step("Attention", [states, f"{at}.qkv", f"{at}.qkv_bias", "lengths"], f"{at}.seen", num_heads=N_HEADS),
        helper.make_node("MatMul", [f"{at}.seen", f"{at}.attended"], [f"{at}.attention"]),
        _normalised(at, "attended", f"{at}.attention", states, f"{at}.between"),
        helper.make_node("MatMul", [f"{at}.between", f"{at}.inner"], [f"{at}.wide"]),
        _step("BiasGelu", [f"{at}.wide", f"{at}.inner_bias"], f"{at}.active"),
        helper.make_node("MatMul", [f"{at}.active", f"{at}.outer"], [f"{at}.narrow"]),
        _normalised(at, "outer", f"{at}.narrow", f"{at}.between", f"{at}.states"),
    ]


def _normalised(at: str, of: str, added: str, states: str, output: str) -> NodeProto:
    weights = [f"{at}.{of}_scale", f"{at}.{of}_shift", f"{at}.{of}_bias"]
    return _step("SkipLayerNormalization", [added, states, *weights], output, epsilon=_EPSILON)


def model_graph() -> ModelProto:
    """Token numbers and a mask ``(n_texts, n_tokens)`` in, the tokens' states ``(n_texts, n_tokens, n_dims)`` out."""
    embedding = helper.make_node(
        "EmbedLayerNormalization",
        ["tokens", "", "words", "places", "", "scale", "shift", "mask"],
        ["embedded", "lengths"],
        domain=_FUSED,
        epsilon=_EPSILON,
    )
    steps, states = [embedding], "embedded"
    for layer in range(N_LAYERS):
        steps += _layer(str(layer), states)
        states = f"{layer}.states"
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["text", "token"]) for name in ("tokens", "mask")]
    output = helper.make_tensor_value_info(states, TensorProto.FLOAT, ["text", "token", N_DIMS])
    weights = []
    for name, shape in SHAPES.items():
        weight = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
        weight.external_data.add(key="location", value="given by name")
        weights.append(weight)
    graph = helper.make_graph(steps, "query_encoder", inputs, [output], weights)
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(graph, opset_imports=versions, ir_version=9)


def main() -> None:
    """Write the graph beside the code that runs it."""
    graph = model_graph()
    GRAPH.write_bytes(graph.SerializeToString(deterministic=True))
    print(f"{GRAPH.name}: {GRAPH.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
