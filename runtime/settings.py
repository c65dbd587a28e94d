"""All settings: read once from a TOML file, the environment and the command line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy import URL

from analysis.digest.inputs import DigestSettings
from analysis.digest.personal import PersonalSettings
from analysis.sentence_encoder import EmbeddingSettings
from analysis.topics.bertopic_model import TopicSettings
from domain.errors import ConfigError
from domain.wrong_value import did_you_mean, wrong_value
from ingest.settings import DEFAULT_CATEGORIES, ArxivSettings
from runtime.mail_settings import MailSettings, is_this_machine
from runtime.schedule_settings import ScheduleSettings
from runtime.service_settings import ServiceSettings

ENVIRONMENT_PREFIX = "PAPERTIDE_"
CONFIG_VARIABLE = "PAPERTIDE_CONFIG"
DEFAULT_CONFIG = Path("papertide.toml")
_SQLITE_FILE = "papertide.sqlite"
_FILE_SUFFIX = "_FILE"
_LISTS = (["categories"], ["arxiv", "recheck_weeks"], ["service", "trusted_proxies"], ["service", "hosts"])
"""Settings whose variable has several values, separated by spaces or commas."""

# arXiv's category taxonomy (https://arxiv.org/category_taxonomy): archives with their subjects.
_SUBJECTS = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE NI OH OS PF PL RO SC "
    "SD SE SI SY",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST",
    "nlin": "AO CD CG PS SI",
    "physics": "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph flu-dyn gen-ph "
    "geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "stat": "AP CO ME ML OT TH",
}
_WITHOUT_SUBJECTS = "astro-ph cond-mat gr-qc hep-ex hep-lat hep-ph hep-th math-ph nucl-ex nucl-th quant-ph".split()
_CATEGORIES = frozenset(
    [f"{archive}.{subject}" for archive, subjects in _SUBJECTS.items() for subject in subjects.split()]
    + _WITHOUT_SUBJECTS
)


def known_category(category: str) -> str:
    """The category, if arXiv has it.

    Raises
    ------
    ValueError
        With examples of what is allowed.
    """
    if category not in _CATEGORIES:
        hint = did_you_mean(category, _CATEGORIES, "write it like cs.LG, stat.ML or eess.AS")
        raise ValueError(f"{category!r} is not an arXiv category{hint}")
    return category


class Settings(BaseModel):
    """All settings; unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(default=Path("papertide-data"), description="The folder for the database and the digests.")
    database_url: SecretStr = Field(
        default=SecretStr(""),  # it may include a password
        description="sqlite:///FILE or postgresql://...; by default a SQLite file in data_dir.",
    )
    categories: tuple[Annotated[str, AfterValidator(known_category)], ...] = Field(
        default=DEFAULT_CATEGORIES,
        min_length=1,
        description="The watched arXiv categories. A paper counts once if any of its categories is among them.",
    )
    weeks: int = Field(
        default=12,
        ge=1,
        le=1500,
        description="How many closed weeks `run` and `harvest` look back; all of them are embedded.",
    )
    history_weeks: int = Field(
        default=104,
        ge=0,
        le=1500,
        description="How many closed weeks are counted. Those before `weeks` are added in the background after the "
        "first digest, the newest first; they are read for techniques, themes, names and claims, and not embedded. "
        "At least `weeks`, or 0 to count no more than these.",
    )
    taxonomy: Path | None = Field(default=None, description="Your own taxonomy file instead of the packaged one.")
    standards: Path | None = Field(
        default=None, description="Your own standards and rules, in addition to those of the packaged list."
    )
    failure_modes: Path | None = Field(
        default=None, description="Your own failure modes, in addition to those of the packaged list."
    )
    application_domains: Path | None = Field(
        default=None, description="Your own application domains, in addition to those of the packaged list."
    )
    now: datetime | None = Field(
        default=None, description="Use this as the current time (2026-06-23T12:00:00Z), to play back the past."
    )
    arxiv: ArxivSettings = Field(default_factory=ArxivSettings)
    embedding: EmbeddingSettings = Field(default_factory=EmbeddingSettings)
    topics: TopicSettings = Field(default_factory=TopicSettings)
    digest: DigestSettings = Field(default_factory=DigestSettings)
    personal: PersonalSettings = Field(default_factory=PersonalSettings)
    service: ServiceSettings = Field(default_factory=ServiceSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)

    @field_validator("now")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    @model_validator(mode="after")
    def _history_holds_all_weeks(self) -> Settings:
        """Refuse a history shorter than the weeks of a run; one that is not set reaches back as far as they do."""
        if "history_weeks" in self.model_fields_set and 0 < self.history_weeks < self.weeks:
            raise ValueError(
                f"history_weeks = {self.history_weeks}: it must not be smaller than weeks = {self.weeks}; "
                "raise it, or set it to 0 to count no more than `weeks`"
            )
        return self

    @model_validator(mode="after")
    def _links_in_mails_are_encrypted(self) -> Settings:
        """Refuse mails whose links are not https: one-click unsubscribe needs it (RFC 8058).

        A trial with everything on this machine is allowed.
        """
        url = urlsplit(self.service.address)
        is_trial = is_this_machine(self.mail.host) and is_this_machine(url.hostname or "")
        if self.mail.transport == "smtp" and url.scheme != "https" and not is_trial:
            raise ValueError(
                f"mail.transport = 'smtp': links in mails would begin with {self.service.address}; set "
                "service.base_url to an https address, which one-click unsubscribe needs"
            )
        return self

    @property
    def has_database(self) -> bool:
        """Whether the folder has a SQLite database."""
        return (self.data_dir / _SQLITE_FILE).exists()

    @property
    def store_url(self) -> str:
        """The URL of the database."""
        in_folder = URL.create("sqlite", database=str(self.data_dir / _SQLITE_FILE))  # quotes ? and #
        return self.database_url.get_secret_value() or in_folder.render_as_string()


