"""Features of a claim: of which quantity its number is, by the nouns of its own phrase."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

from analysis.claims.claim_features import ReadSentences
from analysis.claims.number_candidates import NumberCandidate

_NOUNS: tuple[tuple[str, str], ...] = (
    (
        "speed",
        r"fast\w*|speed\w*|speed-?ups?|latenc\w+|throughput\w*|goodput|slow\w*|runtimes?|run-?time|"
        r"wall-?clock\w*|fps|hz|accelerat\w+|ttft|"
        r"tpot|tps|times?|time-to-first-token|real-time|quick\w*|delays?|qps|convergence|converges?|"
        r"duration|seconds?|ms|minutes?|hours?|"
        r"mttr|images?/s|overhead",
    ),
    (
        "memory",
        r"memory\w*|vram|ram|footprints?|storage|caches?|kv-cache|kv|disk|bytes?|bandwidth|communication|"
        r"bit-?rates?|bitrate|bits?|"
        r"bandwidth-usage|contexts|gb|mb|transfer|uplink|downlink|traffic",
    ),
    (
        "compute",
        r"[gtmp]?flops?|macs?|gmacs?|comput\w+|gpu-hours?|gpu-days?|gpu|tokens?|steps?|iterations?|epochs?|"
        r"calls?|evaluations|nfes?|"
        r"operations?|rollouts?|rounds?|sparsity|complexity|workload|prompt-?length|length|subproblems?|"
        r"trajector\w+|resource\w*|cot|"
        r"queries|forward|passes|sampl(?:ing|es)-?steps",
    ),
    ("energy", r"energy\w*|power|joules?|watts?|carbon|emissions?|co₂?|electricity|battery|edp"),
    (
        "money",
        r"dollars?|usd|cents?|money|monetary|prices?|pricing|cheap\w*|costs?|cost|expens\w+|revenue|fees?|"
        r"budget|spend\w*",
    ),
    (
        "parameters",
        r"parameters?|params?|weights?|model-?size\w*|size|smaller|larger|trainable|neurons?|compression|"
        r"compact|lightweight",
    ),
    (
        "data",
        r"data\w*|samples?|labels?|labell?ed|annotat\w+|examples?|demonstrations?|images|supervision|"
        r"sample-efficien\w+|shots?|"
        r"data-efficien\w+|frames?|interactions?|observations|corpus|pairs",
    ),
    (
        "quality",
        r"accurac\w+|accurate|f1\w*|f-?(?:score|measure)s?|auc\w*|auroc|auprc|m?ap\d*|m?iou|dice|dsc|"
        r"bleu\S*|rouge\w*|meteor|cider|psnr|"
        r"ssim|lpips|g?fid|rfid|fvd|recall\S*|precision\S*|success\w*|win|errors?|mae|r?mse|mape|loss|"
        r"losses|perplexit\w+|ppl|scores?|"
        r"performance|quality|wer|cer|eer|pass\S*|correlation\w*|agreement|kappa|sensitivity|specificity|"
        r"robustness|asr|attacks?|"
        r"hallucination\w*|rewards?|returns?|consistency|fidelity|nd?cg\w*|mrr|hits?\S*|calibration|ece|r²|"
        r"pearson|spearman|"
        r"generali[sz]ation|fairness|safety|em|acc|detection|rates?|metrics?|coverage|alignment|baselines?|"
        r"benchmarks?|better|gains?|"
        r"improvements?|tasks?|state-of-the-art|sota|correctness|diversity|resilience|satisfaction|"
        r"confidence|utility|stability|efficacy|"
        r"regret|variance|drag|lift|distance|divergence|outperform\w*|bleu-4|mcc|roc|reliability|relevance|"
        r"conversion|distortion",
    ),
)
_PATTERNS = {name: re.compile(words) for name, words in _NOUNS}
_WORD = re.compile(r"[^\W\d_][^\W\d_]*(?:[-'’@/][^\W_]+)*|\d[\d.,]*%?|[^\w\s]")
_STOP = re.compile(r"[,;:()]|and|while|whereas|with|but|compared|than|over|when|without|on|at|against|relative|which")
_BEFORE_A_NUMBER = re.compile(r"[(<≤≈∼~+:=-]|up|about|approximately|around|nearly|roughly|only|just|over|almost|an?")
_REACH = 9
_NEARBY = 300
"""Characters of the sentence on each side of a number that are read."""


@lru_cache(maxsize=20_000)
def _quantity_of(word: str) -> str | None:
    """The quantity that a word in lower case names, a cost before quality."""
    return next((name for name, pattern in _PATTERNS.items() if pattern.fullmatch(word)), None)


def _nouns(words: Sequence[str], *, stop: bool) -> list[str]:
    """The quantities named by these words in their order, up to where the phrase ends."""
    found = []
    for word in words[:_REACH]:
        if stop and _STOP.fullmatch(word):
            break
        if (quantity := _quantity_of(word)) is not None:
            found.append(quantity)
    return found


def quantity_features(read: ReadSentences, candidate: NumberCandidate, form: str) -> list[str]:
    """The names of the features of one claim whose form is known; each counts once."""
    low, high = read.spans[read.number_of(candidate.start)]
    low, high = max(low, candidate.start - _NEARBY), min(high, candidate.end + _NEARBY)
    first, last = bisect_left(read.starts, low), bisect_left(read.starts, high)
    left = [w.lower() for w in reversed(_WORD.findall(read.text[low : candidate.start]))]
    while left and _BEFORE_A_NUMBER.fullmatch(left[0]):  # "a latency overhead (< 7.1 %)" is about latency
        del left[0]
    right = [w.lower() for w in _WORD.findall(read.text[candidate.end : high])]
    kind = candidate.unit_kind
    near_right, near_left = _nouns(right, stop=True), _nouns(left, stop=True)
    far_right, far_left = _nouns(right, stop=False), _nouns(left, stop=False)
    rightmost = near_right[0] if near_right else "-"
    leftmost = near_left[0] if near_left else "-"
    costs_right = next((q for q in near_right if q != "quality"), "-")
    costs_left = next((q for q in near_left if q != "quality"), "-")
    is_by = bool(left) and re.match(r"by|of|to|from|up|than|with|exceeding|beyond", left[0]) is not None
    features = {
        "bias",
        f"kind={kind}",
        f"form={form}",
        f"kind={kind}|form={form}",
        f"unit={candidate.unit.lower()}",
        f"right={rightmost}",
        f"left={leftmost}",
        f"right={rightmost}|left={leftmost}",
        f"kind={kind}|right={rightmost}",
        f"kind={kind}|left={leftmost}",
        f"by={is_by}|right={rightmost}",
        f"by={is_by}|left={leftmost}",
        f"costright={costs_right}",
        f"costleft={costs_left}",
        f"costright={costs_right}|costleft={costs_left}",
        f"by={is_by}|costright={costs_right}|costleft={costs_left}",
        f"farright={far_right[0] if far_right else '-'}",
        f"farleft={far_left[0] if far_left else '-'}",
        f"farcostleft={next((q for q in far_left if q != 'quality'), '-')}",
        f"farcostright={next((q for q in far_right if q != 'quality'), '-')}",
        f"form={form}|right={rightmost}|left={leftmost}",
    }
    features |= {f"anyright={q}" for q in near_right} | {f"anyleft={q}" for q in near_left}
    features |= {f"r:{w}" for w in right[:4]} | {f"l:{w}" for w in left[:4]}
    in_sentence = {q for w in read.words[first:last] if (q := _quantity_of(w)) is not None}
    features |= {f"form={form}|s:{q}" for q in in_sentence}
    return sorted(features)
