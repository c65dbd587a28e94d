"""Merging records of one paper from the query API, OAI-PMH and the snapshot."""

from __future__ import annotations

from dataclasses import replace

from domain.paper import Paper, says_withdrawn


def merged_record(old: Paper, new: Paper) -> Paper:
    """The record to store when ``new`` arrives for the stored ``old``; ``old`` itself if nothing changes.

    - The higher version wins, whatever its source.
    - At the same version the later record wins, because arXiv corrects metadata without a new version. The snapshot
      is an exception: it is weeks old when published, so it never overrides the query API or OAI-PMH.
    - The submission time of the first version never changes.
    - ``arXivRaw`` of OAI-PMH has the authors in one line, which cannot always be split correctly. At the same version
      it never replaces stored authors. The ``arXiv`` format has structured names, which always win.
    - The query API gives names whole; their parts stay as long as the names are the same.
    - Only OAI-PMH has a withdrawal flag; the other sources have only the paper's text. At the same version they
      cannot clear a flag that the text did not set.
    """
    if new.version < old.version:
        return old
    same_version = new.version == old.version
    if same_version and new.source == "snapshot" and old.source != "snapshot":
        learns_parts = not old.author_parts and new.author_parts and new.authors == old.authors
        return replace(old, author_parts=new.author_parts) if learns_parts else old
    merged = replace(new, submitted_at=old.submitted_at)
    if same_version and new.source == "oai" and old.authors:
        merged = replace(merged, authors=old.authors, author_parts=old.author_parts)
    if not merged.author_parts and merged.authors == old.authors:
        merged = replace(merged, author_parts=old.author_parts)
    if same_version and new.source != "oai" and old.is_withdrawn and not says_withdrawn(old.comment, old.abstract):
        merged = replace(merged, is_withdrawn=True)
    return old if merged == old and merged.author_parts == old.author_parts else merged
