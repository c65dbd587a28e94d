"""Features of a sentence of an abstract: whether it states what was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d[\d.,]*")
_STEMS: dict[str, str] = {  # words in lower case that speak for a cue
    "result_noun": r"results?|experiments?|evaluations?|findings?|analys[ie]s|study|studies|simulations?|"
    r"experimentally|empirically|ablations?|"
    r"tests|validation|benchmarking",
    "show_verb": r"show\w*|demonstrat\w+|indicat\w+|reveal\w*|suggest\w*|confirm\w*|highlight\w*|"
    r"validat\w+|achiev\w+|prove[sdn]?|establish\w*|"
    r"verif\w+|underscor\w+",
    "find_verb": r"find|found|show|observe|demonstrate|prove|discover|identify|reveal|report|establish|conclude",
    "propose_verb": r"(?:propos|introduc|present|develop|design|describ|investigat|study|studie|explor|"
    r"address|examin|formulat)(?:e|s|es)?",
    "evaluate_verb": r"evaluate|test|validate|benchmark|conduct|compare|apply|assess",
    "achieves": r"achiev\w+|attain\w*|reach\w*|obtain\w*|yield\w*|deliver\w*",
    "outperforms": r"outperform\w*|surpass\w*|exceed\w*|state-of-the-art|sota|superior\w*|beats?|better|"
    r"competitive|comparable|match(?:es|ing)?",
    "changes": r"improv\w+|reduc\w+|increas\w+|boost\w*|decreas\w+|gain\w*|speed-?ups?|faster|lower|higher|"
    r"degrad\w+|drop\w*",
    "code": r"codes?|github|https?|publicly|available|project|releas\w+|open-?sourc\w+",
    "implies": r"these|overall|together|pav(?:e|es|ing)|promising|potential|implications?|future|insights?|"
    r"highlight\w*|offer\w*|provid\w+|"
    r"enabl\w+|suggest\w*",
    "despite": r"while|despite|even|remain\w*|only|struggle\w*|fail\w*|limited|still",
    "method": r"consists?|using|leverag\w+|combining|framework|module\w*|approach|specifically|first|"
    r"second|then|integrat\w+",
    "compares": r"than|compared|over|versus|vs|relative|against|baselines?|prior",
    "theory": r"theorem\w*|prove\w*|proof|bounds?|convergence|rates?|guarantee\w*|optimal|necessary|"
    r"sufficient|characteri[sz]\w+",
    "surveys": r"reviews?|surveys?|taxonomy|perspective|argue|position|discuss\w*",
}
_PATTERNS = {name: re.compile(words) for name, words in _STEMS.items()}
_OF_TWO_WORDS = ("result_noun", "show_verb", "find_verb", "propose_verb", "evaluate_verb")
_OPENERS = frozenset("however yet despite although while but unfortunately existing current traditional recent".split())
_SUBJECTS = frozenset("we paper work study article authors".split())


@lru_cache(maxsize=20_000)
def _cues_of_word(word: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _PATTERNS.items() if pattern.fullmatch(word))


def _cues(words: Sequence[str]) -> set[str]:
    """The cues of a sentence, given its words in lower case."""
    found: set[str] = set()
    noun_at = subject_at = -100
    for place, word in enumerate(words):
        if word in _SUBJECTS:
            subject_at = place
        of_word = _cues_of_word(word)
        for cue in of_word:
            if cue == "result_noun":
                noun_at = place
            elif cue == "show_verb":
                if 0 < place - noun_at <= 12:
                    found.add("results_show")
            elif cue in _OF_TWO_WORDS:
                if 0 < place - subject_at <= 3:
                    found.add({"find_verb": "we_find", "propose_verb": "proposes", "evaluate_verb": "evaluates"}[cue])
            else:
                found.add(cue)
    if words and words[0] in _OPENERS:
        found.add("however")
    return found


_RESULT_CUES = ("results_show", "we_find", "achieves", "outperforms", "changes")
_AUTHORS = re.compile(r"\b(?:we|our|this (?:paper|work|study))\b", re.IGNORECASE)
_CHANGE_OR_SHARE = re.compile(r"\d\s*(?:\\?%|x\b|×|\$?\\times|-?fold|points?|pp)")
"""A number with a unit in which results are compared, also in TeX."""


def finding_features(sentences: Sequence[str], n_claims: Sequence[int]) -> list[list[str]]:
    """The names of the features of each sentence; ``n_claims`` says how many claims each holds."""
    n = len(sentences)
    all_words = [[w.lower() for w in _WORD.findall(sentence)] for sentence in sentences]
    cues = [_cues(words) for words in all_words]
    is_result = [bool(found & set(_RESULT_CUES)) for found in cues]
    counts = [len(found & set(_RESULT_CUES)) for found in cues]
    measures = [len(_CHANGE_OR_SHARE.findall(sentence)) for sentence in sentences]
    lengths = [len(sentence) for sentence in sentences]
    first_of_authors = next((i for i, sentence in enumerate(sentences) if _AUTHORS.search(sentence)), 0)
    most_claims, n_results = max(n_claims, default=0), sum(is_result)
    rows = []
    for i, words in enumerate(all_words):
        found, count = cues[i], counts[i]
        n_better = sum((measures[j], counts[j]) > (measures[i], count) for j in range(n))
        after, last = (all_words[i + 1] if i + 1 < n else []), n - 1 - i
        features = {
            "bias",
            f"tenth={10 * i // n}",
            f"fromend={min(4, n - 1 - i)}",
            f"first={i == 0}",
            f"second={i == 1}",
            f"length={min(6, len(words) // 8)}",
            f"claims={min(3, n_claims[i])}",
            f"claims={min(3, n_claims[i])}|most={n_claims[i] == most_claims}",
            f"resultcues={count}",
            f"result|firstofthem={is_result[i] and not any(is_result[:i])}",
            f"result|lastofthem={is_result[i] and not any(is_result[i + 1 :])}",
            f"result|fromend={min(4, n - 1 - i)}|{is_result[i]}",
            f"previous={is_result[i - 1] if i else None}|{is_result[i]}",
            f"next={is_result[i + 1] if i + 1 < n else None}|{is_result[i]}",
            f"onlyone={is_result[i] and n_results == 1}",
            f"numbers={min(3, sum(w[0].isdigit() for w in words))}",
            f"anyclaims={most_claims > 0}|{n_claims[i] > 0}",
            f"longest={lengths[i] == max(lengths)}",
            f"measures={min(4, measures[i])}|most={measures[i] == max(measures)}",
            f"resultcues={min(3, count)}|most={count == max(counts)}|others={sum(c > count for c in counts) > 1}",
            f"better={min(3, n_better)}",
            f"authors={min(5, i - first_of_authors)}|fromend={last if last < 3 else 'more'}",
            f"sentences={min(14, n)}|number={i}",
            f"tenthoftext={10 * sum(lengths[:i]) // max(1, sum(lengths))}",
            f"beforeopens={' '.join(all_words[i - 1][:1]) if i else ''}",
            f"thenopens={' '.join(after[:1])}",
            f"thenopens={' '.join(after[:2])}",
            f"that={'that' in words}|{'results_show' in found}|{'we_find' in found}",
        }
        features |= {f"cue={name}" for name in found}
        features |= {f"cue={name}|claims={n_claims[i] > 0}" for name in found}
        features |= {f"cue={name}|late={2 * i > n}" for name in found}
        features |= {f"pair={a}+{b}" for a in found for b in found if a < b}
        features |= {f"open={word}" for word in words[:2]} | {f"begins={word}" for word in words[:6]}
        if words:
            features.add(f"open0={words[0]}")
        if i:
            features |= {f"before:cue={name}" for name in cues[i - 1]}
        if i + 1 < n:
            features |= {f"then:cue={name}" for name in cues[i + 1]}
        features |= {f"w:{'#' if w[0].isdigit() else w}" for w in words}
        rows.append(sorted(features))
    return rows
