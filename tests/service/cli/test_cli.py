"""The command line: what it prints, how it ends, and that every failure is one line."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy, parse_taxonomy
from analysis.topics.assignment import assign_topics
from domain.embeddings import Embeddings
from domain.harvest import HarvestedWindow
from domain.paper import FIRST_MADE_UP, Paper
from domain.subscription import Preferences
from domain.topics import FittedTopics, Topic, TopicDrift
from domain.week import Week
from ingest.harvest import plan_harvest, window_of
from pipeline.detection import detect_missing
from pipeline.weekly_tables import refresh_tables
from runtime.settings import Settings
from sample.arxiv_server import SampleArxiv
from service.cli import main
from service.cli.context import GlobalOptions
from store.database import open_database
from store.embeddings import add_embeddings
from store.job_runs import finish_run, start_run
from store.papers import apply_harvest, count_papers, papers_of_week
from store.subscribers import add_pending, confirm
from store.topics import add_topic_model, set_topic_name
from tests.service.web.conftest import WordEncoder, add_listed_terms, make_context

WEEK = Week.parse("2026-W25")
NOW = "2026-06-23T12:00:00Z"
REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "commands.md"
Make = Callable[..., Paper]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


Papertide = Callable[..., Ended]


@pytest.fixture
def papertide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Papertide:
    """Runs ``papertide`` with these arguments in an empty folder, on Tuesday noon after week 25."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERTIDE_NOW", NOW)
    monkeypatch.setenv("PAPERTIDE_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["papertide", *arguments])
        capsys.readouterr()
        status = 0
        try:
            main.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        printed = capsys.readouterr()
        return Ended(status, printed.out, printed.err)

    return run


@pytest.fixture
def held(held_folder: Path, tmp_path: Path) -> None:
    """Two weeks in the store, the older proven whole, with detections and weekly tables."""
    shutil.copytree(held_folder, tmp_path / "data")


@pytest.fixture(scope="module")
def held_folder(tmp_path_factory: pytest.TempPathFactory, make_paper: Make) -> Path:
    """The data folder that ``held`` copies."""
    folder: Path = tmp_path_factory.mktemp("held")
    db = open_database(f"sqlite:///{folder / 'papertide.sqlite'}")
    categories = Settings().categories
    for week in (WEEK.plus(-1), WEEK):
        papers = tuple(
            make_paper(
                i + (50 if week == WEEK else 0),
                title=f"A diffusion model for subject {i}" if i % 2 else f"Subject {i}",
                abstract="We propose a latent diffusion model." if i % 2 else "We look at other things.",
                submitted_at=week.start_at + timedelta(hours=i),
                updated_at=week.start_at + timedelta(hours=i),
            )
            for i in range(1, 21)
        )
        problem = "one is missing" if week == WEEK else None
        seen_at = WEEK.end_at + timedelta(days=1)
        came = HarvestedWindow(window_of(week), categories, papers, len(papers), problem, seen_at)
        apply_harvest(db, plan_harvest(papers, {}), came, seen_at=seen_at)
    detector = Detector(load_taxonomy(None))
    for _ in detect_missing(db, detector.detector_id, detector.detect):
        pass
    for _ in refresh_tables(db, detector.detector_id, None, categories, now=datetime.fromisoformat(NOW)):
        pass
    db.close()
    return folder


@pytest.fixture
def at_work(held: None, tmp_path: Path, make_paper: Make) -> None:
    """As ``held``, and a run has added ten papers to the newest week and one of the week after, not counted yet."""
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    for week, n in ((WEEK, 10), (WEEK.plus(1), 1)):
        at = week.start_at + timedelta(days=1)
        papers = tuple(
            make_paper(200 + i + (50 if n == 1 else 0), title="A diffusion model", submitted_at=at, updated_at=at)
            for i in range(n)
        )
        came = HarvestedWindow(window_of(week), Settings().categories, papers, n, None, at + timedelta(days=9))
        apply_harvest(db, plan_harvest(papers, {}), came, seen_at=at + timedelta(days=9))
    db.close()


def _refused(ended: Ended, *words: str, status: int = 2) -> None:
    assert ended.status == status, ended
    [line] = ended.err.splitlines()
    assert line.startswith("papertide: ")
    for word in words:
        assert word in line


def test_the_version_needs_no_command(papertide: Papertide) -> None:
    ended = papertide("--version")
    assert ended.status == 0
    assert re.fullmatch(r"papertide \d+\.\d+\.\d+\n", ended.out)


def test_a_week_that_is_not_closed_is_refused_with_the_newest_that_is(papertide: Papertide) -> None:
    _refused(papertide("digest", "--week", "2026-W26"), "2026-W26", "newest closed week is 2026-W25")


def test_a_week_of_which_nothing_is_held_is_refused_before_anything_is_done(papertide: Papertide, held: None) -> None:
    _refused(papertide("digest", "--week", "2024-W10"), "no paper of 2024-W10 is held", status=2)
    assert not json.loads(papertide("status", "--json").out)["runs"]


@pytest.mark.usefixtures("held")
def test_a_preview_of_an_unpublished_digest_says_so_and_publishes_nothing(papertide: Papertide) -> None:
    ended = papertide("digest", "--preview")
    assert ended.status == 0
    assert ended.out.startswith("2026-W25 is not published yet; `papertide digest --week 2026-W25` publishes it.\n")
    assert "it has 20 papers" in ended.out
    assert "20 of 20 papers are not analysed yet" in ended.err
    status = json.loads(papertide("status", "--json").out)
    assert not status["runs"]
    _refused(papertide("digest", "--preview", "--out", "here"), "--out")


def test_a_digest_that_was_published_before_is_reported_so_and_a_preview_lists_what_changed(
    papertide: Papertide, tmp_path: Path
) -> None:
    context = make_context(tmp_path / "data")
    same = papertide("digest", "--preview")
    published = r"revision 1 of \d{4}-\d\d-\d\d \d\d:\d\d UTC\."
    assert re.fullmatch(rf"2026-W25: no difference from what is published, {published}\n", same.out)

    again = papertide("digest", "--week", "2026-W25")
    assert again.status == 0, again.err
    first, *_, last = again.err.splitlines()
    assert first == "Analysing what is stored, then composing the digest of 2026-W25."
    assert re.match(r"This is the digest of 2026-W25 as published on [-\d]+ [\d:]+ UTC, revision 1\.", last)
    assert "`papertide digest --week 2026-W25 --preview`" in last

    set_topic_name(context.db, 1, "pictures from noise", week=WEEK)
    context.close()
    changed = papertide("digest", "--preview").out.splitlines()
    assert re.fullmatch(rf"2026-W25: \d+ fields differ from {published}", changed[0])
    assert '  all_topics[topic-1].label: published "image diffusion", now "pictures from noise"' in changed


def test_what_is_no_week_is_refused(papertide: Papertide) -> None:
    _refused(papertide("digest", "--week", "last"), "'last'", "2026-W25")


@pytest.mark.usefixtures("held")
def test_an_unknown_technique_is_refused_with_those_there_are(papertide: Papertide) -> None:
    _refused(papertide("trends", "technique:foo"), "technique:foo", "diffusion", "transformer")


@pytest.mark.usefixtures("held")
def test_a_misspelled_term_is_refused_with_a_suggestion(papertide: Papertide) -> None:
    _refused(papertide("trends", "difusion"), "'difusion'", "did you mean 'diffusion'")


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(("category", "words"), [("cs.lg", "not an arXiv category"), ("math.OC", "not watched")])
def test_a_wrong_category_is_refused(papertide: Papertide, category: str, words: str) -> None:
    _refused(papertide("trends", "diffusion", "--category", category), category, words)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("term", ['"', "text:*", "  ", "topic:nothing"])
def test_a_term_without_words_or_unknown_is_refused(papertide: Papertide, term: str) -> None:
    _refused(papertide("trends", term))


def test_trends_of_an_empty_store_say_what_to_do(papertide: Papertide) -> None:
    _refused(papertide("trends", "diffusion"), "papertide run")


def test_output_forms_exclude_each_other(papertide: Papertide) -> None:
    _refused(papertide("trends", "diffusion", "--json", "--csv"), "--json and --csv exclude each other")
    _refused(papertide("search", "graphs", "--bibtex", "--ris"), "--bibtex and --ris")


def test_an_unreachable_arxiv_ends_with_status_1(papertide: Papertide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTIDE_ARXIV__API_URL", "http://127.0.0.1:9/api/query")
    monkeypatch.setenv("PAPERTIDE_ARXIV__MAX_TRIES", "1")
    monkeypatch.setenv("PAPERTIDE_ARXIV__DELAY_S", "0")
    ended = papertide("harvest", "--weeks", "1")
    made, _, refused = ended.err.partition("\n")
    assert "a new one is made there" in made
    _refused(Ended(ended.status, ended.out, refused), "cannot reach arXiv", status=1)


@pytest.mark.parametrize("is_up_to_date", [True, False])
def test_a_run_delivers_what_is_due_even_if_arxiv_fails(
    papertide: Papertide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_up_to_date: bool
) -> None:
    """Unless all weeks are complete, one is requested again, but nobody answers."""
    monkeypatch.setenv("PAPERTIDE_ARXIV__API_URL", "http://127.0.0.1:9/api/query")
    monkeypatch.setenv("PAPERTIDE_ARXIV__MAX_TRIES", "1")
    monkeypatch.setenv("PAPERTIDE_ARXIV__DELAY_S", "0")
    with make_context(tmp_path / "data") as context:
        reader = add_pending(context.db, "reader@example.org", Preferences("weekly", "html", ()), now=context.now())
        confirm(context.db, reader.subscriber_id, None, now=context.now())
        if is_up_to_date:
            window, seen_at = window_of(WEEK.plus(-5)), context.now()
            complete = HarvestedWindow(window, context.settings.categories, (), 12, None, seen_at)
            apply_harvest(context.db, plan_harvest((), {}), complete, seen_at=seen_at)
    ended = papertide("run", "--weeks", "8")
    *before, last = ended.out.splitlines()
    assert last == "2026-W25: 1 sent"
    assert len(list((tmp_path / "data" / "mail").glob("*.eml"))) == 1
    if is_up_to_date:
        assert ended.status == 0, ended.err
        assert re.match(r"2026-W25: 12 papers, complete\. ", before[0])
        assert before[1].startswith("Read it: file://")
    else:
        assert ended.status == 1
        assert before == []
        assert "cannot reach arXiv" in ended.err.splitlines()[-1]


def test_a_misspelled_setting_ends_with_status_2(papertide: Papertide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTIDE_WEAKS", "3")
    _refused(papertide("status"), "'weaks' (environment variable PAPERTIDE_WEAKS); did you mean 'weeks'?")


def test_a_wrong_value_is_traced_to_its_environment_variable(
    papertide: Papertide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERTIDE_SERVICE__PORT", "none")
    _refused(papertide("status"), "setting service.port = 'none' (environment variable PAPERTIDE_SERVICE__PORT): ")
    monkeypatch.delenv("PAPERTIDE_SERVICE__PORT")
    (tmp_path / "papertide.toml").write_text("[service]\nport = 'none'\n")
    _refused(papertide("status"), "setting service.port = 'none': ")


@pytest.mark.parametrize("command", [(), ("topics",)], ids=str)
def test_a_command_of_commands_alone_prints_its_help(papertide: Papertide, command: tuple[str, ...]) -> None:
    assert papertide(*command) == papertide(*command, "--help")


@pytest.mark.parametrize("option", ["--data-dir", "--config", "--version"])
def test_a_global_option_behind_the_command_is_told_its_place(papertide: Papertide, option: str) -> None:
    message = f"No such option: {option}; it stands before the command, as in `papertide {option} ... status`"
    _refused(papertide("status", option, "x"), message)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "command",
    [
        ("trends", "diffusion", "--out", "absent/x.png"),
        ("digest", "--out", "absent/x"),
        ("mail", "preview", "--out", "absent/x.eml"),
        ("technique", "try", "x.toml", "--answers", "x.txt", "--out", "absent/x.txt"),
        ("demo", "--out", "absent/x"),
        ("export", "absent/x"),
        ("backup", "absent/x"),
    ],
    ids=lambda command: command[0],
)
def test_a_mistyped_folder_to_write_into_is_not_made(
    papertide: Papertide, tmp_path: Path, command: tuple[str, ...]
) -> None:
    _refused(papertide(*command), f"{command[-1]}: there is no folder absent; make it first, or correct the path")
    assert not (tmp_path / "absent").exists()


def test_a_taken_port_is_told_before_anything_is_made(papertide: Papertide, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        _refused(papertide("up", "--port", port), f"cannot listen at 127.0.0.1, port {port}", "choose another")
    assert not (tmp_path / "data").exists()


def test_a_new_database_is_told_and_one_that_is_there_is_not(papertide: Papertide, tmp_path: Path) -> None:
    new = f"There is no database in {tmp_path / 'data'} yet; a new one is made there."
    command = ("subscribers", "add", "ada@example.org")
    assert papertide(*command).err.splitlines()[0] == new
    assert new not in papertide(*command).err


def test_a_choice_that_there_is_not_is_refused_in_plain_words(papertide: Papertide) -> None:
    ended = papertide("trends", "diffusion", "--by", "day")
    message = "Invalid value for '--by': 'day' is not one of 'week', 'month', 'quarter', 'year'"
    assert ended.err == f"papertide: {message}\n"


@pytest.mark.parametrize(("limit", "wrong"), [("abc", "a whole number"), ("0", "at least 1"), ("501", "at most 500")])
def test_a_number_that_cannot_be_one_is_refused_in_plain_words(papertide: Papertide, limit: str, wrong: str) -> None:
    ended = papertide("search", "x", "--limit", limit)
    assert ended.err == f"papertide: Invalid value for '--limit': it must be {wrong}\n"


@pytest.mark.usefixtures("held")
def test_claims_of_a_term_that_no_paper_holds_say_what_trends_do(papertide: Papertide) -> None:
    message = "'foobarbaz' is no technique, theme or topic, and no paper has it in its words"
    _refused(papertide("trends", "foobarbaz"), message)
    _refused(papertide("claims", "foobarbaz"), message)


@pytest.mark.usefixtures("held")
def test_a_scan_that_there_is_not_is_refused_before_anything_is_printed(papertide: Papertide) -> None:
    ended = papertide("scan", "--scan", "999")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "papertide: there is no scan 999; you have not started one yet\n"


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--until", "2026-06-21"), "give --since with --until: the first day of the scan"),
        (("--week", "2026-06"), "not a week: '2026-06'; write it as 2026-W25"),
        (("--since", "June"), "not a day: 'June'; write it as 2026-05-04, 2026-W19, 2026-05 or 2026"),
        (("--scan", "1", "--for", "graphs"), "give --scan alone, or start a new one"),
        (("--leave-out", "mutes"), "'mutes' cannot be left out; give kept or seeds"),
        (("--for", "theme:security"), "a scan is for words or a topic, not for theme:security; filter by it instead"),
    ],
)
def test_a_scan_asked_for_wrongly_says_what_to_give(
    papertide: Papertide, options: tuple[str, ...], message: str
) -> None:
    ended = papertide("scan", *options)
    assert (ended.status, ended.out) == (2, "")
    assert message in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (GlobalOptions(None, None), "papertide scan --scan 1"),
        (GlobalOptions(None, Path("demo")), "papertide --data-dir demo scan --scan 1"),
        (GlobalOptions(Path("a b.toml"), None), "papertide --config 'a b.toml' scan --scan 1"),
    ],
)
def test_the_advice_of_a_scan_keeps_the_global_options(options: GlobalOptions, message: str) -> None:
    assert options.command_line("scan --scan 1") == message


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "absent.json"),
        ("detect", "absent.jsonl"),
        ("--config", "absent.toml", "status"),
        ("trends",),
        ("trends", "diffusion", "--by", "day"),
        ("trends", "diffusion", "--out", "chart.gif"),
        ("search", "x", "--limit", "0"),
        ("harvest", "--weeks", "0"),
        ("harvest", "--since", "2026"),
        ("harvest", "--source", "oai", "--since", "2026", "--weeks", "4"),
        ("harvest", "--source", "oai", "--since", "some day"),
        ("no-such-command",),
        ("status", "--no-such-option"),
        ("search", "anything"),
        ("topics", "list"),
        ("topics", "fit"),
    ],
)
def test_wrong_use_is_status_2_and_one_line(papertide: Papertide, arguments: tuple[str, ...]) -> None:
    _refused(papertide(*arguments))


