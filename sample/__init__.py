"""A made-up corpus whose truth is known, and a loopback server that serves it as arXiv would."""

from sample.corpus import PaperTruth, SampleCorpus, make_corpus
from sample.server import SampleArxiv

__all__ = ["PaperTruth", "SampleArxiv", "SampleCorpus", "make_corpus"]
