"""Papertide from Python: open a data folder, ask it questions, get pandas tables.

>>> import papertide
>>> p = papertide.open("papertide-data")  # doctest: +SKIP
>>> p.trends(["diffusion", "text:test-time scaling"], by="month")  # doctest: +SKIP
"""

from papertide.python_interface import Papertide, open

__all__ = ["Papertide", "open"]
