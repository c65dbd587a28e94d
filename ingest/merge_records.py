"""One record out of three sources: what to hold when the query API, OAI-PMH and the snapshot speak of one paper."""

from __future__ import annotations

from dataclasses import replace

from domain.paper import Paper, says_withdrawn


def merged_record(old: Paper, new: Paper) -> Paper:
    """The paper to hold after hearing ``new`` of one that we hold as ``old``; ``old`` itself where nothing changes.

    - The higher version wins, whoever tells it; a lower one is old news.
    - At the same version what was heard last wins, for arXiv corrects metadata without a new version. Only the
      snapshot is weeks old when it comes out, so it never corrects the query API or OAI-PMH.
    - The first version's submission never moves once it is held.
    - OAI-PMH's ``arXivRaw`` has the authors in one line, which can be split in more than one way, so at the same
      version it never replaces authors that are held. Its ``arXiv`` format has them apart; those always win.
    - Only OAI-PMH has a mark of withdrawal. The others have the paper's own words, so at the same version they
      cannot take a mark away that words did not set.
    """
    if new.version < old.version:
        return old
    same_version = new.version == old.version
    if same_version and new.source == "snapshot" and old.source != "snapshot":
        return old
    held = replace(new, submitted_at=old.submitted_at)
    if same_version and new.source == "oai" and old.authors:
        held = replace(held, authors=old.authors)
    if same_version and new.source != "oai" and old.is_withdrawn and not says_withdrawn(old.comment, old.abstract):
        held = replace(held, is_withdrawn=True)
    return old if held == old else held
