"""Names that end in a year keep their ids under the keys with two digits of it"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_LONG_YEAR = re.compile(r"(?<=[^\W\d_]{2})20(?=[0-2]\d$)")


def upgrade() -> None:
    table = sa.table("name_key", sa.column("key", sa.Text), sa.column("name_id", sa.Integer))
    connection = op.get_bind()
    stored = {(key, name_id) for key, name_id in connection.execute(sa.select(table.c.key, table.c.name_id))}
    short = {(_LONG_YEAR.sub("", key), name_id) for key, name_id in stored}
    rows = [{"key": key, "name_id": name_id} for key, name_id in sorted(short - stored)]
    if rows:
        connection.execute(table.insert(), rows)
