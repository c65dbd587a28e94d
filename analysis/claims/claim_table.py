"""What is counted of every claim, as columns: a hundred thousand claims take a few megabytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from math import isnan
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from domain.claim import CLAIM_QUANTITIES, ClaimForm, CountedClaim
from domain.paper import ArxivId

CLAIM_FORMS: tuple[ClaimForm, ...] = get_args(ClaimForm)


@dataclass(frozen=True, eq=False)
class ClaimTable:
    """Claims in a fixed order, those of a paper together.

    ``ids`` are the papers with claims and ``n_claims`` says how many are each paper's, ``(n_papers,)``. The others are
    ``(n_claims,)``: ``quantity`` and ``form`` are places in ``CLAIM_QUANTITIES`` and ``CLAIM_FORMS``, and ``saving`` is
    NaN where a claim has none.
    """

    ids: tuple[ArxivId, ...]
    n_claims: NDArray[np.int32]
    number: NDArray[np.int32]
    quantity: NDArray[np.int8]
    form: NDArray[np.int8]
    up_to: NDArray[np.bool_]
    saving: NDArray[np.float64]

    @classmethod
    def of(cls, claims: Iterable[CountedClaim]) -> ClaimTable:
        """The table of claims of which those of a paper stand together."""
        n_of: dict[ArxivId, int] = {}
        number, quantity, form, up_to, saving = [], [], [], [], []
        for one in claims:
            n_of[one.arxiv_id] = n_of.get(one.arxiv_id, 0) + 1
            number.append(one.number)
            quantity.append(CLAIM_QUANTITIES.index(one.quantity))
            form.append(CLAIM_FORMS.index(one.form))
            up_to.append(one.up_to)
            saving.append(np.nan if one.saving is None else one.saving)
        return cls(
            tuple(n_of),
            np.array(list(n_of.values()), dtype=np.int32),
            np.array(number, dtype=np.int32),
            np.array(quantity, dtype=np.int8),
            np.array(form, dtype=np.int8),
            np.array(up_to, dtype=bool),
            np.array(saving, dtype=np.float64),
        )

    def of_papers(self, ids: Collection[ArxivId]) -> Iterator[CountedClaim]:
        """The claims of some papers, in their order; ``ids`` is quickly searched, such as a set."""
        wanted = np.fromiter((one in ids for one in self.ids), dtype=bool, count=len(self.ids))
        rows = np.flatnonzero(np.repeat(wanted, self.n_claims))
        papers = np.repeat(np.flatnonzero(wanted), self.n_claims[wanted])
        columns = (
            papers,
            *(column[rows] for column in (self.number, self.quantity, self.form, self.up_to, self.saving)),
        )
        for at, number, quantity, form, up_to, saving in zip(*(one.tolist() for one in columns), strict=True):
            factor = None if isnan(saving) else saving
            yield CountedClaim(self.ids[at], number, CLAIM_QUANTITIES[quantity], CLAIM_FORMS[form], up_to, factor)
