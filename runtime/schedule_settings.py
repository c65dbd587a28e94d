"""The settings group ``schedule``."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, ConfigDict, Field, field_validator


class ScheduleSettings(BaseModel):
    """When jobs run. Crontab lines: minute, hour, day of month, month, day of week (mon to sun)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    harvest: str = Field(
        default="30 20 * * mon-thu,sun",
        description="When to harvest, in `zone`: half an hour after each announcement of arXiv by default.",
    )
    zone: str = Field(
        default="America/New_York",
        description="The time zone of `harvest`. arXiv announces by New York time, daylight saving included.",
    )
    changes: str = Field(
        default="0 7 2 * *",
        description="When to ask OAI-PMH for changes to papers of any age since the last time, UTC; empty for never.",
    )
    backup: str = Field(default="0 4 * * *", description="When to back up the database, UTC; empty for never.")
    keep_backups: int = Field(default=7, ge=1, description="Backups kept in data_dir/backups; older ones are deleted.")
    clean_up: str = Field(default="30 4 * * *", description="When to delete what is no longer needed, UTC.")
    bounces: str = Field(default="15 * * * *", description="When to read mail.bounce_folder, UTC.")
    deliver_incomplete_after_h: float = Field(
        default=36.0,
        ge=0,
        description="Hours for which mail waits for a week to become complete; after that it says that it is not.",
    )
    every_s: float = Field(default=20.0, ge=1, le=600, description="Seconds between two checks for due jobs.")

    @field_validator("harvest", "changes", "backup", "clean_up", "bounces")
    @classmethod
    def _is_a_crontab_line(cls, value: str) -> str:
        if value:
            CronTrigger.from_crontab(value, timezone="UTC")  # raises a ValueError that says what is wrong
        return value

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("this is not a time zone; write it like America/New_York or UTC") from error
        return value
