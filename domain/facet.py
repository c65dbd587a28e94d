"""A facet of a paper: something it adopts, uses, names or states, as a kind and a key."""

from __future__ import annotations

from typing import Literal, get_args

FacetKind = Literal["technique", "theme", "topic", "name", "domain", "standard", "failure_mode", "claim", "fact"]
FACET_KINDS: tuple[FacetKind, ...] = get_args(FacetKind)
Facet = tuple[FacetKind, str]
"""A kind and a key. A technique or theme counts at the level of adoption, a name where it is introduced or used.

A claim has the key ``saving`` (of anything) or the quantity that a saving is claimed of, a fact ``code`` or
``accepted``.
"""

SAVING: Facet = ("claim", "saving")
CODE: Facet = ("fact", "code")
ACCEPTED: Facet = ("fact", "accepted")
