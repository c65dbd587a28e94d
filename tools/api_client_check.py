"""Drive every route of the API with a client generated from its description, and show what the description lacks.

python -m tools.api_client_check URL --generator COMMAND

``URL`` is that of a running service over some data, such as ``make serve-demo`` starts. ``COMMAND`` is
``openapi-python-client``, which is installed into an environment of its own, because the project does not need it::

    python -m venv generator && generator/bin/pip install openapi-python-client
    python -m tools.api_client_check http://127.0.0.1:8000 --generator generator/bin/openapi-python-client

The client is written into a throw-away folder, run by the Python beside the generator, and asked for every route:
lists to their last page, and each week, topic and paper that they name, up to ``--most`` of each. A line a route says
how many answers came. The exit status is 1 where an answer has a field that the description lacks, where one comes
back other than it was sent, or where a route was not driven.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.trend_periods import PERIODS

PACKAGE = "papertide_client"
MOST = 25
"""Weeks, topics and papers that are asked for, of each."""

DRIVER = '''
"""Asks every route through the generated client, and prints one JSON object."""
import importlib, json, sys, time
import attrs
from papertide_client import Client

url, most = sys.argv[1], int(sys.argv[2])
client = Client(base_url=url, raise_on_unexpected_status=True)
n_answers, unknown, changed = {}, set(), []


def ask(name, *args, **query):
    """The parsed answer of a route; notes fields that its model does not declare."""
    module = importlib.import_module(f"papertide_client.api.v1.{ROUTES[name]}")
    response = module.sync_detailed(*args, client=client, **query)
    while response.status_code == 429:
        time.sleep(int(response.headers["retry-after"]))
        response = module.sync_detailed(*args, client=client, **query)
    assert response.status_code == 200, (name, args, query, response.content[:300])
    n_answers[name] = n_answers.get(name, 0) + 1
    look(response.parsed, type(response.parsed).__name__)
    if response.parsed.to_dict() != json.loads(response.content, parse_float=float):
        note_change(name, response.parsed.to_dict(), json.loads(response.content))
    return response.parsed


def look(value, path):
    """Collect the additional properties of a model and of the models in it."""
    if isinstance(value, (list, tuple)):
        for member in value:
            look(member, path)
    elif attrs.has(type(value)):
        free_form = not [f for f in attrs.fields(type(value)) if f.name != "additional_properties"]
        for field in attrs.fields(type(value)):
            if field.name != "additional_properties":
                look(getattr(value, field.name), f"{path}.{field.name}")
        for name, member in getattr(value, "additional_properties", {}).items():
            if free_form:  # an object whose names are data, such as categories
                look(member, f"{path}[]")
            else:
                unknown.add(f"{path}.{name}")


def note_change(name, sent, came, path=""):
    """Where the client's form of an answer differs from what came, instants by their value."""
    if isinstance(came, dict) and isinstance(sent, dict):
        for key in came.keys() | sent.keys():
            if key not in sent or key not in came:
                changed.append(f"{name}{path}.{key}")
            else:
                note_change(name, sent[key], came[key], f"{path}.{key}")
    elif isinstance(came, list) and isinstance(sent, list) and len(came) == len(sent):
        for one, other in zip(sent, came):
            note_change(name, one, other, f"{path}[]")
    elif sent != came and str(sent).replace("+00:00", "Z") != came:
        changed.append(f"{name}{path}: {came!r} became {sent!r}"[:200])


def pages(name, members, **query):
    """All members of a list, page by page."""
    found, cursor = [], ""
    while cursor is not None and len(found) < 4 * most:
        page = ask(name, limit=10, cursor=cursor, **query)
        found += getattr(page, members)
        cursor = page.next_ if hasattr(page, "next_") else page.next
    return found


ROUTES = json.loads(sys.argv[3])
for digest in pages("/digests", "digests")[:most]:
    ask("/digests/{week}", digest.week)
    ask("/calls", week=digest.week)
