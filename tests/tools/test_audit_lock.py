"""The audit of the lock: what its answer means."""

from __future__ import annotations

import json

from tools.audit_lock import audit_lines, torch_requirement

SOUND = {"name": "anyio", "version": "4.16.0", "vulns": []}
MENDED = {"name": "jinja2", "version": "3.1.5", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.6"]}]}
OPEN = {"name": "lxml", "version": "6.1.3", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1)"}


def _answer(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_vulnerability_that_a_newer_version_mends_fails_the_audit() -> None:
    status, lines = audit_lines(_answer(SOUND, MENDED, OPEN), "")
    assert status == 1
    assert lines == [
        "jinja2 3.1.5: PYSEC-1, mended in 3.1.6",
        "lxml 6.1.3: PYSEC-2, mended in no version yet",
        "3 packages of requirements.lock audited, 2 vulnerabilities",
    ]


def test_one_that_nothing_mends_is_told_and_passes() -> None:
    assert audit_lines(_answer(SOUND, OPEN), "")[0] == 0


def test_packages_that_the_data_lacks_are_named() -> None:
    status, lines = audit_lines(_answer(SOUND, UNKNOWN), "")
    assert (status, len(lines)) == (0, 2)
    assert lines[0].endswith("none of them: ours")
    assert lines[1].startswith("1 packages")


def test_an_audit_without_data_says_that_it_was_not_done() -> None:
    for printed, problem in (("", "ERROR: unreachable"), (_answer(UNKNOWN), ""), ("Traceback", "")):
        status, [line] = audit_lines(printed, problem)
        assert status == 0
        assert line.startswith("NOT DONE: the lock was not audited")


def test_torch_is_pinned_to_one_version() -> None:
    assert torch_requirement().startswith("torch==2.")
