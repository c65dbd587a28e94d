"""The taxonomy file: what ships is sound, and a bad file is refused in one clear line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.detection.taxonomy import load_taxonomy, load_technique, parse_taxonomy
from domain.errors import ConfigError

GOOD = """
name = "ours"
version = 3

[[technique]]
key = "kan"
name = "Kolmogorov-Arnold networks"
definition = "Work on networks with learned edge functions."
strong = ["Kolmogorov-Arnold", "KAN"]
"""


def test_the_shipped_taxonomy_has_the_codebooks_keys_first_and_in_its_order() -> None:
    terms = load_taxonomy().terms
    assert [t.key for t in terms][:7] == ["transformer", "llm", "diffusion", "ssm", "gnn", "rl", "compression"]
    assert [t.key for t in terms if t.kind == "theme"] == [
        "efficiency", "evaluation", "data_governance", "deployment", "security", "application",
    ]  # fmt: skip


def test_every_shipped_term_is_measured_and_a_changed_one_is_not() -> None:
    taxonomy = load_taxonomy()
    assert [t.key for t in taxonomy.terms if not t.measured] == []
    entries = (replace(taxonomy.entries[0], strong=("another word",)), *taxonomy.entries[1:])
    assert [t.key for t in replace(taxonomy, entries=entries).terms if not t.measured] == [entries[0].key]


def test_every_shipped_term_says_what_it_counts_in_one_sentence_and_has_examples() -> None:
    for entry in load_taxonomy().entries:
        assert entry.definition.endswith("."), entry.key
        assert entry.matches, entry.key
        assert entry.misses, entry.key


def test_the_id_changes_with_the_words_and_not_with_the_examples() -> None:
    base = parse_taxonomy(GOOD)
    assert base.taxonomy_id.startswith("ours/3-")
    assert parse_taxonomy(GOOD + 'matches = ["A KAN."]\n').taxonomy_id == base.taxonomy_id
    assert parse_taxonomy(GOOD + 'weak = ["splines"]\n').taxonomy_id != base.taxonomy_id


def test_a_measured_term_whose_words_an_operator_changes_is_no_longer_measured(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[3] / "analysis" / "detection" / "taxonomy.toml").read_text(encoding="utf-8")
    path = tmp_path / "taxonomy.toml"
    path.write_text(shipped.replace('"flow matching", ', "", 1), encoding="utf-8")
    taxonomy = load_taxonomy(path)
    assert not taxonomy.term("diffusion").measured
    assert taxonomy.term("gnn").measured


def test_an_unknown_key_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_taxonomy().term("perceptron")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"\nversion = 1\n', r"holds no \[\[technique\]\]"),
        ('version = 1\n[[technique]]\nkey = "a"', "name is missing"),
        (GOOD.replace("version = 3", 'version = "3"'), "version is missing or not a whole number"),
        (GOOD.replace('key = "kan"', 'key = "K A N"'), "technique number 1: key must be"),
        (GOOD.replace('name = "Kolmogorov-Arnold networks"\n', ""), "technique 'kan': name is missing"),
        (GOOD.replace("strong", "strogn"), "unknown field 'strogn'"),
        (GOOD.replace('["Kolmogorov-Arnold", "KAN"]', '"KAN"'), "strong must be a list of texts"),
        (GOOD.replace('["Kolmogorov-Arnold", "KAN"]', "[]"), "strong is missing"),
        (GOOD.replace('"KAN"', '"K*N"'), r"'K\*N'; a word needs two letters or digits"),
        (GOOD.replace('"KAN"', '"*"'), "a word needs two letters or digits"),
        (GOOD + GOOD[GOOD.index("[[") :], "key 'kan' is used twice"),
        (GOOD.replace("[[technique]]", "[technique]"), r"must be written as \[\[technique\]\]"),
        (GOOD + "\n[other]\nx = 1\n", "unknown field 'other'"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_file_and_fault(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_taxonomy(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_one_that_is_not_text_are_refused_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_taxonomy(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_taxonomy(tmp_path / "latin.toml")


def test_ambiguous_words_need_words_that_say_what_they_mean() -> None:
    block = GOOD.replace('strong = ["Kolmogorov-Arnold", "KAN"]', 'strong = ["Kolmogorov-Arnold"]\nambiguous = ["KAN"]')
    with pytest.raises(ValueError, match="ambiguous words need sense or context words"):
        parse_taxonomy(block)
    plain, told = (parse_taxonomy(text).entries[0] for text in (GOOD, f'{block}sense = ["spline"]\n'))
    assert told.ambiguous == ("KAN",)
    assert told.content_hash != plain.content_hash


def test_a_technique_is_read_from_a_file_without_a_taxonomys_name(tmp_path: Path) -> None:
    path = tmp_path / "tried.toml"
    block = GOOD[GOOD.index("[[") :]
    for content in (block, GOOD):
        path.write_text(content, encoding="utf-8")
        assert load_technique(path).key == "kan"
    path.write_text(block + block.replace('"kan"', '"other"'), encoding="utf-8")
    assert load_technique(path, "other").key == "other"
    for content, complaint in (("= 1", "not valid TOML"), ("", "holds no")):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError, match=complaint):
            load_technique(path)