def load_settings(config: Path | None, environment: Mapping[str, str], overrides: Mapping[str, Any]) -> Settings:
    """Settings from a TOML file, overridden by the environment, overridden by the command line.

    Parameters
    ----------
    config : the file; ``None`` for the one that ``PAPERTIDE_CONFIG`` names, or for ``papertide.toml`` if it exists.
    environment : variables such as ``PAPERTIDE_ARXIV__DELAY_S``; two underscores separate group and name. One that
        ends with ``_FILE`` names a file that contains the value, as containers are given secrets.
    overrides : values by dotted name, ``None`` if not given.

    Raises
    ------
    ConfigError
        Naming the setting, the value and what is allowed.
    """
    values = _from_file(config, environment)
    _merge(values, _from_environment(environment))
    for name, value in overrides.items():
        if value is not None:
            _merge(values, _nested(name.split("."), value))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_first_problem(error, environment, overrides)) from error


def _from_file(config: Path | None, environment: Mapping[str, str]) -> dict[str, Any]:
    named = config or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    path = named or DEFAULT_CONFIG
    if named is None and not path.exists():
        return {}
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"cannot read the settings in {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or name == CONFIG_VARIABLE:
            continue
        if name.endswith(_FILE_SUFFIX):
            name, text = name.removesuffix(_FILE_SUFFIX), _secret_in(name, Path(text))
        path = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        value: Any = text.replace(",", " ").split() if path in _LISTS else text
        if path == ["digest", "watched_terms"]:  # phrases contain spaces and may contain commas
            value = [part.strip() for part in text.split(";") if part.strip()]
        _merge(values, _nested(path, value))
    return values


def _secret_in(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _nested(path: list[str], value: Any) -> dict[str, Any]:
    return {path[0]: value if len(path) == 1 else _nested(path[1:], value)}


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _variable_of(path: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """The environment variable that sets a value or a part of it."""
    for n in range(len(path), 0, -1):
        name = ENVIRONMENT_PREFIX + "__".join(path[:n]).upper()
        for variable in (name, name + _FILE_SUFFIX):
            if variable in environment:
                return variable
    return None


def _first_problem(error: ValidationError, environment: Mapping[str, str], overrides: Mapping[str, Any]) -> str:
    problem = error.errors()[0]
    path = [str(part) for part in problem["loc"]]
    name = ".".join(path)
    variable = None if overrides.get(name) is not None else _variable_of(path, environment)
    source = f" (environment variable {variable})" if variable else ""
    if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        hint = did_you_mean(name, _names(Settings)) or "; docs/settings.md lists all settings"
        return f"there is no setting {name!r}{source}{hint}"
    message = wrong_value(problem)
    if not name:  # two settings that do not fit together
        return f"setting {message}"
    if isinstance(problem["input"], Mapping):  # a whole group, which may include a password
        return f"setting {name}{source}: {message}"
    value = "" if _is_secret(problem["loc"]) else f" = {problem['input']!r}"
    return f"setting {name}{value}{source}: {message}"


def _is_secret(path: Sequence[str | int]) -> bool:
    """Whether a setting's value must not be shown."""
    group: Any = Settings
    for part in path:
        field = getattr(group, "model_fields", {}).get(part)
        group = None if field is None else field.annotation
    return group is SecretStr


def _names(group: type[BaseModel], before: str = "") -> list[str]:
    """Every setting's dotted name."""
    names = []
    for name, field in group.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names += _names(inner, f"{before}{name}.")
        else:
            names.append(f"{before}{name}")
    return names


def process_environment() -> Mapping[str, str]:
    """The environment variables of this process; this is the only place that reads them."""
    return os.environ
