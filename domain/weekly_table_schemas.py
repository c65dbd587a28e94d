"""Schemas of the tables passed between packages: columns, types and units, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """A column: its pandas dtype and its meaning, with unit or range."""

    name: str
    dtype: str
    meaning: str


@dataclass(frozen=True)
class TableSchema:
    """The columns of a table, in order."""

    name: str
    columns: tuple[Column, ...]

    def check(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table itself, if it has exactly these columns and dtypes in this order.

        Raises
        ------
        ValueError
            If it differs; the message names the first difference.
        """
        names = [column.name for column in self.columns]
        if list(table.columns) != names:
            raise ValueError(f"{self.name}: expected columns {names}, got {list(table.columns)}")
        for column in self.columns:
            found = str(table[column.name].dtype)
            if found != column.dtype:
                raise ValueError(f"{self.name}.{column.name}: expected {column.dtype}, got {found}")
        return table

    def empty(self) -> pd.DataFrame:
        """A table of this schema without rows."""
        import pandas as pd

        return pd.DataFrame({c.name: pd.Series(dtype=c.dtype) for c in self.columns})


WEEKLY_TOTALS = TableSchema(
    "weekly_totals",
    (
        Column("week_start", "datetime64[us]", "Monday, UTC, without zone; every week from first to last"),
        Column("n", "int64", "papers submitted that week in the watched categories, each once; 0 where none is held"),
        Column("complete", "bool", "whether every harvest window of the week is complete"),
    ),
)

WEEKLY_COUNTS = TableSchema(
    "weekly_counts",
    (
        Column("week_start", "datetime64[us]", "Monday, UTC, without zone"),
        Column("kind", "str", "technique, theme or topic"),
        Column("key", "str", "key in the taxonomy, or the topic's id"),
        Column("level", "int64", "1 mentions, 2 adopts, 3 is about; topics have 2"),
        Column("k", "int64", "papers at exactly this level"),
    ),
)

SHARES = TableSchema(
    "shares",
    (
        Column("start", "datetime64[us]", "first day of the period, UTC, without zone"),
        Column("end", "datetime64[us]", "last day of the period"),
        Column("k", "int64", "papers that match"),
        Column("n", "int64", "papers in the watched categories, the denominator"),
        Column("share", "float64", "k / n in [0, 1]; NaN where n is below the stated minimum"),
        Column("low", "float64", "lower end of the 95 % interval"),
        Column("high", "float64", "upper end of the 95 % interval"),
        Column("complete", "bool", "whether every week of the period is complete"),
    ),
)
