"""Features of a number in an abstract: what its unit, its neighbours and its sentence say about it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from analysis.claims.number_candidates import NumberCandidate
from analysis.claims.sentences import sentence_spans

_WORD = re.compile(r"[^\W\d_][^\W\d_]*(?:[-'’@][^\W\d_]+)*|\d[\d.,]*|[^\w\s]")
_REACH = 6
"""Words looked at on each side of a number."""
_NEARBY = 400
"""Characters of the sentence on each side of a number that are read."""

_GROUPS: dict[str, str] = {
    "quality": (
        r"accurac\w+|accurate|f1\w*|f-?(?:score|measure)s?|auc\w*|auroc|auprc|m?ap|m?iou|dice|dsc|bleu|"
        r"rouge\w*|meteor|cider|psnr|"
        r"ssim|lpips|fid|fvd|recall\w*|precision|success\w*|win|win-rate|errors?|mae|rmse|mse|mape|loss|"
        r"perplexit\w+|ppl|"
        r"scores?|scor\w+|performance|quality|wer|cer|eer|pass|correlation\w*|agreement|kappa|sensitivity|specificity|"
        r"robustness|asr|attack|hallucination\w*|reward\w*|return|consistency|fidelity|nd?cg\w*|mrr|hit\w*|points?|top|"
        r"calibration|ece|r²|pearson|spearman|generali[sz]ation|fairness|safety|em|acc|detection|rates?|"
        r"metrics?|coverage"
    ),
    "speed": (
        r"fast\w*|speed\w*|speed-?ups?|latenc\w+|throughput\w*|slow\w*|runtimes?|run-?time|wall-?clock|fps|hz|"
        r"accelerat\w+|ttft|tps|times?|real-time|quick\w*|delay\w*|seconds?|ms|milliseconds?|minutes?|hours?|inference|"
        r"qps|rapid\w*|convergence|converges?|decoding|duration|durations"
    ),
    "memory": r"memory|vram|ram|footprints?|storage|caches?|kv-cache|gb|mb|kb|mib|gib|kib|disk|"
    r"checkpoints?|bytes?|bandwidth|communication",
    "compute": (
        r"flops?|gflops?|tflops?|mflops|macs?|comput\w+|gpu-hours?|gpu-days?|tokens?|steps?|iterations?|"
        r"epochs?|calls?|evaluations|"
        r"nfes?|operations?|overhead|budget\w*|rollouts?|queries|compression|sparsity|complexity|workload|gpu|inference"
    ),
    "energy": r"energy|power|joules?|watts?|carbon|emissions?|co|electricity|battery|edp",
    "money": r"\$|dollars?|usd|cents?|money|monetary|price\w*|pricing|cheap\w*|costs?|expens\w+|api|"
    r"spend\w*|revenue|fees?",
    "parameters": r"parameters?|params?|weights?|model-?size|size|smaller|larger|compact|trainable|"
    r"neurons?|lightweight|adapters?",
    "data": (
        r"data|samples?|labels?|labell?ed|annotat\w+|examples?|demonstrations?|instances|images|"
        r"supervision|sample-efficien\w+|"
        r"trajectories|episodes|interactions?|environment|datasets?"
    ),
}
_CHANGES = re.compile(
    r"improv\w*|outperform\w*|reduc\w*|increas\w*|gain\w*|boost\w*|surpass\w*|exceed\w*|decreas\w*|drop\w*|"
    r"lower\w*|higher|less|"
    r"fewer|faster|better|worse|than|over|compared|relative|relatively|sav\w+|cut\w*|rais\w+|degrad\w+|"
    r"los[st]\w*|advanc\w+|speed-?ups?|"
    r"more|larger|smaller|rise\w*|rising|declin\w+|up|down|enhanc\w+|lift\w*|by|margin|shrink\w*|"
    r"difference|beat\w*|additional"
)
_LEVELS = re.compile(
    r"achiev\w*|reach\w*|attain\w*|obtain\w*|yield\w*|scor\w+|of|at|record\w*|report\w*|deliver\w*|runs?|"
    r"running|takes?|requir\w+|"
    r"within|only|just|average|mean|median|detect\w*|predict\w*|maintain\w*|retain\w*|preserv\w*|recover\w*|with"
)
_SETUPS = re.compile(
    r"datasets?|benchmarks?|compris\w+|consist\w*|contain\w*|cover\w*|spann?ing|across|corpus|tasks|"
    r"languages|models|categories|"
    r"participants|images|videos|questions|collected|curated|introduce\w*|present|trained|experiments|"
    r"evaluat\w+|domains|classes|"
    r"hours|papers|studies|patients|pairs|annotated|including|features|levels?|types?|layers?|agents|users|"
    r"existing|prior|threshold"
)
_RESULT = re.compile(
    r"\b(?:results?|experiments?|show\w*|achiev\w+|outperform\w*|demonstrat\w+|improv\w+|reduc\w+|reach\w+|"
    r"surpass\w*|attain\w*|"
    r"yield\w*|evaluat\w+|find|found|reveal\w*|exceed\w*|gain\w*)\b",
    re.IGNORECASE,
)
_SHARES = re.compile(  # metrics that are themselves percentages
    r"accurac\w+|acc|f1\w*|f-?(?:score|measure)s?|auc\w*|auroc|auprc|m?ap\d*|m?iou|dice|dsc|recall\w*|"
    r"precision|success\w*|win|win-rate|"
    r"em|pass|hits?|sensitivity|specificity|rates?|wer|cer|eer|asr|top|sr|coverage|psnr|ssim|bleu|rouge\w*|"
    r"oa|kappa|fpr\w*|map|mrr|ndcg|"
    r"correct\w*|completion|resolution|resolve[ds]?"
)
_ERRORS = re.compile(
    r"errors?|mae|rmse|mse|mape|loss|losses|perplexit\w+|ppl|fid|gfid|rfid|fvd|distance|deviation|regret|"
    r"rate-?distortion|lpips|crps|nll|"
    r"variance|divergence|hallucinations?|violations?|collisions?|distortion|bias|drag|lift|lower|higher|more|stronger"
)
_GENERIC = re.compile(
    r"performance\w*|improvements?|improv\w+|gains?|outperform\w*|quality|robustness|efficiency|increase|"
    r"boost|reward|return|scores?"
)
_RELATIVE = re.compile(
    r"relative\w*|proportion\w*|respective|than|fewer|less|reduc\w+|saving\w*|sav\w+|cut\w*|decreas\w+|only|just|of"
)
_ABSOLUTE = re.compile(r"absolute\w*|pp|point\w*|margin\w*|\+")
_OTHERS = re.compile(
    r"vs|versus|compared|baselines?|than|prior|previous|existing|traditional|conventional|over|against|"
    r"whereas|while|from|human|humans|random"
)


@lru_cache(maxsize=20_000)
def _groups(word: str) -> tuple[str, ...]:
    """The groups that a word in lower case belongs to."""
    found = [name for name, words in _PATTERNS.items() if words.fullmatch(word)]
    return tuple(found)


_PATTERNS: dict[str, re.Pattern[str]] = {name: re.compile(words) for name, words in _GROUPS.items()}
_PATTERNS |= {
    "share": _SHARES,
    "error": _ERRORS,
    "generic": _GENERIC,
    "relative": _RELATIVE,
    "absolute": _ABSOLUTE,
    "others": _OTHERS,
}
_PATTERNS |= {"change": _CHANGES, "level": _LEVELS, "setup": _SETUPS}


_CLAUSES: dict[str, re.Pattern[str]] = {
    "by": re.compile(
        r"\b(?:by|margin of|improvements? of|gains? of|reductions? of|increase of|drop of|boost of|"
        r"advantage of)\W*(?:(?:up to|about|over|at least|more than|an?|the|average|approximately|around|"
        r"nearly|only|absolute|additional|as much as|roughly|of|and|[\d.,%+–-]+|respectively) ?\W*)*$"
    ),
    "metric_of": re.compile(
        r"\b(?:of|at|is|was|are|reach\w*|exceed\w*|=|:)\s*(?:up to |about |over |at least |only |just |"
        r"around |nearly |approximately |above |as low as |as high as )*[≈∼~]?\s*$"
    ),
    "achieves": re.compile(
        r"\b(?:achiev|reach|attain|obtain|yield|scor|deliver|provid|report|record|gets?|hits?|maintain|"
        r"retain)\w*\s(?:(?:an?|the|up to|about|over|only|average|overall|approximately|nearly|around|"
        r"state-of-the-art|more than|at least|of|and|[\d.,%+–-]+) )*[≈∼~+]?\s*$"
    ),
    "versus": re.compile(
        r"(?:\bvs\.?|\bversus|\bcompared (?:to|with)|\bthan|\bagainst|\bover|\bto only|"
        r"\breached only)\s(?:[\w-]+ ){0,4}\(?[≈∼~]?\s*$"
    ),
    "baseline_in_brackets": re.compile(
        r"\b(?:baseline|over|than|to|surpassing|outperforming|exceeding|compared|vs\.?)\b[^().;]*\([^()]{0,30}$"
    ),
    "in_brackets": re.compile(r"\([^()]*$"),
    "using": re.compile(
        r"\b(?:us(?:ing|es?)|requir\w+|with|updat\w+|train\w*(?: on)?|retain\w*|keep\w*|need\w*|"
        r"consum\w+)\s(?:only|just|merely|fewer than|less than|as (?:little|few) as|about|roughly|"
        r"approximately|∼|~|under|at most|<|than)?\s*[≈∼~<]?$"
    ),
    "plus": re.compile(r"\+$"),
    "equals": re.compile(r"[=:]\s*[-−]?$"),
    "size_of": re.compile(
        r"\b(?:dataset|corpus|benchmark|suite|collection|set|cohort|total|over|across|on|from|comprising|"
        r"containing|consisting of|spanning|covering|including|with)\s(?:of )?(?:over |more than |"
        r"about )?$"
    ),
    "statistics": re.compile(
        r"(?:\bp\s?[<=>≤]\s?|\bn\s?=\s?|\bCI\b[^.]{0,20}|±\s?|\bSD\s?=?\s?|\bk\s?=\s?|\bσ\s?=\s?|"
        r"\bd\s?=\s?|\br\s?=\s?[-−]?)$",
        re.IGNORECASE,
    ),
}
_AFTER: dict[str, re.Pattern[str]] = {
    "metric": re.compile(
        r"\W{0,2}(?:[\w@-]+ ){0,3}?(?:accuracy|F1|AUC|AUROC|mAP|AP|mIoU|IoU|Dice|recall|precision|success|"
        r"win|rate|score|scores|pass|PSNR|SSIM|BLEU|Recall|kappa|correlation|sensitivity|agreement|"
        r"coverage)\b"
    ),
    "change": re.compile(
        r"\W{0,2}(?:[\w-]+ ){0,4}?(?:improvements?|gains?|reductions?|increases?|decreases?|boosts?|drops?|"
        r"savings?|speed-?ups?|faster|fewer|less|lower|higher|more|better|smaller|larger|degradation|"
        r"decline|cheaper|loss|cost|longer|slower)\b"
    ),
    "of": re.compile(r"\s?of (?:the|all|its|their)\b"),
    "on": re.compile(r"\s?(?:on|for|in|with|across|under|using)\b"),
    "respectively": re.compile(r"[^.;]{0,30}respectively"),
    "closing": re.compile(r"\s?\)"),
    "end": re.compile(r"[.,;]"),
    "percent_of_cost": re.compile(
        r"\s?of (?:the |its |their )?(?:[\w-]+ ){0,3}?(?:parameters|tokens|data|cost|compute|time|memory|"
        r"samples|labels|FLOPs|budget|weights|storage|size)\b"
    ),
    "bare_metric_list": re.compile(r"\s?\((?:vs|over|compared)"),
}


@dataclass(frozen=True)
class ReadSentences:
    """The sentences of a readable text, and its words with where each starts."""

    text: str
    spans: Sequence[tuple[int, int]]
    words: Sequence[str]
    starts: Sequence[int]

    @classmethod
    def of(cls, text: str) -> ReadSentences:
        words, starts = [], []
        for match in _WORD.finditer(text):
            word = match[0]
            words.append("#" if word[0].isdigit() else word.lower())
            starts.append(match.start())
        return cls(text, sentence_spans(text), words, starts)

    def number_of(self, at: int) -> int:
        """The number of the sentence that holds the character at ``at``."""
        return max(0, bisect_right(self.spans, (at, len(self.text) + 1)) - 1)


def _size(value: float) -> str:
    for bound in (0, 1, 10, 100, 1000):
        if value <= bound:
            return str(bound)
    return "more"


def claim_features(read: ReadSentences, candidates: Sequence[NumberCandidate], number: int) -> list[str]:
    """The names of the features of one candidate; each counts once.

    Parameters
    ----------
    number : of the candidate among ``candidates``, which are all those of the text.
    """
    candidate = candidates[number]
    kind = candidate.unit_kind
    sentence = read.number_of(candidate.start)
    low, high = read.spans[sentence] if read.spans else (0, len(read.text))
    low, high = max(low, candidate.start - _NEARBY), min(high, candidate.end + _NEARBY)
    first, last = bisect_left(read.starts, low), bisect_left(read.starts, high)
    begin = bisect_left(read.starts, candidate.start)
    end = bisect_left(read.starts, candidate.end)
    left = list(reversed(read.words[max(first, begin - _REACH) : begin]))
    right = list(read.words[end : min(last, end + _REACH)])
    value = candidate.value
    written = read.text[candidate.start : candidate.end]
    features = {
        "bias",
        f"k={kind}",
        f"shape={candidate.shape}",
        f"k={kind}|shape={candidate.shape}",
        f"unit={candidate.unit.lower()}",
        f"k={kind}|upto={candidate.up_to}",
        f"k={kind}|decimal={'.' in written}",
        f"k={kind}|size={_size(abs(value))}",
        f"signed={read.text[max(0, candidate.start - 1) : candidate.start] in '+' and candidate.start > 0}",
        f"k={kind}|bracket={'(' in left[:3]}",
    }
    for side, words in (("l", left), ("r", right)):
        for place, word in enumerate(words):
            if place < 3:
                features.add(f"{side}{place}={word}")
            if place < 2:
                features.add(f"k={kind}|{side}{place}={word}")
            features.add(f"{side}:{word}")
            if place < 4:
                features.add(f"k={kind}|{side}:{word}")
            for group in _groups(word):
                features.add(f"{side}:<{group}>")
                features.add(f"k={kind}|{side}:<{group}>")
                if place < 3:
                    features.add(f"{side}near:<{group}>")
                    features.add(f"k={kind}|{side}near:<{group}>")
    for side, words in (("l", left), ("r", right)):
        for among in (("change", "level", "setup"), ("share", "error", "generic"), ("others", "level")):
            nearest = next((g for w in words for g in _groups(w) if g in among), "none")
            features.add(f"{side}1st{among[0]}={nearest}")
            features.add(f"k={kind}|{side}1st{among[0]}={nearest}")
            if among[0] == "share":
                features.add(f"k={kind}|{side}1st={nearest}|size={_size(abs(value))}")
    clause = read.text[max(low, candidate.start - 80) : candidate.start]
    for name, pattern in _CLAUSES.items():
        if pattern.search(clause):
            features.add(f"clause={name}")
            features.add(f"k={kind}|clause={name}")
    after = read.text[candidate.end : min(high, candidate.end + 40)]
    for name, pattern in _AFTER.items():
        if pattern.match(after):
            features.add(f"after={name}")
            features.add(f"k={kind}|after={name}")
    in_sentence = set(read.words[first:last])
    groups = {group for word in in_sentence for group in _groups(word)}
    features |= {f"s:<{group}>" for group in groups} | {f"k={kind}|s:<{group}>" for group in groups}
    opening = read.words[first : first + 3]
    features |= {f"open:{word}" for word in opening}
    has_result = _RESULT.search(read.text, low, high) is not None
    place = 3 * sentence // max(1, len(read.spans))
    features |= {
        f"result={has_result}",
        f"k={kind}|result={has_result}",
        f"place={place}",
        f"k={kind}|place={place}",
        f"first={sentence == 0}",
        f"last={sentence >= len(read.spans) - 2}",
    }
    for step, side in ((-1, "before"), (1, "after")):
        if 0 <= number + step < len(candidates):
            other = candidates[number + step]
            if low <= other.start < high:
                between = read.text[min(other.end, candidate.end) : max(other.start, candidate.start)]
                joined = re.fullmatch(r"\W*(?:and|or|to|vs\.?|versus)?\W*", between) is not None
                features.add(f"{side}={other.unit_kind}")
                features.add(f"k={kind}|{side}={other.unit_kind}")
                features.add(f"{side}:same={other.unit_kind == kind}:{joined}")
                if re.search(r"\b(?:vs|versus|compared|than|baseline)\b|\(", between):
                    features.add(f"{side}:compared:k={kind}")
    return sorted(features)
