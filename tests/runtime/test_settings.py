"""Settings come from file and environment, and a wrong one is named with what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import make_url

from domain.errors import ConfigError
from runtime.settings import Settings, load_settings

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "papertide.toml"


def _complaint(config: Path | None, environment: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(config, environment, {})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, {}, {}) == Settings()
    assert Settings().store_url == "sqlite:///papertide-data/papertide.sqlite"


def test_the_command_line_overrides_the_environment_the_file_and_the_default(config: Path) -> None:
    config.write_text('weeks = 3\ndata_dir = "file"\n[arxiv]\ndelay_s = 5\npage_size = 7\n')
    environment = {"PAPERTIDE_ARXIV__DELAY_S": "9", "PAPERTIDE_DATA_DIR": "environment"}
    loaded = load_settings(config, environment, {"data_dir": "typed", "weeks": None})
    assert (loaded.weeks, loaded.data_dir, loaded.arxiv.delay_s, loaded.arxiv.page_size) == (3, Path("typed"), 9, 7)
    assert loaded.arxiv.max_tries == Settings().arxiv.max_tries


def test_the_environment_can_name_the_file(config: Path) -> None:
    config.write_text("weeks = 4")
    assert load_settings(None, {"PAPERTIDE_CONFIG": str(config)}, {}).weeks == 4


@pytest.mark.parametrize("text", ["cs.LG,cs.CL", "cs.LG cs.CL", "cs.LG, cs.CL"])
def test_categories_in_the_environment_are_a_list(text: str, config: Path) -> None:
    config.write_text("")
    assert load_settings(config, {"PAPERTIDE_CATEGORIES": text}, {}).categories == ("cs.LG", "cs.CL")


def test_a_misspelled_name_in_the_file_is_named(config: Path) -> None:
    config.write_text("[arxiv]\ndelays = 3")
    assert "arxiv.delays" in _complaint(config, {})


def test_a_misspelled_name_in_the_environment_is_named(config: Path) -> None:
    config.write_text("")
    assert "arxiv.delais" in _complaint(config, {"PAPERTIDE_ARXIV__DELAIS": "3"})


@pytest.mark.parametrize("category", ["cs.lg", "cs.XX", "cs", "machine learning", "stat.LG", ""])
def test_a_category_that_arxiv_does_not_have_is_refused(config: Path, category: str) -> None:
    config.write_text(f'categories = ["{category}"]')
    complaint = _complaint(config, {})
    assert repr(category) in complaint
    assert "cs.LG" in complaint


@pytest.mark.parametrize("category", ["cs.LG", "stat.ML", "eess.AS", "quant-ph", "math.OC", "q-bio.NC"])
def test_categories_that_arxiv_has_are_accepted(config: Path, category: str) -> None:
    config.write_text(f'categories = ["{category}"]')
    assert load_settings(config, {}, {}).categories == (category,)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("weeks = 0", "weeks = 0"),
        ('weeks = "many"', "weeks = 'many'"),
        ("categories = []", "categories"),
        ("[arxiv]\napi_url = 'ftp://x'", "arxiv.api_url = 'ftp://x'"),
        ('[arxiv]\ncontact = "a\\nb"', "one line"),
        ("arxiv = 3", "arxiv = 3"),
    ],
)
def test_an_error_names_the_wrong_value_and_its_setting(config: Path, line: str, named: str) -> None:
    config.write_text(line)
    assert named in _complaint(config, {})


def test_a_file_that_is_not_toml_is_named(config: Path) -> None:
    config.write_text("weeks: 3")
    assert "is not TOML" in _complaint(config, {})
    config.write_bytes(b"\xff\xfe")
    assert "is not TOML" in _complaint(config, {})


def test_a_named_file_that_is_absent_is_an_error(tmp_path: Path) -> None:
    assert "No such file" in _complaint(tmp_path / "absent.toml", {})


def test_an_instant_without_zone_is_read_as_utc(config: Path) -> None:
    config.write_text("now = 2026-06-23T12:00:00")
    assert load_settings(config, {}, {}).now == datetime(2026, 6, 23, 12, tzinfo=UTC)
    config.write_text("now = 2026-06-23T14:00:00+02:00")
    assert load_settings(config, {}, {}).now == datetime(2026, 6, 23, 12, tzinfo=UTC)


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{prefix}{name}.")
        else:
            assert field.description, f"{prefix}{name} says nothing about itself"
            yield f"{prefix}{name}"


def test_every_setting_is_documented() -> None:
    names = list(_names(Settings))
    if not REFERENCE.exists():
        pytest.skip("docs/settings.md is not generated here")
    text = REFERENCE.read_text(encoding="utf-8")
    assert [name for name in names if name not in text] == []


def test_a_secret_may_come_from_a_file_and_is_never_shown(config: Path, tmp_path: Path) -> None:
    config.write_text("")
    secret = tmp_path / "url"
    secret.write_text("postgresql://me:hush@host/papers\n")
    loaded = load_settings(config, {"PAPERTIDE_DATABASE_URL_FILE": str(secret)}, {})
    assert loaded.store_url == "postgresql://me:hush@host/papers"
    assert "hush" not in repr(loaded)


def test_a_wrong_secret_is_not_shown(config: Path) -> None:
    config.write_text("[mail]\npassword = 12345678\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(config, {}, {})
    assert "mail.password" in str(caught.value)
    assert "12345678" not in str(caught.value)


def test_an_error_names_a_missing_secret_file(config: Path, tmp_path: Path) -> None:
    config.write_text("")
    assert "PAPERTIDE_DATABASE_URL_FILE" in _complaint(
        config, {"PAPERTIDE_DATABASE_URL_FILE": str(tmp_path / "nowhere")}
    )


def test_several_numbers_in_the_environment_are_a_list() -> None:
    loaded = load_settings(None, {"PAPERTIDE_ARXIV__RECHECK_WEEKS": "4, 1 2"}, {})
    assert loaded.arxiv.recheck_weeks == (1, 2, 4)
    assert load_settings(None, {"PAPERTIDE_ARXIV__RECHECK_WEEKS": ""}, {}).arxiv.recheck_weeks == ()
    with pytest.raises(ConfigError, match="recheck_weeks"):
        load_settings(None, {"PAPERTIDE_ARXIV__RECHECK_WEEKS": "0"}, {})


def test_a_misspelled_setting_gets_a_suggestion(config: Path) -> None:
    config.write_text('catgories = ["cs.LG"]')
    assert "did you mean 'categories'?" in _complaint(config, {})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"embedding": {"model": "a/b", "revision": "main"}}, ["embedding.revision", "'main'", "40 hexadecimal"]),
        ({"embedding": {"model": "a/b", "revision": "01234567"}}, ["embedding.revision", "40 hexadecimal"]),
        ({"service": {"base_url": 'https://x.example"><script>'}}, ["service.base_url", "https://papertide.example"]),
        ({"service": {"base_url": "https://user@x.example"}}, ["service.base_url"]),
        ({"service": {"base_url": "https://x.example?q"}}, ["service.base_url"]),
        ({"service": {"base_url": "https://x.example\n"}}, ["service.base_url"]),
        ({"service": {"base_url": "https://x.example:99999"}}, ["service.base_url", "port"]),
        ({"service": {"base_url": "https://x.example/papertide"}}, ["service.base_url"]),
        ({"service": {"base_url": "ftp://x.example"}}, ["service.base_url"]),
        ({"service": {"trusted_proxies": ["nonsense"]}}, ["service.trusted_proxies", "'nonsense'", "10.0.0.0/8"]),
        ({"service": {"trusted_proxies": ["127.0.0.1", "*"]}}, ["service.trusted_proxies", "'*'"]),
        ({"service": {"base_url": "http://x.example"}, "mail": {"transport": "smtp"}}, ["base_url", "one-click"]),
        ({"mail": {"transport": "smtp", "host": "mail.example.org"}}, ["mail.transport", "http://127.0.0.1:8000"]),
    ],
)
def test_a_setting_that_would_fail_later_stops_the_start_with_one_line(
    values: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, {}, {f"{g}.{name}": v for g, group in values.items() for name, v in group.items()})
    line = str(caught.value)
    assert line.startswith("setting ")
    assert "\n" not in line
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    "values",
    [
        {"service": {"base_url": "https://papertide.example/"}, "mail": {"transport": "smtp", "host": "mail.example"}},
        {"service": {"base_url": "http://127.0.0.1:8000"}, "mail": {"transport": "smtp", "host": "localhost"}},
        {"service": {"base_url": "http://[2001:db8::1]:8000", "trusted_proxies": ["10.0.0.0/8", "::1"]}},
        {"embedding": {"model": "a/b", "revision": "0123456789" * 4}},
    ],
)
def test_settings_that_work_together_are_accepted(values: dict[str, Any]) -> None:
    Settings.model_validate(values)


@pytest.mark.parametrize("folder", ["we?ird#x", "a%20b", "ü & co"])
def test_the_database_is_in_the_data_folder_whatever_its_name(folder: str) -> None:
    assert make_url(Settings(data_dir=Path(folder)).store_url).database == f"{folder}/papertide.sqlite"


def test_a_history_shorter_than_the_weeks_of_a_run_is_refused(config: Path) -> None:
    config.write_text("weeks = 26\nhistory_weeks = 20")
    assert "history_weeks = 20: it must not be smaller than weeks = 26" in _complaint(config, {})
    config.write_text("weeks = 200")  # the default follows
    assert load_settings(config, {}, {}).weeks == 200
    config.write_text("weeks = 26\nhistory_weeks = 0")
    assert load_settings(config, {}, {}).history_weeks == 0
