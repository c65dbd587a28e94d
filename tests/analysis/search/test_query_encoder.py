"""How the packaged model reads what people type, over the vectors of papers as they are."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.search.query_encoder import TUNED_MODEL, for_queries, query_model_id
from analysis.sentence_encoder import EmbeddingSettings, SentenceEncoder, model_name

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
def test_the_copy_shares_the_table_of_word_vectors() -> None:
    encoder = SentenceEncoder(EmbeddingSettings(), "float32")
    model = encoder._model
    tuned = for_queries(model)
    first, second = (one[0].auto_model.get_input_embeddings().weight for one in (model, tuned))
    assert first.data_ptr() == second.data_ptr()
