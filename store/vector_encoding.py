"""The stored form of vectors: float32, little-endian."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

VECTOR_DTYPE = np.dtype("<f4")


def pack_vector(vector: NDArray[np.float32]) -> bytes:
    """The bytes to store of a vector of shape ``(n_dims,)``."""
    return vector.astype(VECTOR_DTYPE).tobytes()


def unpack_vector(stored: bytes) -> NDArray[np.float32]:
    """A stored vector, of shape ``(n_dims,)``."""
    return np.frombuffer(stored, dtype=VECTOR_DTYPE).astype(np.float32)


def unpack_vectors(stored: Sequence[bytes]) -> NDArray[np.float32]:
    """Stored vectors as rows, of shape ``(n, n_dims)``; ``(0, 0)`` if there are none."""
    if not stored:
        return np.zeros((0, 0), dtype=np.float32)
    return unpack_vector(b"".join(stored)).reshape(len(stored), -1)
