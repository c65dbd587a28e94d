"""How the packaged model reads what people type, over the vectors of papers as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.search.query_encoder import (
    ADDITIONS,
    GRAPH,
    MAP,
    TUNED_MODEL,
    QueryEncoder,
    query_model_id,
)
from analysis.sentence_encoder import EmbeddingSettings, SentenceEncoder, model_name, packaged_model_folder
from training.fit_query_encoder import TUNED_MODULES, linear_map
from training.query_encoder_graph import model_graph

PAPERS = (
    "Machine unlearning for personal assistants. We store each user's preferences in a small adapter, so that the data "
    "of one user can be deleted without training again.",
    "Weather forecasts with graph neural networks. We predict rainfall for the next ten days on a global grid.",
    "Quantisation of language models to four bits. Weights are rounded so that the error of each layer is least.",
)
REQUESTS = (
    "make a helper forget one customer by throwing away a small file",
    "predict whether it rains next week with messages between places on the globe",
    "keep the parameters of a chatbot in fewer digits with little loss",
)


def test_the_tuned_model_is_the_one_that_is_packaged() -> None:
    assert model_name(EmbeddingSettings()) == TUNED_MODEL
    assert query_model_id(f"{TUNED_MODEL}/float32").startswith(f"{TUNED_MODEL}/float32+q")
    assert query_model_id("somebody/some-model@01234567/float32") == "somebody/some-model@01234567/float32"


@pytest.mark.slow
def test_queries_are_read_by_a_copy_and_papers_as_before() -> None:
    encoder = SentenceEncoder(EmbeddingSettings(), "float32")
    before = encoder.encode(PAPERS)
    queries, plain = encoder.encode_queries(REQUESTS), encoder.encode(REQUESTS)
    np.testing.assert_array_equal(encoder.encode(PAPERS), before)
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    assert queries.dtype == np.float32
    assert np.abs(queries - plain).max() > 0.01
    assert ((queries @ before.T).argmax(axis=1) == [0, 1, 2]).all()


@pytest.mark.slow
def test_onnx_runtime_reads_queries_as_sentence_transformers_does_with_the_same_weights() -> None:
    import torch

    encoder = SentenceEncoder(EmbeddingSettings(), "float32")
    layers = encoder._model[0].auto_model.encoder.layer
    with np.load(ADDITIONS, allow_pickle=False) as added, torch.no_grad():
        for number, layer in enumerate(layers):
            for path in TUNED_MODULES:
                up, down = (added[f"{number}.{path}.{name}"].astype(np.float32) for name in ("up", "down"))
                linear_map(layer, path).weight += torch.from_numpy(up @ down)
        query_map = added[MAP].astype(np.float32)
    texts = [*REQUESTS, "x", "ÄÖ 強化学習 😀", "", "long words " * 300]
    expected = encoder.encode(texts) @ query_map
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(QueryEncoder(packaged_model_folder()).encode(texts), expected, atol=2e-6)


def test_the_graph_is_the_one_that_training_writes() -> None:
    assert GRAPH.read_bytes() == model_graph().SerializeToString(deterministic=True)


def test_a_query_is_read_without_torch() -> None:
    code = (
        "import sys; from analysis.sentence_encoder import EmbeddingSettings, load_encoder; "
        "e = load_encoder(EmbeddingSettings(number_type='float32')); v = e.encode_queries(['tides', 'of graphs']); "
        "assert v.shape == (2, 384); assert 'torch' not in sys.modules; assert 'transformers' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3]).returncode == 0
