"""A synthetic corpus with known ground truth, and a local server that serves it like arXiv."""

from sample.arxiv_server import SampleArxiv
from sample.corpus import PaperTruth, SampleCorpus, make_corpus

__all__ = ["PaperTruth", "SampleArxiv", "SampleCorpus", "make_corpus"]