def test_a_harvest_by_oai_pmh_stores_what_was_submitted_since_the_day(
    papertide: Papertide, make_paper: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    papers = [make_paper(1), make_paper(2, submitted_at=WEEK.start_at - timedelta(days=1))]
    with SampleArxiv(papers, now=WEEK.end_at + timedelta(days=2)) as arxiv:
        monkeypatch.setenv("PAPERTIDE_ARXIV__OAI_URL", arxiv.oai_url)
        monkeypatch.setenv("PAPERTIDE_ARXIV__DELAY_S", "0")
        ended = papertide("harvest", "--source", "oai", "--since", "2026-W25")
    assert (ended.status, "1 new" in ended.err) == (0, True)
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    assert count_papers(db) == 1
    db.close()


def test_a_bad_line_of_a_snapshot_leaves_the_good_ones_stored(
    papertide: Papertide, tmp_path: Path, make_paper: Make
) -> None:
    p = make_paper(1)
    fields = {
        "id": p.arxiv_id,
        "title": p.title,
        "abstract": p.abstract,
        "authors": "Ada Example",
        "categories": "cs.LG",
        "versions": [{"version": "v1", "created": format_datetime(p.submitted_at, usegmt=True)}],
    }
    (tmp_path / "snapshot.json").write_text("not json\n" + json.dumps(fields) + "\n")
    ended = papertide("import", "snapshot.json")
    assert ended.status == 1
    assert "line 1" in ended.err.splitlines()[-1]
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    assert count_papers(db) == 1
    db.close()


@pytest.mark.usefixtures("held")
def test_the_json_of_trends_has_the_documented_fields(papertide: Papertide) -> None:
    ended = papertide("trends", "diffusion", "text:latent", "--json")
    assert (ended.status, ended.err) == (0, "")
    answer: dict[str, Any] = json.loads(ended.out)
    assert list(answer) == ["by", "level", "categories", "series", "primary", "counted_at"]
    assert (answer["by"], answer["level"], answer["categories"]) == ("week", "adopts", list(Settings().categories))
    assert [(s["term"], s["kind"]) for s in answer["series"]] == [("diffusion", "technique"), ("latent", "text")]
    for series in answer["series"]:
        more = {"asked", "phrases", "readings", "unknown", "meaning", "counted_since", "verdict"}
        assert set(series) == {"term", "kind", "name", "points", "change", "change_points", "call", *more}
        for point in series["points"]:
            corrected = ["corrected", "corrected_low", "corrected_high"]
            assert list(point) == ["start", "end", "k", "n", "share", "low", "high", "complete", *corrected]
    older, newer = answer["series"][0]["points"]
    assert (older["start"], older["end"], older["k"], older["n"], older["share"]) == (
        "2026-06-08",
        "2026-06-14",
        10,
        20,
        0.5,
    )
    assert 0 < older["low"] < 0.5 < older["high"] < 1
    assert (older["complete"], newer["complete"]) == (True, False)


@pytest.mark.usefixtures("held")
def test_the_csv_of_trends_agrees_with_the_json(papertide: Papertide) -> None:
    rows = list(csv.DictReader(io.StringIO(papertide("trends", "diffusion", "--csv").out)))
    points = json.loads(papertide("trends", "diffusion", "--json").out)["series"][0]["points"]
    assert [(r["start"], int(r["k"]), float(r["share"])) for r in rows] == [
        (p["start"], p["k"], p["share"]) for p in points
    ]


def test_the_json_of_detect_names_levels_and_evidence(papertide: Papertide, tmp_path: Path) -> None:
    abstract = "We propose a latent diffusion model that draws images. It is fine-tuned with LoRA on ImageNet."
    given = {"id": "mine", "title": "Drawing", "abstract": abstract, "comment": "Accepted at ICML 2026"}
    nothing = {"id": 7, "title": "On numbers", "abstract": "We count."}
    (tmp_path / "abstracts.jsonl").write_text(f"{json.dumps(given)}\n\n{json.dumps(nothing)}\n")
    ended = papertide("detect", "abstracts.jsonl", "--json")
    first, second = map(json.loads, ended.out.splitlines())
    assert (first["id"], second["id"]) == ("mine", 7)
    assert (first["accepted"], first["venue"]["year"], second["accepted"]) == ("ICML 2026", 2026, None)
    for field in ("techniques", "themes", "names", "claims", "finding", "code", "venue", "standards", "failure_modes"):
        assert not second[field]
    diffusion = first["techniques"]["diffusion"]
    assert diffusion["level"] >= 2
    assert all(set(e) == {"field", "start", "end"} for e in diffusion["evidence"])
    names = {name["surface"]: (name["kind"], name["role"]) for name in first["names"]}
    assert names == {"LoRA": ("method", "uses"), "ImageNet": ("dataset", "uses")}
    assert all(abstract[e["start"] : e["end"]] == n["surface"] for n in first["names"] for e in n["evidence"])
    assert any("diffusion" in abstract[e["start"] : e["end"]] for e in diffusion["evidence"])


def test_the_json_of_detect_has_claims_the_finding_and_code(papertide: Papertide, tmp_path: Path) -> None:
    finding = "Experiments show that it reduces memory usage by 40% and is up to 2.3x faster than vLLM."
    abstract = f"Serving is expensive. {finding} Code: https://github.com/a/b. It meets the EU AI Act."
    (tmp_path / "abstracts.jsonl").write_text(json.dumps({"id": 1, "title": "A server", "abstract": abstract}))
    found = json.loads(papertide("detect", "abstracts.jsonl", "--json").out)
    assert [(c["quantity"], c["form"], c["value"], c["up_to"]) for c in found["claims"]] == [
        ("memory", "percent", 40.0, False),
        ("speed", "times", 2.3, True),
    ]
    assert all(c["quote"] in finding for c in found["claims"])
    assert (found["finding"], found["code"], list(found["standards"])) == (
        finding,
        "https://github.com/a/b",
        ["eu_ai_act"],
    )


def test_a_comment_that_is_no_text_is_refused(papertide: Papertide, tmp_path: Path) -> None:
    (tmp_path / "abstracts.jsonl").write_text('{"id": 1, "title": "a", "abstract": "b", "comment": 3}')
    ended = papertide("detect", "abstracts.jsonl", "--json")
    assert ended.status == 2
    assert "comment is text or null" in ended.err


def test_a_line_that_detect_cannot_read_is_named_and_the_others_are_answered(
    papertide: Papertide, tmp_path: Path
) -> None:
    good = {"title": "A diffusion model", "abstract": "We propose a diffusion model."}
    lines = [json.dumps({"id": "1", **good}), "not JSON", json.dumps({"id": "3", **good})]
    (tmp_path / "abstracts.jsonl").write_text("\n".join(lines))
    ended = papertide("detect", "abstracts.jsonl", "--json")
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == ["1", "3"]
    _refused(ended, "line 2", "id, title and abstract")
    assert papertide("detect", "abstracts.jsonl").out.count("Diffusion models: what it is about") == 2


def test_detect_says_for_people_which_names_were_found(papertide: Papertide, tmp_path: Path) -> None:
    given = {"id": 1, "title": "Drawing", "abstract": "We draw images. It is fine-tuned with LoRA on ImageNet."}
    (tmp_path / "abstracts.jsonl").write_text(json.dumps(given))
    lines = papertide("detect", "abstracts.jsonl").out.splitlines()
    assert "  names: LoRA (method, uses), ImageNet (dataset, uses)" in lines


def test_detect_says_for_people_what_was_found_and_by_which_words(papertide: Papertide, tmp_path: Path) -> None:
    given = {"id": "mine", "title": "Drawing", "abstract": "We propose a latent\ndiffusion model that draws images."}
    nothing = {"id": 7, "title": "On\nnumbers", "abstract": "We count."}
    (tmp_path / "abstracts.jsonl").write_text(f"{json.dumps(given)}\n{json.dumps(nothing)}\n")
    lines = papertide("detect", "abstracts.jsonl").out.splitlines()
    assert lines[0] == "mine  Drawing"
    assert lines[-2:] == ["7  On numbers", "  no technique or theme"]
    [diffusion] = [line for line in lines if line.startswith("  Diffusion models: ")]
    assert diffusion.endswith(": “latent diffusion”")


@pytest.mark.usefixtures("held")
def test_the_json_of_status_says_what_is_held_and_what_is_due(papertide: Papertide) -> None:
    answer = json.loads(papertide("status", "--json").out)
    assert answer["papers"] == 40
    assert [(w["week"], w["n"], w["closed"], w["complete"]) for w in answer["weeks"]] == [
        ("2026-W24", 20, True, True),
        ("2026-W25", 20, True, False),
    ]
    assert "harvest 2026-W25" in answer["due"]
    assert {"papers", "weeks", "embeddings", "topic_model", "runs", "due", "drift"} <= set(answer)


def _commands() -> Iterator[tuple[str, ...]]:
    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, inner in getattr(command, "commands", {}).items():
            yield (*path, name)
            yield from walk(inner, (*path, name))

    return walk(typer.main.get_command(main.app), ())


@pytest.mark.parametrize("command", [(), *_commands()], ids=" ".join)
def test_every_command_has_help(papertide: Papertide, command: tuple[str, ...]) -> None:
    ended = papertide(*command, "--help")
    assert (ended.status, ended.err) == (0, "")
    assert "Usage: " in ended.out


def test_status_loads_the_database_but_neither_pandas_nor_the_model(held: None, tmp_path: Path) -> None:
    code = (
        "import sys, service.cli.main as main\n"
        "sys.argv = ['papertide', '--data-dir', sys.argv[1], 'status', '--json']\n"
        "main.main(); print([m for m in ('pandas', 'scipy', 'sklearn', 'torch', 'alembic') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[3]
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "data")], capture_output=True, text=True, check=True, cwd=root
    )
    assert ended.stdout.splitlines()[-1] == "[]"


