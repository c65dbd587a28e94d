"""A synthetic corpus with known ground truth, and a local server that serves it like arXiv."""

from sample.corpus import PaperTruth, SampleCorpus, make_corpus
from sample.server import SampleArxiv

__all__ = ["PaperTruth", "SampleArxiv", "SampleCorpus", "make_corpus"]
