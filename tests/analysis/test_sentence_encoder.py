"""Which weights and which number type an embedding comes from, decided before anything slow is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.sentence_encoder import PACKAGED_MODEL, EmbeddingSettings, load_encoder, stored_model_id
from domain.errors import ModelError


def test_a_hugging_face_model_without_a_commit_is_refused_before_anything_is_fetched() -> None:
    with pytest.raises(ModelError, match=r"embedding\.revision"):
        load_encoder(EmbeddingSettings(model="somebody/some-model"))


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model\.safetensors"):
        load_encoder(EmbeddingSettings(model=str(tmp_path)))


def test_the_commit_belongs_to_the_identity_of_the_vectors() -> None:
    settings = EmbeddingSettings(model="somebody/some-model", revision="01234567" * 5, number_type="float32")
    stored = ["somebody/some-model@99999999/float32", "somebody/some-model@01234567/float32"]
    assert stored_model_id(settings, stored) == stored[1]
    assert stored_model_id(settings, stored[:1]) is None


def test_vectors_that_are_stored_decide_the_number_type() -> None:
    name = f"{PACKAGED_MODEL}@53aa5117"
    automatic, exact = EmbeddingSettings(), EmbeddingSettings(number_type="float32")
    assert stored_model_id(automatic, [f"{name}/bfloat16"]) == f"{name}/bfloat16"
    assert stored_model_id(automatic, [f"{name}/float32"]) == f"{name}/float32"
    assert stored_model_id(exact, [f"{name}/bfloat16"]) is None
    assert stored_model_id(automatic, []) is None