LIGHT_COMMANDS = (
    ("search", "2606.00051"),
    ("search", "author:nobody"),
    ("trends", "diffusion"),
    ("claims",),
    ("names",),
    ("topics",),
    ("card", "--help"),
    ("mail", "preview", "--help"),
)


def test_what_needs_no_model_and_no_statistics_loads_neither(held: None, tmp_path: Path) -> None:
    heavy = ("scipy.stats", "sklearn", "torch", "sentence_transformers", "statsmodels", "alembic")
    code = (
        "import contextlib, sys, service.cli.main as main\n"
        "folder = sys.argv[1]\n"
        f"for words in {LIGHT_COMMANDS}:\n"
        "    sys.argv = ['papertide', '--data-dir', folder, *words]\n"
        "    with contextlib.suppress(SystemExit):\n        main.main()\n"
        f"    print('loaded by', *words, [m for m in {heavy} if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[3]
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "data")], capture_output=True, text=True, check=True, cwd=root
    )
    loaded = [line for line in ended.stdout.splitlines() if line.startswith("loaded by ")]
    assert loaded == [f"loaded by {' '.join(words)} []" for words in LIGHT_COMMANDS]


def test_doctor_ends_with_1_where_there_is_a_problem(papertide: Papertide, tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("weekz = 3")
    for words in (
        ("--config", str(config), "doctor", "--json"),
        ("--config", str(config), "doctor", "--json", "--offline"),
    ):
        ended = papertide(*words)
        assert ended.status == 1
        found = json.loads(ended.out)
        assert found["state"] == "problem"
        assert "there is no setting 'weekz'; did you mean 'weeks'?" in found["checks"][0]["finding"]


def test_doctor_prints_a_line_for_each_check(papertide: Papertide) -> None:
    ended = papertide("doctor", "--offline")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert [line.split()[1] for line in lines[:3]] == ["settings", "versions", "packages"]
    assert {line.split()[0] for line in lines} <= {"ok", "warning"}


def test_help_loads_neither_pandas_nor_the_database() -> None:
    heavy = ("numpy", "pandas", "sqlalchemy", "torch")
    code = f"import sys, service.cli.main; print([m for m in {heavy} if m in sys.modules])"
    root = Path(__file__).resolve().parents[3]
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_every_command_is_documented() -> None:
    if not REFERENCE.exists():
        pytest.skip("docs/commands.md is not generated here")
    text = REFERENCE.read_text(encoding="utf-8")
    assert [command for command in _commands() if f"papertide {' '.join(command)}" not in text] == []


@pytest.fixture
def with_topics(held: None, tmp_path: Path) -> None:
    """Two topics over the held papers."""
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    model_id = "all-MiniLM-L6-v2@53aa5117/bfloat16"
    ids = [p.arxiv_id for p in papers_of_week(db, WEEK, Settings().categories)]
    vectors = np.tile(np.eye(2, 8, dtype=np.float32), (len(ids), 1))[: len(ids)]
    add_embeddings(db, Embeddings(tuple(ids), vectors, model_id))
    topics = [Topic(n, label, ("a", "b"), WEEK, 5, "images") for n, label in ((1, "diffusion"), (2, "other things"))]
    fitted = FittedTopics(
        model_id, np.eye(2, 8, dtype=np.float32), (5, 5), ("diffusion", "other things"), ((), ()), 0.5
    )
    add_topic_model(
        db,
        fitted,
        topics,
        [],
        assign_topics(Embeddings(tuple(ids), vectors, model_id), fitted),
        fitted_week=WEEK.plus(-1),
        fitted_at=WEEK.end_at,
        settings={},
        library_versions={},
        drift=[
            TopicDrift(WEEK.plus(-1), 10, 0.1, 0.7, 0.0, 1.0),
            TopicDrift(WEEK, 20, 0.25, 0.6, 0.1, 2.0),
        ],
    )
    db.close()


@pytest.mark.usefixtures("with_topics")
def test_topics_are_listed_by_area_and_status_tells_how_they_fit(papertide: Papertide) -> None:
    listed = papertide("topics", "list").out.splitlines()
    assert listed[0] == "images: 2 topics, 20 papers"
    assert "diffusion" in listed[1]
    assert (
        "25.0% of the papers of 2026-W25 are far from every topic, 10.0% of those that the fit saw last"
        in papertide("status").out
    )


@pytest.mark.usefixtures("with_topics")
def test_a_topic_takes_the_name_that_the_operator_gives_and_gives_it_back(papertide: Papertide) -> None:
    assert papertide("topics", "rename", "diffusion", "Painting by noise").out == (
        "topic 1 is called 'Painting by noise' now\n"
    )
    names = {t["topic_id"]: t["label"] for t in json.loads(papertide("topics", "list", "--json").out)}
    assert names == {1: "Painting by noise", 2: "other things"}
    assert papertide("topics", "rename", "1").out == "topic 1 is called 'diffusion' now\n"


@pytest.mark.usefixtures("with_topics")
@pytest.mark.parametrize("arguments", [("7", "x"), ("1", "Other Things"), ("1", "2"), ("1", " "), ("1", "x" * 81)])
def test_a_name_that_cannot_be_given_is_refused_in_one_line(papertide: Papertide, arguments: tuple[str, str]) -> None:
    ended = papertide("topics", "rename", *arguments)
    assert ended.status == 2
    assert ended.err.startswith("papertide: ")
    assert ended.err.count("\n") == 1


def test_real_papers_never_come_among_those_of_the_demo(papertide: Papertide, tmp_path: Path, make_paper: Make) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    apply_harvest(db, plan_harvest([make_paper(FIRST_MADE_UP)], {}), None, seen_at=WEEK.end_at)
    db.close()
    for command in (["run"], ["harvest", "--source", "oai"]):
        _refused(papertide(*command), "the demo's", "--data-dir")


@pytest.mark.usefixtures("at_work")
def test_trends_during_a_run_are_those_of_the_last_count_and_say_so(papertide: Papertide) -> None:
    answer = json.loads(papertide("trends", "diffusion", "text:diffusion", "--json").out)
    assert answer["counted_at"] == NOW
    detected, words = ([(p["k"], p["n"], p["complete"]) for p in s["points"]] for s in answer["series"])
    assert detected == [(10, 20, True), (10, 20, False)]
    assert words == [(10, 20, True), (20, 30, True)]  # words are looked up in all that is stored
    for category in ("cs.LG", "cs.CL"):
        alone = json.loads(papertide("trends", "diffusion", "--category", category, "--json").out)
        assert [p["n"] for p in alone["series"][0]["points"]] == ([20, 20] if category == "cs.LG" else [0, 0])
    printed = papertide("trends", "diffusion")
    assert (printed.status, printed.err) == (0, "")
    assert printed.out.startswith("Papers have changed and are being counted. Techniques, themes and topics have the")
    assert "2026-06-23 12:00 UTC" in printed.out
    assert json.loads(papertide("trends", "text:diffusion", "--json").out)["counted_at"] is None
    _refused(papertide("trends", "diffusion", "--category", "cs.LG", "--category", "cs.CL"), "not counted yet")


@pytest.mark.usefixtures("at_work")
def test_trends_are_of_everything_once_it_is_counted(papertide: Papertide, tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    detector, now = Detector(load_taxonomy(None)), datetime.fromisoformat(NOW)
    for _ in (
        *detect_missing(db, detector.detector_id, detector.detect),
        *refresh_tables(db, detector.detector_id, None, Settings().categories, now=now),
    ):
        pass
    db.close()
    answer = json.loads(papertide("trends", "diffusion", "--json").out)
    assert answer["counted_at"] is None
    assert [(p["k"], p["n"]) for p in answer["series"][0]["points"]] == [(10, 20), (20, 30)]


@pytest.mark.usefixtures("held")
def test_a_search_for_an_author_offers_the_time_that_it_names(papertide: Papertide) -> None:
    assert "did you mean 'author:example since:2026 until:2026'?" in papertide("search", "author:example in 2026").err
    assert "did you mean" not in papertide("search", "author:example in 2026 steps").err


@pytest.mark.usefixtures("held")
def test_trends_with_categories_that_were_never_counted_say_what_to_do(
    papertide: Papertide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERTIDE_CATEGORIES", "cs.LG")
    _refused(papertide("trends", "diffusion"), "papertide analyse")


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("trends", "diffusion"),
        ("search", "diffusion"),
        ("calls",),
        ("emerging",),
        ("digest",),
        ("digest", "--preview"),
        ("topics", "list"),
        ("subscribers", "list"),
        ("deliver", "--dry-run"),
        ("backup", "file"),
        ("export", "folder"),
        ("analyse",),
    ],
    ids=" ".join,
)
def test_a_mistyped_folder_is_refused_and_stays_absent(
    papertide: Papertide, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ended = papertide("--data-dir", str(tmp_path / "mistyped"), *command)
    _refused(ended, "there is no database", "mistyped/papertide.sqlite", "--data-dir")
    assert ended.out == ""
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.usefixtures("held")
def test_a_command_that_failed_is_in_trouble_without_a_number_of_times(papertide: Papertide, tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    at = datetime.fromisoformat(NOW)
    for job, n_tries, next_try_at in (("run", 0, None), ("backup", 1, at), ("digest", 3, at)):
        start_run(db, job, "all", now=at)
        finish_run(db, job, "all", state="failed", message="no luck", now=at, n_tries=n_tries, next_try_at=next_try_at)
    db.close()
    assert [line for line in papertide("status").out.splitlines() if "in trouble" in line] == [
        "  in trouble: run all, failed: no luck",
        "  in trouble: backup all, once, again at 2026-06-23T12:00:00Z: no luck",
        "  in trouble: digest all, 3 times, again at 2026-06-23T12:00:00Z: no luck",
    ]


def test_a_term_by_meaning_is_checked_with_a_dozen_answers(
    papertide: Papertide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_context(tmp_path / "data"):
        pass
    monkeypatch.setattr("analysis.sentence_encoder.load_encoder", lambda *_, **__: WordEncoder())
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 5 + "n\n" * 3))
    ended = papertide("trends", "--check", "meaning:diffusion transformer", "gnn", "--json")
    assert "next time without questions: 'meaning(5/8):diffusion transformer'" in ended.err
    [series, other] = json.loads(ended.out)["series"]
    assert (series["meaning"]["n_right"], series["meaning"]["n_answers"]) == (5, 8)
    assert series["meaning"]["precision"] is None  # eight papers are all that it counts
    assert {point["low"] for point in series["points"]} == {None}
    assert other["meaning"] is None
    text = papertide("trends", "meaning(9/12):diffusion transformer", "gnn").out
    assert "9 of 12 papers read were right" in text
    assert "are also in “Graph neural networks”" in text


@pytest.fixture
def listed(held: None, tmp_path: Path, make_paper: Make) -> None:
    """As ``held``, with two lists of emerging terms, and papers that hold one of the terms."""
    db = open_database(f"sqlite:///{tmp_path / 'data' / 'papertide.sqlite'}")
    at = WEEK.start_at
    papers = [
        make_paper(
            900 + i,
            title=f'Agent Skills "{i}" at Work',
            abstract="Agent skills (ASK) help. " if i < 48 else "In salon agent skills matter.",
            primary_category="cs.CL" if i < 48 else "cs.HC",
            categories=("cs.CL",) if i < 48 else ("cs.HC", "cs.CL"),
            submitted_at=at,
            updated_at=at,
        )
        for i in range(50)
    ]
    apply_harvest(db, plan_harvest(papers, {}), None, seen_at=at)
    add_listed_terms(db)
    db.close()


@pytest.mark.usefixtures("listed")
def test_emerging_prints_the_newest_list_with_new_terms_first(papertide: Papertide) -> None:
    ended = papertide("emerging")
    assert ended.status == 0
    assert ended.out.splitlines() == [
        "8 weeks on: 1 of 1 held",
        "12 weeks on: 1 unclear",
        "new             <b>skills</b>: 12 papers of 8 teams, 30 times as often as before (at least 9.2 times)",
        "since 2026-W05  agent skills: 12 papers of 8 teams, 30 times as often as before (at least 9.2 times)",
    ]
    answer = json.loads(papertide("emerging", "--week", "2026-W05", "--json").out)
    assert (answer["week"], [term["name"] for term in answer["terms"]]) == ("2026-W05", ["agent skills"])
    _refused(papertide("emerging", "--week", "2026-W10"), "no list", "2026-W25")
    _refused(papertide("emerging", "--week", "soon"), "not a week")


@pytest.mark.usefixtures("held")
def test_without_a_list_emerging_says_what_is_missing(papertide: Papertide) -> None:
    _refused(papertide("emerging"), "no list", "16 weeks", "history_weeks")


@pytest.mark.usefixtures("listed")
def test_an_adopted_term_is_a_technique_that_fits_into_the_taxonomy(papertide: Papertide) -> None:
    ended = papertide("emerging", "adopt", "Agent-Skills")
    assert ended.status == 0
    shipped = resources.files("analysis.detection").joinpath("taxonomy.toml").read_text(encoding="utf-8")
    [entry] = [e for e in parse_taxonomy(f"{shipped}\n{ended.out}").entries if e.key == "agent_skill"]
    assert entry.strong == ("agent skills", "ASK")
    assert entry.exclude == ("agent skills matter", "salon agent skills")
    assert len(entry.matches) == 3
    _refused(papertide("emerging", "adopt", "no such term"), "'no such term' is on no list")


TRIED = """
[[technique]]
key = "subject_diffusion"
name = "Subject diffusion"
definition = "Work on the diffusion of subjects."
strong = ["diffusion model"]
"""


@pytest.mark.usefixtures("held")
def test_a_technique_is_tried_with_answers_from_a_file_and_writes_only_what_it_is_told(
    papertide: Papertide, tmp_path: Path
) -> None:
    file, answers, out = (tmp_path / name for name in ("tried.toml", "answers.txt", "judged.tsv"))
    file.write_text(TRIED, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    shown = papertide("technique", "try", str(file), "--show")
    assert shown.status == 0, shown.err
    assert "40 stored papers" in shown.out
    assert "20  only in the loose net" not in shown.out
    asked = re.findall(r"^  (2606\.\d{5})  ", shown.out.split("Does each of these")[1], re.MULTILINE)
    assert len(asked) == 20
    answers.write_text("".join(f"{i} {'no' if n == 0 else 'yes'}\n" for n, i in enumerate(asked)), encoding="utf-8")
    judged = papertide("technique", "try", str(file), "--answers", str(answers))
    assert judged.status == 0, judged.err
    [precision] = re.findall(r"precision: ([\d.]+), 95 % interval", judged.out)
    assert float(precision) == 0.95
    assert "Counted wrong:" in judged.out
    assert sorted(set(tmp_path.rglob("*")) - set(before) - {answers}) == []
    again = papertide("technique", "try", str(file), "--answers", str(answers), "--out", str(out))
    assert again.out == judged.out
    assert papertide("technique", "try", str(file), "--answers", str(out)).out == judged.out


@pytest.mark.usefixtures("held")
def test_a_person_is_asked_about_each_paper(
    papertide: Papertide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tried.toml"
    file.write_text(TRIED, encoding="utf-8")
    questions: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda question, **_: questions.append(question) or True)
    ended = papertide("technique", "try", str(file))
    assert (ended.status, len(questions)) == (0, 20)
    assert "precision: 1.00" in ended.out


@pytest.mark.usefixtures("held")
def test_a_trial_that_cannot_be_made_is_refused_in_one_line(papertide: Papertide, tmp_path: Path) -> None:
    file, answers = tmp_path / "tried.toml", tmp_path / "answers.txt"
    _refused(papertide("technique", "try", str(file), "--show"), "cannot be read")
    file.write_text(TRIED.replace('"diffusion model"', '"glottal flux"').replace("Subject diffusion", "Glottal flux"))
    _refused(papertide("technique", "try", str(file), "--show"), "none of the 40 stored papers")
    file.write_text(TRIED, encoding="utf-8")
    _refused(papertide("technique", "try", str(file)), "nobody can be asked", "--answers")
    _refused(papertide("technique", "try", str(file), "--key", "other", "--show"), "no technique 'other'")
    answers.write_text("2606.00001 perhaps\n", encoding="utf-8")
    _refused(papertide("technique", "try", str(file), "--answers", str(answers)), "line 1")
    answers.write_text("2606.00001 yes\n", encoding="utf-8")
    _refused(papertide("technique", "try", str(file), "--answers", str(answers)), "--show lists them")
    file.write_text(TRIED + TRIED.replace("subject_diffusion", "other"), encoding="utf-8")
    _refused(papertide("technique", "try", str(file), "--show"), "2 techniques", "--key")
