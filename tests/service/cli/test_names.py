"""The commands `names` and `name`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import papertide
from analysis.digest.personal import FollowedName
from domain.errors import NotFound, PapertideError, UsageError
from mail.issue_delivery import followed_name
from pipeline.names import update_names
from pipeline.stages import JOINING_RULES
from queries import name_decisions
from queries.follows import checked_preferences
from runtime.context import AppContext
from runtime.settings import Settings
from service.cli.main import app
from tests.service.web.conftest import LAST_WEEK, NOW, OneNameTagger, make_context

Run = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One for each test, because decisions about names are kept."""
    make_context(tmp_path / "data").close()
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path) -> Run:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["--data-dir", str(folder), *arguments], catch_exceptions=False)
        return result.output

    return run


@pytest.fixture
def context(folder: Path) -> AppContext:
    return AppContext(Settings(data_dir=folder, now=NOW))


def test_names_are_listed_with_what_happened_to_them(run: Run) -> None:
    assert "SoupBench  benchmark  12 papers, introduced" in run("names")
    assert run("names", "tools") == "no names\n"
    assert run("names", "--taken-up") == "no names are taken up now\n"
    assert run("names", "--taken-up", "--week", str(LAST_WEEK)) == f"no names are taken up in {LAST_WEEK}\n"


def test_json_has_the_fields_of_the_api(run: Run) -> None:
    answer = json.loads(run("names", "benchmark", "--json"))
    assert answer["total"] == 1
    assert answer["names"][0]["n_uses"] == 12


def test_an_unknown_kind_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="'gadget' is no kind of name"):
        CliRunner().invoke(app, ["--data-dir", str(folder), "names", "gadget"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("names", "--new", "--week", "2026-W50"), "no paper of 2026-W50 is held"),
        (("names", "--week", "2026-W25"), "--week is that of --new or --taken-up"),
        (("name", "ignore", "SupBench"), "no paper holds a name 'SupBench'; did you mean 'SoupBench'?"),
        (("trends", "name:SupBench"), "no paper holds a name 'SupBench'; did you mean 'SoupBench'?"),
        (("card", "name:SupBench"), "no name is called 'name:SupBench'; did you mean 'SoupBench'?"),
    ],
)
def test_what_there_is_not_is_refused_with_the_nearest_name(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(PapertideError) as raised:
        CliRunner().invoke(app, ["--data-dir", str(folder), *arguments], catch_exceptions=False)
    assert words in str(raised.value)


def test_python_gives_a_table(folder: Path) -> None:
    with papertide.open(folder) as data:
        table = data.names("benchmark")
    assert table["name"].tolist() == ["SoupBench"]
    assert table["n_uses"].tolist() == [12]


def test_decisions_are_written_as_a_file_that_gives_them_again(context: AppContext, tmp_path: Path) -> None:
    assert name_decisions.rename(context, "SoupBench", "Soup Bench") == "#1 SoupBench: renamed to Soup Bench"
    name_decisions.set_kind(context, "#1", "dataset")
    name_decisions.ignore(context, "#1")
    file = tmp_path / "names.toml"
    file.write_text(name_decisions.decisions_as_toml(context), encoding="utf-8")
    assert name_decisions.apply_file(context, file) == []
    name_decisions.rename(context, "#1", None)
    name_decisions.set_kind(context, "#1", None)
    name_decisions.ignore(context, "#1", restore=True)
    assert name_decisions.decisions_as_toml(context) == ""
    assert len(name_decisions.apply_file(context, file)) == 3
    assert name_decisions.one_name(context, "#1").surface == "Soup Bench"
    name_decisions.rename(context, "#1", None)
    name_decisions.set_kind(context, "#1", None)
    name_decisions.ignore(context, "#1", restore=True)


def test_a_split_gives_papers_to_a_new_name(context: AppContext) -> None:
    name_decisions.split(context, "SoupBench", ["2606.00092"])
    for _ in update_names(context.db, OneNameTagger(), JOINING_RULES, context.settings.categories, clock=context.now):
        pass
    with pytest.raises(UsageError, match="the name of 2 things"):
        name_decisions.one_name(context, "SoupBench")
    assert [name_decisions.one_name(context, called).n_uses for called in ("#1", "#2")] == [11, 1]
    assert list(_followed(context, "#2").using) == ["2606.00092"]
    name_decisions.merge(context, "#2", "#1")
    for _ in update_names(context.db, OneNameTagger(), JOINING_RULES, context.settings.categories, clock=context.now):
        pass
    assert name_decisions.one_name(context, "SoupBench").n_uses == 12
    # Who followed the name that was merged follows what it became.
    merged = _followed(context, "#2")
    assert (merged.name, len(merged.introducing), len(merged.using)) == ("SoupBench", 1, 11)
    assert sum(merged.counts.values()) == 12
    assert checked_preferences(context, "weekly", "html", ["name:#2", "name:#1"]).of("name") == ("#1",)


def _followed(context: AppContext, key: str) -> FollowedName:
    found = followed_name(context.db, key, categories=context.settings.categories)
    assert found is not None
    return found


def test_a_name_that_is_ignored_or_was_never_there_is_not_followed(context: AppContext) -> None:
    name_decisions.ignore(context, "#1")
    for key in ("#1", "#99", "SoupBench", "#", ""):
        assert followed_name(context.db, key, categories=context.settings.categories) is None


def test_a_subscriber_follows_a_name_by_its_id_until_they_are_deleted(run: Run) -> None:
    assert (
        run("subscribers", "add", "ada@example.org", "--follow", "name:soup-bench")
        == "asked ada@example.org to confirm\n"
    )
    run("subscribers", "confirm", "ada@example.org")
    assert json.loads(run("subscribers", "export", "ada@example.org"))["follows"] == ["name:#1"]
    run("subscribers", "remove", "ada@example.org")
    assert run("subscribers", "list") == "no subscribers yet\n"
    assert run("subscribers", "list", "--state", "paused") == "no subscriber is paused\n"
    assert json.loads(run("subscribers", "list", "--json")) == []


def test_the_mail_lists_the_new_papers_of_a_name(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "mail.txt"
    run("mail", "preview", "--follow", "name:SoupBench", "--out", str(out))
    text = " ".join(out.read_text().split())
    assert "New papers: name SoupBench 1 new paper this week that introduces or uses it. - " in text
    assert "Why: uses SoupBench" in text
    assert "Change how many papers" not in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[marry]]\nname = 'x'", "there is no decision 'marry'"),
        ("[[merge]]\nname = 'x'", "needs name and into"),
        ("[[ignore]]\nname = 7", "names are texts"),
        ("[[ignore]]\nname = 'Nothing'", "no paper holds a name"),
        ("ignore", "is no TOML"),
    ],
)
def test_a_file_that_cannot_be_applied_is_refused_in_one_line(
    context: AppContext, tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "names.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        name_decisions.apply_file(context, file)


def test_a_card_says_where_its_trend_is_and_a_plain_word_that_it_has_one_only(run: Run) -> None:
    assert run("card", "SoupBench").endswith("\nIts trend: papertide trends name:#1\n")
    assert run("card", "diffusion").endswith("\nIts trend: papertide trends technique:diffusion\n")
    for typed in ("propose", "text:propose"):
        with pytest.raises(NotFound, match="as words it has a trend, 'text:propose'"):
            run("card", typed)
