"""The order in which ASReview's default model shows papers; ``benchmarks.scanning`` runs it beside our own.

ASReview is no dependency: it runs under an interpreter of its own, and this file imports nothing of Papertide.
One JSON object comes on standard input (``titles``, ``abstracts``, ``labels`` of 0 and 1, ``n_seeds``, ``n_query``,
``n_decisions``) and one goes to standard output (``version``, ``model``, ``order``). The first ``n_seeds`` papers are
prior knowledge; ``order`` has the places of all others.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from importlib.metadata import version
from typing import Any


def order_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The order, as ASReview's own simulation makes it.

    As there, papers come in the order of the data until one is not relevant, because the classifier needs both. What
    is not decided at the end follows by the last fit.
    """
    import numpy as np
    import pandas as pd
    from asreview.learner import ActiveLearningCycle
    from asreview.models.models import get_ai_config
    from asreview.models.stoppers import NLabeled
    from asreview.simulation.simulate import Simulate

    papers = pd.DataFrame({"title": asked["titles"], "abstract": asked["abstracts"]})
    labels, n_seeds = np.array(asked["labels"]), int(asked["n_seeds"])
    model = get_ai_config()
    cycle = ActiveLearningCycle.from_meta(dataclasses.replace(model["value"], n_query=int(asked["n_query"])))
    features = cycle.transform(papers)
    stopper = NLabeled(n_seeds + int(asked["n_decisions"]))
    simulation = Simulate(features, labels, cycle, stopper=stopper, skip_transform=True, print_progress=False)
    first_refused = n_seeds + int(np.argmin(labels[n_seeds:]))
    simulation.label(list(range(first_refused + 1)))
    simulation.review()
    shown = simulation._results["record_id"].to_numpy(dtype=int)
    left = np.setdiff1d(np.arange(len(labels)), shown)
    cycle.fit(features[shown], labels[shown])
    order = [*shown[n_seeds:].tolist(), *left[cycle.rank(features[left])].tolist()]
    return {"version": version("asreview"), "model": model["name"], "order": order}


if __name__ == "__main__":
    json.dump(order_of(json.load(sys.stdin)), sys.stdout)
