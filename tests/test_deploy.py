"""What is in ``deploy/`` and the container files fits the rest, and the programs that read it accept it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from runtime.settings import load_settings
from service.web.app import make_app
from tests.service.web.conftest import make_context
from tests.test_imports import NOT_SHIPPED, packages

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE = (ROOT / "compose.yaml", DEPLOY / "compose.postgresql.yaml")
_METRIC = re.compile(r"papertide_[a-z_]+")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The name of every series that ``/metrics`` can have, those of readers too."""
    context = make_context(tmp_path_factory.mktemp("metrics"))
    service = context.settings.service.model_copy(update={"metrics_count_readers": True})
    context.settings = context.settings.model_copy(update={"service": service})
    text = TestClient(make_app(context.settings, context)).get("/metrics").text
    found = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
    suffixes = {"histogram": ("_bucket", "_sum", "_count")}
    return {f"{name}{suffix}" for name, kind in found for suffix in suffixes.get(kind, ("",))}


def test_rules_and_dashboard_name_only_metrics_that_there_are(metrics: set[str]) -> None:
    assert "papertide_requests_total" in metrics
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((DEPLOY / "grafana" / "papertide.json").read_text())
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = {name for expression in asked for name in _METRIC.findall(expression)}
    assert len(named) > 8
    assert named - metrics == set()
    shown = {
        name for panel in dashboard["panels"] for target in panel["targets"] for name in _METRIC.findall(target["expr"])
    }
    bases = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in metrics}
    assert bases - {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} == set()


def test_every_alert_says_what_and_what_to_do() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in ("page", "ticket")


def run(program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which(program) or shutil.which(str(Path(sys.executable).with_name(program)))
    if found is None:
        pytest.skip(f"NOT TESTED: {program} is not installed")
    return subprocess.run([found, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_promtool_accepts_the_rules_and_their_tests() -> None:
    for action, file in (("check", "alerts.yml"), ("test", "alerts_test.yml")):
        ended = run("promtool", action, "rules", file, cwd=DEPLOY / "prometheus")
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_hadolint_accepts_the_dockerfile() -> None:
    ended = run("hadolint", "Dockerfile", cwd=ROOT)
    assert ended.returncode == 0, ended.stdout


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/srv/papertide/.venv/bin/papertide", sys.executable)
        (tmp_path / unit.name).write_text(re.sub("^(User|Group)=papertide$", r"\1=root", text, flags=re.MULTILINE))
    units = sorted(str(unit) for unit in tmp_path.iterdir())
    assert len(units) == 3
    ended = run("systemd-analyze", "verify", "--man=no", *units, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert not [line for line in ended.stderr.splitlines() if "papertide" in line]


def services() -> list[dict[str, Any]]:
    return [one for file in COMPOSE for one in yaml.safe_load(file.read_text())["services"].values() if "build" in one]


def test_every_container_of_ours_runs_without_rights_on_a_read_only_root() -> None:
    assert len(services()) == 3
    for service in services():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["tmpfs"] == ["/tmp"]
        assert service["volumes"] == ["data:/data"]
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text


def test_the_settings_of_the_containers_are_settings(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://papertide:secret@database/papertide\n")
    given = re.findall(r"(PAPERTIDE_\w+)=(\S+)", (ROOT / "Dockerfile").read_text())
    for service in services():
        environment = dict(given) | dict.fromkeys(service["environment"], "")
        if "PAPERTIDE_DATABASE_URL_FILE" in environment:
            environment["PAPERTIDE_DATABASE_URL_FILE"] = str(tmp_path / "url")
        settings = load_settings(None, environment, {})
        assert str(settings.data_dir) == "/data"
        assert settings.service.host == "0.0.0.0"


def test_the_commands_of_the_containers_and_units_are_commands() -> None:
    from service.cli.main import COMMANDS

    asked = [service["command"][0] for service in services()]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        asked += re.findall(r"^ExecStart=\S+/papertide (\w+)", unit.read_text(), re.MULTILINE)
    assert len(asked) == 5
    assert set(asked) <= set(COMMANDS)


def test_the_image_has_every_package_that_ships_at_the_locked_versions() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in >= packages() - NOT_SHIPPED
    pinned = re.compile(r"^([\w.-]+==\S+)", re.MULTILINE)
    image = set(pinned.findall((DEPLOY / "requirements.lock").read_text()))
    whole = set(pinned.findall((ROOT / "requirements.lock").read_text()))
    assert image < whole
    names = {line.partition("==")[0] for line in image}
    assert {"mcp", "psycopg", "sqlalchemy"} <= names
    assert not {"pytest", "mypy", "torch", "playwright"} & names
    torch = re.search(r'"(torch==[\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert torch is not None
    assert f" {torch[1]}\n" in (ROOT / "Dockerfile").read_text()
