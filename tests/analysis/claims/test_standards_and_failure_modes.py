from __future__ import annotations

from pathlib import Path

import pytest

from analysis.claims.standards_and_failure_modes import RuleFinder, load_named_rules
from domain.errors import ConfigError


def found(title: str, abstract: str = "") -> dict[str, str]:
    """The first words that show each entry, by key."""
    texts = {"title": title, "abstract": abstract}
    mentions = RuleFinder(load_named_rules()).find(title, abstract)
    return {m.key: texts[m.evidence[0].field][m.evidence[0].start : m.evidence[0].end] for m in mentions}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("under the EU AI Act and the GDPR", {"eu_ai_act": "EU AI Act", "gdpr": "GDPR"}),
        ("an ISO/IEC 42001 audit with the NIST AI RMF", {"iso_42001": "ISO/IEC 42001", "nist_ai_rmf": "NIST AI RMF"}),
        ("ISO 26262 and SOTIF for cars", {"iso_26262": "ISO 26262", "iso_21448": "SOTIF"}),
        ("the OWASP Top 10 and MITRE ATLAS", {"owasp": "OWASP", "mitre_atlas": "MITRE ATLAS"}),
        ("HIPAA-compliant", {"hipaa": "HIPAA"}),
        ("reward hacking and hallucinations", {"reward_hacking": "reward hacking", "hallucination": "hallucinations"}),
        ("models fail silently", {"silent_failure": "fail silently"}),
        ("the ATLAS detector acts on AI", {}),
        ("drift chambers and mode locking", {}),
    ],
)
def test_standards_and_failure_modes_are_found_by_their_words(text: str, expected: dict[str, str]) -> None:
    assert found(text) == expected
    assert found("", text) == expected


def test_an_operators_file_adds_and_replaces(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[failure_mode]]\nkey = "slop"\nname = "Slop"\ndefinition = "Text of no use."\nwords = ["slop"]\n'
        '[[failure_mode]]\nkey = "drift"\nname = "Drift"\ndefinition = "Ours."\nwords = ["sensor drift"]\n'
    )
    rules = load_named_rules(failure_modes=own)
    assert rules.rules_id != load_named_rules().rules_id
    keys = [m.key for m in RuleFinder(rules).find("slop and sensor drift", "concept drift")]
    assert sorted(keys) == ["drift", "slop"]
    assert [e.words for e in rules.failure_modes if e.key == "drift"] == [("sensor drift",)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("nonsense", "not valid TOML"),
        ("[[other]]\n", "unknown other"),
        ('[[failure_mode]]\nkey = "x"\n', "missing"),
        ('[[failure_mode]]\nkey = "X y"\nname = "a"\ndefinition = "b"\nwords = ["c"]\n', "lower-case"),
        ('[[failure_mode]]\nkey = "x"\nname = "a"\ndefinition = "b"\nwords = []\n', "list of words"),
        ('[[failure_mode]]\nkey = "x"\nname = "a"\ndefinition = "b"\nwords = ["c"]\nmore = 1\n', "unknown more"),
        (
            '[[failure_mode]]\nkey = "x"\nname = "a"\ndefinition = "b"\nwords = ["c"]\nsubjects = ["Tea"]\n',
            "no subject 'Tea'",
        ),
        (
            '[[failure_mode]]\nkey = "x"\nname = "a"\ndefinition = "b"\nwords = ["c"]\nsubjects = "Tea"\n',
            "subjects is a list",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, content: str, problem: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(content)
    with pytest.raises(ConfigError, match=problem) as refused:
        load_named_rules(failure_modes=own)
    assert "\n" not in str(refused.value).strip()


def test_the_shipped_lists_are_sound() -> None:
    rules = load_named_rules()
    assert len(rules.standards) >= 25
    assert len(rules.failure_modes) >= 20
    assert [subject.eu_ai_act.split(",")[0] for subject in rules.subjects] == [f"Article {n}" for n in range(9, 16)]
    assert all(entry.url.startswith("https://") for entry in rules.standards)