ask("/calls")
topics = pages("/topics", "topics")
for topic in topics[:most]:
    ask("/topics/{topic_id}", topic.topic_id)
for by in json.loads(sys.argv[4]):
    for level in ("mentions", "adopts", "about"):
        ask("/trends", term=["diffusion", "text:learning", "topic:%s" % topics[0].topic_id], by=by, level=level)
ask("/trends", term=["theme:efficiency", "meaning:faster inference"], category=["cs.LG"], primary=True)
papers = pages("/papers", "papers") + pages("/papers", "papers", term="diffusion", level="about")
for paper in papers[:most]:
    ask("/papers/{arxiv_id}", paper.arxiv_id)
for query in ("diffusion model", "graph networks", "sourdough"):
    pages("/search", "results", q=query, sort="newest")
ask("/status")
print(json.dumps({"n_answers": n_answers, "unknown": sorted(unknown), "changed": sorted(set(changed))}))
'''


def generate(url: str, generator: Path, folder: Path) -> dict[str, Any]:
    """Write the client into a folder; returns the document that it is generated from."""
    with urllib.request.urlopen(f"{url}/api/v1/openapi.json", timeout=60) as response:  # noqa: S310 - the caller's URL
        document: dict[str, Any] = json.load(response)
    described = folder / "openapi.json"
    described.write_text(json.dumps(document), encoding="utf-8")
    settings = folder / "settings.json"
    settings.write_text(
        json.dumps({"package_name_override": PACKAGE, "post_hooks": [], "literal_enums": True}), encoding="utf-8"
    )
    options: list[str | Path] = ["--path", described, "--config", settings, "--output-path", folder / PACKAGE]
    command: list[str | Path] = [generator, "generate", *options, "--meta", "none", "--fail-on-warning"]
    if subprocess.run(command, check=False, cwd=folder).returncode:  # noqa: S603 - the caller's command
        raise typer.Exit(1)
    return document


def module_names(document: dict[str, Any]) -> dict[str, str]:
    """The module of the client for each route, by the route without its prefix."""
    return {
        path.removeprefix("/api/v1"): re.sub("_+", "_", operation["get"]["operationId"])
        for path, operation in document["paths"].items()
    }


def main(
    url: Annotated[str, typer.Argument(help="Address of a running service, such as http://127.0.0.1:8000.")],
    generator: Annotated[Path, typer.Option(help="The command openapi-python-client.")],
    most: Annotated[int, typer.Option(min=1, help="Weeks, topics and papers to ask for, of each.")] = MOST,
) -> None:
    """Generate a client, drive every route with it, and list the fields that the description lacks."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        routes = module_names(generate(url.rstrip("/"), generator.absolute(), folder))
        (folder / "drive.py").write_text(DRIVER, encoding="utf-8")
        # Not resolved: the link in its folder is what makes it the environment's own Python.
        python = generator.absolute().parent / "python"
        values = (json.dumps(routes), json.dumps(list(PERIODS)))
        command: list[str | Path] = [python, "drive.py", url.rstrip("/"), str(most), *values]
        driven = subprocess.run(command, check=False, cwd=folder, stdout=subprocess.PIPE, text=True)  # noqa: S603
    if driven.returncode:  # the driver has said why
        raise typer.Exit(1)
    found = json.loads(driven.stdout)
    for route in routes:
        typer.echo(f"{route:<24}{found['n_answers'].get(route, 0):>5} answers")
    problems = [f"not driven: {route}" for route in routes if route not in found["n_answers"]]
    problems += [f"not in the description: {name}" for name in found["unknown"]]
    problems += [f"not as it was sent: {name}" for name in found["changed"]]
    for problem in problems:
        typer.echo(problem, err=True)
    typer.echo(f"{len(found['unknown'])} fields that the description lacks")
    raise typer.Exit(1 if problems else 0)


if __name__ == "__main__":
    typer.run(main)
