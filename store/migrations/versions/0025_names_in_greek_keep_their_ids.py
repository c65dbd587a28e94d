"""Names with Greek letters or raised and lowered signs keep their ids under the keys that spell them out"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

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


_SEPARATORS = re.compile(r"[\s\-‐‑–—_·’'`\"“”]+")


def _spelled_out(key: str) -> str:
    while (spelled := _SEPARATORS.sub("", unicodedata.normalize("NFKC", key)).casefold().translate(_GREEK)) != key:
        key = spelled
    return key


def upgrade() -> None:
    table = sa.table("name_key", sa.column("key", sa.Text), sa.column("name_id", sa.Integer))
    connection = op.get_bind()
    stored = {(key, name_id) for key, name_id in connection.execute(sa.select(table.c.key, table.c.name_id))}
    spelled = {(_spelled_out(key), name_id) for key, name_id in stored if not key.isascii()}
    rows = [{"key": key, "name_id": name_id} for key, name_id in sorted(spelled - stored)]
    if rows:
        connection.execute(table.insert(), rows)
