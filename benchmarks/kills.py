"""A run killed with SIGKILL again and again must end with the digest of a run that nobody disturbed.

    python -m benchmarks.kills [--kills 12] [--seed 7] [--papers-per-week 60]

On the sample corpus, served over loopback: one run is left alone; another is killed at random moments, started
again each time, and after the last kill let finish. The two digests' JSON files are compared byte by byte.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from domain.week import CLOSE_LAG, Week
from sample.arxiv_server import SampleArxiv
from sample.corpus import make_corpus

LAST_WEEK = Week.parse("2026-W25")
N_WEEKS = 26


def main() -> None:
    """Measure and print; exit status 1 if the digests differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--papers-per-week", type=int, default=60)
    arguments = parser.parse_args()
    corpus = make_corpus(last_week=LAST_WEEK, n_weeks=N_WEEKS, papers_per_week=arguments.papers_per_week)
    now = LAST_WEEK.end_at + CLOSE_LAG
    moments = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as temporary, SampleArxiv(corpus.papers, now=now) as arxiv:
        environment = {
            **os.environ,
            "PAPERTIDE_ARXIV__API_URL": arxiv.api_url,
            "PAPERTIDE_ARXIV__DELAY_S": "0",
            "PAPERTIDE_ARXIV__PAGE_SIZE": "50",
            "PAPERTIDE_WEEKS": str(N_WEEKS),
            "PAPERTIDE_HISTORY_WEEKS": "0",
            "PAPERTIDE_NOW": now.isoformat(),
            "PAPERTIDE_EMBEDDING__CHUNK_SIZE": "128",
        }
        start = time.perf_counter()
        undisturbed = _run(Path(temporary) / "undisturbed", environment, kill_after_s=None)
        seconds = time.perf_counter() - start
        print(f"undisturbed: {seconds:.0f} s")
        n_killed = 0
        while n_killed < arguments.kills:
            after_s = moments.uniform(0.3, seconds * 0.6)
            if _run(Path(temporary) / "killed", environment, kill_after_s=after_s) is not None:
                break  # it finished before the kill came
            n_killed += 1
            print(f"killed after {after_s:.1f} s")
        killed = _run(Path(temporary) / "killed", environment, kill_after_s=None)
    same = undisturbed == killed
    print(f"{n_killed} kills; the digests are {'the same, byte by byte' if same else 'DIFFERENT'}")
    sys.exit(not same)


def _run(folder: Path, environment: dict[str, str], *, kill_after_s: float | None) -> bytes | None:
    """The digest's JSON; ``None`` where the run was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "papertide", "--data-dir", str(folder), "run"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _, complaint = process.communicate(timeout=kill_after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None
    if process.returncode:
        sys.exit(f"the run failed: {complaint.decode().strip().splitlines()[-1]}")
    return (folder / "digests" / f"{LAST_WEEK}.json").read_bytes()


if __name__ == "__main__":
    main()
