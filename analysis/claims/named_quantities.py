"""Which costs a sentence names, and whether a number's own phrase is about a measure of quality.

A linear model chooses a claim's quantity. Where nothing around a number tells what it is of, it falls back on the most
common one, and it reads the words of a cost in compounds in which they mean something else ("statistical power", "first
time", "learning rate"). So a cost counts only where a word names it.
"""

from __future__ import annotations

import re

from domain.claim import ClaimQuantity

_OTHER_SENSES = re.compile(
    # power of a test or a model, and energy that nothing consumes
    r"\b(?:statistical|discriminative|discriminatory|explanatory|predictive|prognostic|expressive|representational|"
    r"generali[sz]ation|modelling|modeling|descriptive|bargaining|market|purchasing|test|detection|diagnostic|"
    r"resolving|wind|solar|nuclear|optical) (?:power|energy)\b|\bpower of (?:the |our |a )?(?:\w+ )?(?:tests?|study|"
    r"analysis|features|model)\b|\bpower[- ]laws?\b|\benergy[- ](?:based|distances?|scores?|functions?|landscapes?)\b|"
    r"\bfree[- ]energ\w+|\bcomput(?:e|ing|ational) power\b|"
    # times that are no duration
    r"\b(?:first|second|third|one|this|same|every|any|each|real|given|lead|lyapunov|all|of the)[- ]time\b|"
    r"\b(?:test|inference|train(?:ing)?)-time (?=scaling|adaptation|compute|training|augment|optimi|search|guidance)|"
    r"\btime[- ](?:series|steps?|points?|horizons?|windows?|scales?|domain|stamps?|varying|dependent)\b|"
    r"\btime horizon\b|\bdoubling times?\b|\btimes (?=chance|as\b|more\b|the\b|larger\b|higher\b|over\b)|"
    r"(?<=\d) times\b|\bover time\b|\bat (?:a|the same) time\b|\btimes\b(?= (?:per|a|in|by|of)\b)|"
    # hardware
    r"\baccelerators?\b|"
    # rates and functions of training
    r"\blearning[- ]rates?\b|"
    r"\b(?:vehicle|vehicular|wind|walking|driving|gait|rotor|motor|cruise|flow) speeds?\b|"
    r"\bcost[- ](?:functions?|volumes?|sensitive)\b|\btransport costs?\b|\bcosts? of liv\w+\b|"
    # memory of people and agents, weights that are no parameters, and trajectories that are errors
    r"\b(?:working|episodic|long-term|short-term|semantic|agent|agentic|external) memor\w+|\bbody[- ]weights?\b|"
    r"\b(?:birth|class|loss|importance|sample|sampling)[- ]weights?\b|\btrajectory (?:\w+ )?(?:errors?|"
    r"curvature|deviation|displacement)\b|\bsample size\b|\beffect sizes?\b",
    re.IGNORECASE,
)
_NAMES: dict[ClaimQuantity, re.Pattern[str]] = {
    "speed": re.compile(
        r"fast(?:er|est)?|speed\w*|speed-?ups?|latenc\w+|throughput\w*|goodput|slow\w*|run-?times?|runtime|wall-?clock\w*|"
        r"[kmg]?hz|fps|accelerat\w+|ttft|tpot|tps|tokens?/s\w*|time|times|[\w-]+-time|time-[\w-]+|quick\w*|delay\w*|qps|"
        r"convergence|converg\w+|duration\w*|[mnµμ]?s|\w*seconds?|minutes?|hours?|days?|mttr|images?/s|overheads?|rapid\w*|"
        r"\w*efficien\w+|lags?|responsive\w*|makespan|cycles?"
    ),
    "memory": re.compile(
        r"memor\w+|\w*ram|footprints?|storage|stor(?:es?|ed|ing)|cach\w+|kv-cache|kv|disk|\w*bytes?|bandwidth\w*|"
        r"communicat\w+|\w*bit-?rates?|\w*-?bits?|contexts?|[kmgt]i?b|transfer\w*|uplink|downlink|traffic|payloads?|"
        r"compress\w+|sizes?|footprint|smaller|larger|quanti[sz]\w+|buffers?|batch\w*|transmi\w+|index"
    ),
    "compute": re.compile(
        r"[gtmp]?flop\w*|g?macs?|comput\w+|\w*-?gpus?|gpu-\w+|\w*tokens?|\w*steps?|\w*iterations?|epochs?|calls?|"
        r"\w*evaluations?|nfes?|operations?|rollouts?|rounds?|spars\w+|complexit\w+|workloads?|\w*length\w*|"
        r"\w*problems?|trajector\w+|resources?|cots?|quer\w+|forward|pass(?:es)?|sampl\w+|costs?|costly|overheads?|"
        r"budgets?|\w*efficien\w+|prefill\w*|decod\w+|tool-?calls?|turns?|samples|generations?|training|\w*search\w*|"
        r"layers?|experts?|interactions?|simulations?|experiments?|calculations?|backprop\w*|gradients?|cheap\w*|expens\w+|"
        r"area|luts?|qubits?|shots?|retriev\w+|verif\w+|attention|context|contexts|compress\w+|prun\w+|updates?|"
        r"actions?|effort|multipl\w+|convolution\w*|kernel\w*"
    ),
    "energy": re.compile(
        r"energ\w+|power|joules?|[mkµμ]?wh?|[mµμ]?j|\w*watts?\w*|carbon|emissions?|co2?₂?|electricity|batter\w+|edp"
    ),
    "money": re.compile(
        r"[$€]|dollars?|usd|cents?|money|monetar\w+|pric\w+|cheap\w*|cost\w*|expens\w+|revenue\w*|fees?|budgets?|"
        r"spend\w*|profit\w*|bills?|savings?|capital|returns?"
    ),
    "parameters": re.compile(
        r"\w*param\w*|weights?|sizes?|model-?sizes?|smaller|larger|bigger|trainable|neurons?|compress\w+|compact\w*|"
        r"lightweight|model|models|adapters?|networks?|heads?|layers?|lighter"
    ),
    "data": re.compile(
        r"data\w*|\w*samples?|\w*-?sampl\w+|\w*label\w*|annotat\w+|examples?|demonstrations?|images?|supervision|"
        r"\w*shots?|\w*efficien\w+|frames?|interactions?|observations?|corp(?:us|ora)|pairs?|episodes?|trajector\w+|"
        r"measurements?|queries|trials?|experiments?|instances?|views?|records?|videos?|documents?|prompts?|tokens?|"
        r"evaluations?|scans?|points"
    ),
}
_UNIT_NAMES: dict[str, tuple[ClaimQuantity, ...]] = {
    "time": ("speed", "compute"),
    "rate": ("speed", "memory", "compute"),
    "memory": ("memory", "parameters"),
    "energy": ("energy",),
    "money": ("money",),
    "compute": ("compute", "speed", "data"),
    "parameters": ("parameters",),
    "tokens": ("compute", "data"),
    "samples": ("data", "compute"),
}
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:[-'’@/][^\W_]+)*|[$€]")
_METRIC = (
    r"(?:perplexit(?:y|ies)|ppl|errors?|error rates?|mae|r?mse|mape|nrmse|loss|losses|accurac(?:y|ies)|auc|auroc|auprc|"
    r"f1(?:[- ]scores?)?|recall|precision|(?-i:[CWP]ER)|fid|fvd|psnr|ssim|lpips|regret|curvature|sensitivity|"
    r"specificity|correlation|hallucinations?|success rates?|win rates?)"
)
_FILLERS = (
    r"(?:\s(?:is|was|are|by|of|to|from|only|just|about|nearly|roughly|over|up|an?|factor|more|than|around)|"
    r"\s?[(≈∼~<+=])"
)
_CHANGED = (
    r"(?:\s(?:reduc\w+|improv\w+|increas\w+|decreas\w+|drop\w*|falls?|fell|r[io]ses?|lower\w*|shr[aiu]nks?|grows?|grew|"
    r"degrad\w+|worsen\w*))?"
)
_METRIC_BEFORE = re.compile(
    rf"(?<!-to-)(?<!same )(?<!equal )(?<!similar )(?<!comparable )(?<!matched )\b{_METRIC}(?: \([^()]{{1,20}}\))?"
    rf"{_CHANGED}{_FILLERS}{{0,5}}\s?$",
    re.IGNORECASE,
)
_METRIC_AFTER = re.compile(
    r"\s?(?:relative |absolute |average |mean )?(?:(?:reductions?|improvements?|increases?|decreases?|drops?|gains?) "
    rf"(?:in|of) |lower |higher |smaller |larger |better |less )(?:the |its )?(?:[\w-]+ ){{0,3}}?{_METRIC}\b|"
    rf"\s?of (?:the |its |their )(?:[\w-]+ )?{_METRIC}\b",
    re.IGNORECASE,
)


_SETTING_BEFORE = re.compile(
    r"\b(?:(?:learning|drop-?out|sampling|mutation|refresh|crossover|mask(?:ing)?|frame)[- ]rates?|weight decay|"
    r"temperature|batch size|patience|momentum)"
    r"(?:\s(?:is|was|are|were|of|reduced|decayed|lowered|divided|set|multiplied|annealed|increased|by|to|at|"
    r"an?|factor|from))*\s?[≈∼~=]?\s?$",
    re.IGNORECASE,
)


def is_setting(before: str) -> bool:
    """Whether what stands before a number says that it is a setting of training: "the learning rate was reduced by".

    Examples
    --------
    >>> is_setting("with a learning rate of "), is_setting("reduces training time by ")
    (True, False)
    """
    return _SETTING_BEFORE.search(before) is not None


_RIVAL_BEFORE = re.compile(
    r"\b(?:compared (?:to|with)|versus|vs\.?|against|as opposed to|in contrast to|rather than|instead of)\s"
    r"(?:an? |the |only |just |about |around |nearly |roughly |up to |over |approximately |more than |at least )*"
    r"[∼~≈+−-]*$",
    re.IGNORECASE,
)
_CHANGE_AFTER = re.compile(
    r"\s(?:[a-z-]+ ){0,2}?(?:increase|decrease|reduction|drop|rise|gain|improvement|speed-?up|slow-?down|degradation|"
    r"growth|overhead|loss)(?:s|es)?\b",
    re.IGNORECASE,
)
_HOLDER_AFTER = re.compile(r"\s(?:for|by|in|of|under|with|using|on)\b")


def is_of_rival(before: str, after: str, unit_kind: str) -> bool:
    """Whether a factor or percentage is that of what the paper compares with: "compared with a 17x increase for it".

    Examples
    --------
    >>> is_of_rival("grows by 24% compared with a ", " increase for full recomputation", "times")
    True
    >>> is_of_rival("a speedup of ", " compared with full recomputation", "times")
    False
    """
    if unit_kind not in ("times", "percent", "points") or _RIVAL_BEFORE.search(before) is None:
        return False
    return _CHANGE_AFTER.match(after) is not None or (unit_kind == "times" and _HOLDER_AFTER.match(after) is not None)


def without_other_senses(text: str) -> str:
    """The text with blanks for compounds in which the words of a cost mean something else; as long as before."""
    return _OTHER_SENSES.sub(lambda match: " " * len(match[0]), text)


def named_quantities(text: str, unit_kind: str) -> frozenset[ClaimQuantity]:
    """The costs that a text names, or that the unit of its number does.

    Examples
    --------
    >>> sorted(named_quantities("it cuts latency", "percent"))
    ['speed']
    >>> sorted(named_quantities("more statistical power", "percent"))
    []
    """
    words = {match[0].lower() for match in _WORD.finditer(without_other_senses(text))}
    named = [quantity for quantity, names in _NAMES.items() if any(names.fullmatch(word) for word in words)]
    return frozenset((*named, *_UNIT_NAMES.get(unit_kind, ())))


def last_named(text: str, quantity: ClaimQuantity) -> int | None:
    """Where the last word of a text begins that names a cost; ``None`` without one, and for what is no cost."""
    return next((match.start() for match in reversed(_names_of(text, quantity))), None)


def first_named(text: str, quantity: ClaimQuantity) -> int | None:
    """Where the first word of a text ends that names a cost; ``None`` without one, and for what is no cost."""
    return next((match.end() for match in _names_of(text, quantity)), None)


def _names_of(text: str, quantity: ClaimQuantity) -> list[re.Match[str]]:
    names = _NAMES.get(quantity)
    if names is None:
        return []
    return [m for m in _WORD.finditer(without_other_senses(text)) if names.fullmatch(m[0].lower())]


def is_of_quality(before: str, after: str) -> bool:
    """Whether the phrase of a number names a measure of quality: "perplexity rises by 3 %", "3 % lower error".

    Examples
    --------
    >>> is_of_quality("with a 2-bit cache, perplexity rises by only ", "%"), is_of_quality("cuts latency by ", "%")
    (True, False)
    """
    return _METRIC_BEFORE.search(before) is not None or _METRIC_AFTER.match(after) is not None
