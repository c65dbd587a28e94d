"""Numbers of an abstract that may be claims: their values, ranges, bounds and units.

This only reads what is written. Which of these numbers are claims of the paper, and of what form, is decided in
``claim_reader.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

UnitKind = Literal[
    "times",  # 2.3x, a factor of 4, tenfold, an order of magnitude
    "percent",  # 40 %
    "points",  # 3.2 points, 3 pp, 1.4 dB
    "time",
    "rate",
    "memory",
    "energy",
    "money",
    "compute",
    "parameters",
    "tokens",
    "samples",
    "length",
    "noun",  # another word, as in "12 models"
    "none",
]
NumberShape = Literal["single", "range", "change", "word"]


@dataclass(frozen=True)
class NumberCandidate:
    """A number, range or change as written in ``text[start:end]``.

    ``value`` and ``value_to`` are the ends of a range, equal for a single number. Of a change ("from 61.0 to 64.2")
    they are the two levels in the order written. ``unit`` is the unit as written, ``scale`` the million, billion or
    trillion that stands before it and by which the values are multiplied. ``up_to`` marks a bound.
    """

    start: int
    end: int
    value: float
    value_to: float
    shape: NumberShape
    unit_kind: UnitKind
    unit: str
    up_to: bool
    scale: str = ""

    @property
    def factor(self) -> float:
        """By how much ``scale`` multiplies what is written."""
        return _SCALES.get(self.scale) or _SCALE_WORDS.get(self.scale, 1.0)


_WORD_NUMBERS = {
    "one": 1.0,
    "two": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "six": 6.0,
    "seven": 7.0,
    "eight": 8.0,
    "nine": 9.0,
    "ten": 10.0,
    "twelve": 12.0,
    "twenty": 20.0,
    "fifty": 50.0,
    "hundred": 100.0,
    "thousand": 1000.0,
}
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
_SCALE_WORDS = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "mil": 1e6, "billion": 1e9, "trillion": 1e12}
_WRITTEN_SCALES = ("M", "B", "T", "million", "billion", "trillion")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")

# A digit behind a hyphen is part of a name (CIFAR-10, Qwen3-4B).
_BEFORE = r"(?<![\w.@#/\\^_])(?:(?<![A-Za-z]-)|(?<=\b[Ss]ub-))(?<![A-Za-z]\d-)(?<![A-Za-z]\d\.\d-)(?<![A-Z]–)"
_DIGITS = r"(?:\d{1,3}(?:[,\u2009]\d{3})+(?![\d])|\d+)(?:\.\d+)?|\.\d+"
_POWER = r"10(?:[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\^\{?-?\d+\}?)"
_BLANK = r"[\s\u2009\u00a0]"
_SCALE = (
    rf"(?:{_BLANK}?(?P<scale>[kKMBT])(?![A-Za-z])"
    rf"|{_BLANK}?-?(?P<scale_word>hundred|thousand|million|billion|trillion)\b)"
)
_SCALE_2 = _SCALE.replace("<scale", "<to_scale")
_UNIT_OF_KIND: tuple[tuple[UnitKind, str], ...] = (
    (
        "points",
        r"(?:%|percent(?:age)?|absolute|F1|accuracy|BLEU|AUROC|AUC|mAP|ROUGE|COMET|score|success|Elo|mIoU|"
        r"pass@1)?[-\s]?(?:points?|pts?\.?)(?![A-Za-z/])(?! clouds?)|(?:p\.p\.|pps?|ppts?)(?!\w)|%p(?!\w)|"
        r"dB(?![A-Za-z])",
    ),
    ("percent", r"%|percent\b|per cent\b|％"),
    ("times", r"(?:×|[xX])(?![A-Za-z0-9])|-?folds?\b(?![- ](?:cross|valid))|times\b|orders? of magnitude\b|-?times\b"),
    (
        "rate",
        r"(?:fps|FPS|frames?[ -](?:per|/)[ -]?s(?:econd|ec)?|frames?/s(?:ec(?:ond)?)?|k?Hz|[MG]?Hz|QPS|qps|"
        r"(?:tokens?|toks?|tok|samples?|images?|sequences?|requests?|queries|iterations?|it|steps?|reads?|"
        r"img|imgs)(?:/| per )(?:s(?:ec(?:ond)?)?|minute)\b|TPS|[kMG]bps|[KMG]B/s|Gbit/s)\b",
    ),
    (
        "compute",
        r"(?:[GTPMEk]?-?(?:FLOPs?|FLOPS|flops|MACs?|MAdds?|OPs))\b(?:/s)?|(?:(?:[A-Z]\d+|GPU|TPU|CPU|"
        r"NVIDIA|H100|A100)[- ]){1,3}(?:hours?|hrs?|days?)\b|(?:training )?(?:epochs?|iterations?|"
        r"(?:gradient |training |optimization |denoising |sampling |inference |diffusion )?steps?|"
        r"function evaluations|NFEs?|(?:LLM|API|model|oracle) calls)\b",
    ),
    (
        "time",
        r"(?:milliseconds?|microseconds?|nanoseconds?|ms|µs|μs|us|ns|seconds?|secs?|s|minutes?|mins?|"
        r"hours?|hrs?|h|days?|weeks?)(?![A-Za-z0-9'/-])(?!\.\w)",
    ),
    (
        "length",
        r"(?:mm|cm|km|nm|[µμ]m|m|inch(?:es)?|px|pixels?|voxels?|bpp|°C?|deg(?:rees?)?|kcal/mol|meV|eV|"
        r"mg/dL|kg|bpm|mmHg|ml|mL)(?![A-Za-z0-9/^²³])",
    ),
    (
        "memory",
        r"(?:[KMGTP]i?B|[KkMG]bytes?|[KMG](?= (?:of )?(?:storage|memory|RAM|VRAM|SRAM))|(?:kilo|mega|giga|"
        r"tera)?bytes?|kB|[MG]b)(?![A-Za-z/])",
    ),
    (
        "energy",
        r"(?:[mkMµμ]?Wh?|[mkMµμ]?J|joules?|(?:kilo|milli)?watts?(?:-hours?)?|kg(?: of)? ?CO2?\w*|"
        r"tons? of CO2\w*|pJ)(?![A-Za-z])",
    ),
    ("money", r"(?:dollars?|USD|cents?|euros?|EUR)\b"),
    (
        "parameters",
        r"(?:(?:trainable|learnable|active|activated|total|model|additional|extra|free|"
        r"tunable) ){0,2}(?:parameters?|params?|weights)\b|[Pp]arams?\b",
    ),
    ("tokens", r"(?:(?:visual|training|output|input|thinking|reasoning|image|vision|text|prompt) )?tokens?\b"),
    (
        "samples",
        r"(?:(?:training|labell?ed|annotated|synthetic|unlabell?ed|human|expert|real|"
        r"in-context) ){0,2}(?:samples?|examples?|labels?|annotations?|demonstrations?|demos?|"
        r"trajectories|shots?|images?|instances|queries|videos|pairs|prompts|questions|problems|"
        r"hours of (?:speech|audio|video|data))\b",
    ),
)
_UNITS = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _UNIT_OF_KIND)
_UNIT_AFTER = re.compile(rf"{_BLANK}?-?(?:{_UNITS})")
_OF_MOST = re.compile(rf"{_BLANK}?/{_BLANK}?(?:5|10|100)(?:\.0)?(?![\w/.]\w)")
"""The most that a score can be: 4.6/5."""
_NOUN_AFTER = re.compile(rf"{_BLANK}(?P<noun>[a-zA-Z][\w-]*)")
_SIGN = r"(?P<sign>[+−±∼~≈≤≥<>-]{0,2}\s?)"
_NUMBER = (
    rf"(?P<currency>(?:US)?\$|€|£|USD\s?)?(?P<digits>{_POWER}|{_DIGITS})"
    rf"(?:\s?[×x·]\s?(?P<power>{_POWER})|[eE](?P<exponent>-?\d{{1,2}})(?!\w))?{_SCALE}?"
)
_SECOND = rf"[+−∼~≈]?\s?(?:(?:US)?\$|€|£)?(?P<to>{_POWER}|{_DIGITS})(?:\s?[×x·]\s?(?P<to_power>{_POWER}))?{_SCALE_2}?"
_TOKEN = re.compile(rf"{_BEFORE}{_SIGN}{_NUMBER}")
_RANGE = re.compile(
    rf"(?P<unit>{_BLANK}?-?(?:{_UNITS.replace('(?P<', '(?P<first_')})?)(?:{_BLANK}?(?P<joint>[–—−-]|--|∼|~|"
    rf"→)(?![A-Za-z]){_BLANK}?"
    rf"|\s(?P<word>to|and)\s(?:about |around |over |nearly |roughly |approximately |only |just |as (?:high|"
    rf"low|much) as )?){_SECOND}"
)
_BACK_FROM = re.compile(
    rf"(?P<unit>{_BLANK}?(?:{_UNITS.replace('(?P<', '(?P<first_')})?)(?P<joint>\s(?:\([^()]{{1,40}}\) )?from )"
    rf"(?:about |around |over |nearly |roughly |approximately )?{_SECOND}"
)
_TO_BEFORE = re.compile(
    r"\bto\s(?:about |around |over |nearly |roughly |approximately |only |just )?[∼~≈+$]?\s?$", re.IGNORECASE
)
_ASIDE = re.compile(r"\s?\([^()]{1,60}\)")
_WORDS = re.compile(
    r"\b(?P<orders>(?:(?P<low>one|two|three|four|five|1|2|3|4|5)(?:\s?(?:to|or|-|–|--)\s?))?(?P<high>an|"
    r"one|two|three|four|five|six|seven|1|2|3|4|5|6|7|8) orders?[- ]of[- ]magnitude)\b"
    r"|\b(?P<folds>(?P<fold>two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred|"
    r"thousand)(?:-?\s?fold|[- ]times))\b(?! cross)"
    r"|\b(?P<twice>twice|doubl(?:es?|ed|ing)|tripl(?:es?|ed|ing)|thrice|quadrupl(?:es?|ed|"
    r"ing))\b(?![- ](?:blind|descent|machine|robust|check|deep|q-|dissoc|loop|sided|layer|stream|branch|"
    r"-))"
    r"|\b(?P<half>halv(?:es?|ed|ing)|(?:by|in|than|about|roughly|nearly|only|approximately|almost|over|to|"
    r"at) half\b(?! of (?:all|these|the (?:models|cases|papers|participants|tasks|questions)))|"
    r"half (?:the|of the|as (?:many|much))\b)"
    r"|\b(?P<fraction>(?:(?P<numerator>one|two|three|a)[- ])(?P<denominator>thirds?|quarters?|fifths?|"
    r"tenths?|fourths?|sixths?|eighths?|hundredths?))\b(?=[ -](?:of|the|as|less|fewer|reduction|lower|"
    r"smaller|faster|in|to|on)|[.,;)])"
    r"|(?<![\w/.])1\s?/\s?(?P<part>\d{1,4})(?:th)?(?![\w/.])",
    re.IGNORECASE,
)
_SOME_WORD = (  # one of these is in every match of _WORDS
    "magnitude",
    "fold",
    " times",
    "twice",
    "doubl",
    "tripl",
    "thrice",
    "quadrupl",
    "halv",
    "half",
    "third",
    "quarter",
    "fifth",
    "tenth",
    "fourth",
    "sixth",
    "eighth",
    "hundredth",
    "1/",
    "1 /",
)
_FACTOR_BEFORE = re.compile(
    r"\bfactors? (?:of|up to|exceeding|between)\s?(?:up to |about |around |roughly |over |nearly |"
    r"approximately |more than |at least )?[∼~≈$]?\s?$|\bby factor\s$",
    re.IGNORECASE,
)
_FROM_BEFORE = re.compile(
    r"\bfrom\s(?:about |around |over |nearly |roughly |approximately |only |just |an? (?:average|baseline|"
    r"mean) (?:\w+ )?(?:of )?)?[∼~≈+$]?\s?$",
    re.IGNORECASE,
)
_SPAN_BEFORE = re.compile(
    r"\b(?:rang(?:es?|ed|ing)|var(?:y|ies|ied|ying)|span(?:s|ned|ning)?|between|gains?|improvements?|"
    r"reductions?|speed-?ups?|faster|savings?|accelerations?)\s(?:of\s)?(?:from\s)?(?:about |roughly |"
    r"up to )?[∼~≈+$]?\s?$",
    re.IGNORECASE,
)
_BETWEEN_BEFORE = re.compile(r"\bbetween\s(?:about |around |roughly |approximately )?[∼~≈+$]?\s?$", re.IGNORECASE)
_BOUND_BEFORE = re.compile(
    r"(?:\bup[- ]to(?: an?| the)?(?: \w+ing)?|\bat (?:most|maximum)|\bas (?:much|many|high|large|low|few|"
    r"little|small|fast) as|\bno more than|≤|\b(?:less|fewer|lower) than"
    r"|\bunder|\bbelow|\bwithin|\bsub|\bmaximum(?: \w+){0,2} of|\bupto|<)[\s-]?(?:an? |the |additional |"
    r"about |around |approximately |roughly |nearly |just |only )?[+∼~≈$]?\s?$",
    re.IGNORECASE,
)


def number_candidates(text: str) -> list[NumberCandidate]:
    """Every number in a readable text that may be a claim, in order.

    Numbers inside names, addresses and formulas are left out.

    Examples
    --------
    >>> one, two = number_candidates("Accuracy rises from 61.0% to 64.2%, up to 2--3x faster than GPT-4.")
    >>> one.shape, one.value, one.value_to, one.unit_kind
    ('change', 61.0, 64.2, 'percent')
    >>> two.shape, two.value, two.value_to, two.unit_kind, two.up_to
    ('range', 2.0, 3.0, 'times', True)
    """
    found = sorted([*_with_digits(text), *_in_words(text)], key=lambda c: (c.start, -c.end))
    kept: list[NumberCandidate] = []
    for candidate in found:
        if not kept or candidate.start >= kept[-1].end:
            kept.append(candidate)
    return kept


def _with_digits(text: str) -> Iterator[NumberCandidate]:
    at = 0
    while match := _TOKEN.search(text, at):
        candidate = _read(text, match)
        if candidate is None:
            at = match.end("digits")
            continue
        at = candidate.end
        yield candidate


def _read(text: str, match: re.Match[str]) -> NumberCandidate | None:
    start = match.start("currency") if match["currency"] else match.start("digits")
    value, end = _value(match, "digits", "power", "scale", "scale_word", "exponent"), match.end()
    shape: NumberShape = "single"
    value_to, number_end = value, end
    before = text[max(0, start - 60) : start]
    unit_kind, unit, after = _unit(text, end)
    ranged = _RANGE.match(text, end)
    if (
        ranged is None
        and _FROM_BEFORE.search(before)
        and (aside := _ASIDE.match(text, after if unit_kind != "noun" else end))
    ):
        ranged = _RANGE.match(text, aside.end())
    if (
        ranged is None
        and _TO_BEFORE.search(before)
        and (back := _BACK_FROM.match(text, after if unit_kind != "noun" else end))
    ):
        ranged = back
    if ranged is not None and (found := _range_shape(before, ranged)) is not None:
        kind_to, unit_to, after_to = _unit(text, ranged.end())
        kind_first = next((k for k, v in ranged.groupdict().items() if k.startswith("first_") and v is not None), "")[
            6:
        ]
        if (
            not kind_first
            or not kind_to
            or kind_to in ("none", "noun")
            or kind_first == kind_to
            or {kind_first, kind_to} <= {"percent", "points"}
        ):
            shape, number_end = found, ranged.end()
            value_to = _value(ranged, "to", "to_power", "to_scale", "to_scale_word", "")
            scale = ranged["to_scale"] or ranged["to_scale_word"]
            if scale and not (match["scale"] or match["scale_word"]) and value < 1000 and found == "range":
                value *= _SCALES.get(scale) or _SCALE_WORDS[scale]
            if kind_to in ("none", "noun") and kind_first:
                unit_kind, unit, after = kind_first, ranged["unit"].strip(), ranged.end()
            else:
                unit_kind, unit, after = kind_to, unit_to, after_to
    if shape == "single" and unit_kind == "none" and match["digits"].isdigit() and _is_bracketed(text, start, end):
        return None  # "(1) first"
    if shape == "single" and unit_kind == "none" and value > 1 and (of_most := _OF_MOST.match(text, end)):
        unit, after, number_end = of_most[0].strip(), of_most.end(), of_most.end()
    elif after < len(text) and shape == "single" and unit_kind == "none" and _goes_on(text, end):
        return None
    if _FACTOR_BEFORE.search(before) and unit_kind in ("none", "noun"):
        unit_kind, unit, after = "times", "", number_end
    if match["currency"]:
        unit_kind, unit = "money", match["currency"].strip()
    elif unit_kind in ("none", "noun") and match["scale"] in ("M", "B", "T") and shape == "single":
        unit_kind, unit = "parameters", match["scale"]
    if unit_kind == "noun":
        after = number_end
    up_to = _BOUND_BEFORE.search(before) is not None or any(c in match["sign"] for c in "≤<")
    scale = match["scale"] or (match["scale_word"] or "").lower()
    return NumberCandidate(
        start,
        max(after, number_end),
        value,
        value_to,
        shape,
        unit_kind,  # type: ignore[arg-type]
        unit,
        up_to,
        scale if scale in _WRITTEN_SCALES and shape == "single" else "",
    )


def _is_bracketed(text: str, start: int, end: int) -> bool:
    return text[start - 1 : start] == "(" and text[end : end + 1] == ")"


def _range_shape(before: str, ranged: re.Match[str]) -> NumberShape | None:
    if ranged.re is _BACK_FROM:
        return "change"
    if ranged["joint"]:
        return "change" if ranged["joint"] == "→" else "range"
    if ranged["word"] == "and":
        return "range" if _BETWEEN_BEFORE.search(before) else None
    if _FROM_BEFORE.search(before):
        return "range" if _SPAN_BEFORE.search(before) else "change"
    return "range"


def _unit(text: str, at: int) -> tuple[str, str, int]:
    """Kind of the unit that follows, the unit as written, and where it ends."""
    if match := _UNIT_AFTER.match(text, at):
        kind = next(kind for kind, value in match.groupdict().items() if value is not None)
        if kind == "times" and text[match.end() : match.end() + 1].isdigit():
            return "none", "", at  # 3 x 4
        if kind == "times" and re.match(r"\s?\d", text[match.end() : match.end() + 2]) and match[0].strip() in "xX×":
            return "none", "", at
        return kind, match[kind].strip("- "), match.end()
    if match := _NOUN_AFTER.match(text, at):
        return "noun", match["noun"], at
    return "none", "", at


def _goes_on(text: str, end: int) -> bool:
    """Whether the number is part of a longer word, name or identifier."""
    after = text[end : end + 2]
    return after[:1].isalpha() or after[:1] == "_" or (after[:1] in "-/:." and after[1:2].isdigit())


def _value(match: re.Match[str], digits: str, power: str, scale: str, scale_word: str, exponent: str) -> float:
    value = _number(match[digits])
    if match[power]:
        value *= _number(match[power])
    if exponent and match[exponent]:
        value *= 10.0 ** int(match[exponent])
    if match[scale]:
        value *= _SCALES[match[scale]]
    elif match[scale_word]:
        value *= _SCALE_WORDS[match[scale_word]]
    return value


def _number(text: str) -> float:
    if power := re.fullmatch(r"10(?:([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|\^\{?(-?\d+)\}?)", text):
        exponent = int((power[1] or power[2]).translate(_RAISED))
        return 10.0 ** max(-300, min(300, exponent))
    return float(re.sub(r"[,\u2009]", "", text)[:60])


def _in_words(text: str) -> Iterator[NumberCandidate]:
    lower = text.lower()
    if not any(word in lower for word in _SOME_WORD):
        return
    for match in _WORDS.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        up_to = _BOUND_BEFORE.search(before) is not None
        kind: UnitKind = "times"
        if match["orders"]:
            value_to = 10.0 ** _small(match["high"])
            value = 10.0 ** _small(match["low"]) if match["low"] else value_to
        elif match["folds"]:
            value = value_to = _WORD_NUMBERS[match["fold"].lower()]
        elif match["twice"]:
            word = match["twice"].lower()
            value = value_to = 2.0 if word.startswith(("tw", "d")) else 4.0 if word.startswith("q") else 3.0
        elif match["half"]:
            kind, value, value_to = "percent", 50.0, 50.0
        elif match["part"]:
            value = value_to = float(match["part"])
        else:
            numerator = _small(match["numerator"])
            names = {"third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
            kind = "percent"
            value = value_to = round(100 * numerator / names.get(match["denominator"].lower().rstrip("s"), 100), 1)
        yield NumberCandidate(match.start(), match.end(), value, value_to, "word", kind, "", up_to)


def _small(word: str) -> float:
    return 1.0 if word.lower() in ("an", "a") else _WORD_NUMBERS.get(word.lower()) or float(word)
