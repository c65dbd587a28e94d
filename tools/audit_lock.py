"""``python -m tools.audit_lock``: looks the locked packages up among known vulnerabilities, with pip-audit.

Ends with 1 if one has a vulnerability that a newer version mends. Where the data cannot be reached, says so in a line
and ends with 0, so that an offline build passes without claiming an audit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = "requirements.lock"
_NOT_DONE = "NOT DONE: the lock was not audited, because the data could not be had: "


def pip_audit(lock: Path) -> tuple[str, str]:
    """What pip-audit prints as JSON for a lock, and on standard error."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--no-deps", "--disable-pip"]
    options = ["--format", "json", "--progress-spinner", "off", "--timeout", "30"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout, done.stderr


def torch_requirement() -> str:
    """The pinned torch, which is installed before the lock and is therefore not in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return next(str(requirement) for requirement in project["dependencies"] if requirement.startswith("torch=="))


def audit_lines(printed: str, problem: str) -> tuple[int, list[str]]:
    """The exit status and the lines to print, from what pip-audit printed.

    Examples
    --------
    >>> audit_lines("", "ERROR: no route to host")
    (0, ['NOT DONE: the lock was not audited, because the data could not be had: ERROR: no route to host'])
    """
    try:
        packages: Sequence[dict[str, Any]] = json.loads(printed)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        reason = (problem.strip().splitlines() or ["pip-audit said nothing"])[-1][:200]
        return 0, [_NOT_DONE + reason]
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    skipped = [package for package in packages if "skip_reason" in package]
    if packages and len(skipped) == len(packages):
        return 0, [_NOT_DONE + skipped[0]["skip_reason"]]
    if skipped:
        found.append(f"not audited, because the data has none of them: {', '.join(p['name'] for p in skipped)}")
    mended = any(v["fix_versions"] for package in packages for v in package.get("vulns", ()))
    n_found = sum(len(package.get("vulns", ())) for package in packages)
    n_audited = len(packages) - len(skipped)
    return int(mended), [*found, f"{n_audited} packages of {LOCK} audited, {n_found} vulnerabilities"]


def main() -> int:
    """Audit the lock."""
    status, lines = audit_lines(*pip_audit(ROOT / LOCK))
    for line in [*lines, f"{torch_requirement()} is pinned outside the lock and was not audited"]:
        sys.stdout.write(line + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
