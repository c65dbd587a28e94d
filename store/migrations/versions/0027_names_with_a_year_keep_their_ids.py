"""Names that end in a year keep their ids under the keys with two digits of it, and splits follow their names' keys"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_LONG_YEAR = re.compile(r"(?<=[^\W\d_]{2})20(?=[0-2]\d$)")
_SEPARATORS = re.compile(r"[\s\-‐‑–—_·’'`\"“”]+")
_GREEK = str.maketrans(
    dict(
        zip(
            "αβγδεζηθικλμνξοπρστυφχψω",
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon "
            "phi chi psi omega".split(),
            strict=True,
        )
    )
)


def _spelled_out(key: str) -> str:
    """The key that migration 0025 gave a name."""
    while (
        not key.isascii()
        and (spelled := _SEPARATORS.sub("", unicodedata.normalize("NFKC", key)).casefold().translate(_GREEK)) != key
    ):
        key = spelled
    return key


def _with_short_year(key: str) -> str:
    return _LONG_YEAR.sub("", key)


def upgrade() -> None:
    _copy_names()
    _copy_splits()


def _copy_names() -> None:
    table = sa.table("name_key", sa.column("key", sa.Text), sa.column("name_id", sa.Integer))
    connection = op.get_bind()
    stored = {(key, name_id) for key, name_id in connection.execute(sa.select(table.c.key, table.c.name_id))}
    short = {(_with_short_year(key), name_id) for key, name_id in stored}
    rows = [{"key": key, "name_id": name_id} for key, name_id in sorted(short - stored)]
    if rows:
        connection.execute(table.insert(), rows)


def _copy_splits() -> None:
    """Where two splits of a paper get one key, that which has it stays; of two new ones, the later one holds."""
    table = sa.table("name_split", *(sa.column(column) for column in ("arxiv_id", "key", "name_id")))
    connection = op.get_bind()
    name_of = {(arxiv_id, key): name_id for arxiv_id, key, name_id in connection.execute(sa.select(*table.c))}
    stored = frozenset(name_of)
    for new_key in (_spelled_out, _with_short_year):
        later_first = sorted(name_of.items(), key=lambda split: -split[1])
        for (arxiv_id, key), name_id in later_first:
            name_of.setdefault((arxiv_id, new_key(key)), name_id)
    new = sorted((*of, name_id) for of, name_id in name_of.items() if of not in stored)
    if new:
        rows = [{"arxiv_id": arxiv_id, "key": key, "name_id": name_id} for arxiv_id, key, name_id in new]
        connection.execute(table.insert(), rows)
