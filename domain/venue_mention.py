"""The venue that a paper's comment or abstract names: conference, workshop or journal, its year, and how far it is.

Comments are free text of the authors. Known venues are found by their acronym or full name; others by the forms that
comments share: an acronym with a year, a conference's or journal's name, or what follows "accepted to".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

VenueStatus = Literal["accepted", "published", "submitted", "named"]


@dataclass(frozen=True)
class VenueMention:
    """A venue named by a paper.

    ``venue`` is the acronym of a known venue, else the name as written. A workshop counts for the conference that it is
    held with, and has ``is_workshop``. ``year`` is ``None`` where none is stated. ``status`` is what the comment says;
    a venue with no more than its name in a comment counts as accepted, as authors write it so. "Named" are venues in an
    abstract only, such as those of a challenge.
    """

    venue: str
    year: int | None
    status: VenueStatus
    is_workshop: bool = False

    def __str__(self) -> str:
        return self.venue if self.year is None else f"{self.venue} {self.year}"


_KNOWN: tuple[tuple[str, str, str], ...] = (
    # acronym, as it is also written, full name
    ("NeurIPS", "Neur[Ii][Pp][Ss]|NEURIPS|NIPS", r"neural information processing systems"),
    ("ICML", "", r"(?<!joint )international conference on machine learning(?! and applications| technologies)"),
    ("ICLR", "", r"international conference on learning representations"),
    ("AISTATS", "AIStats", r"artificial intelligence and statistics"),
    ("UAI", "", r"uncertainty in artificial intelligence"),
    ("COLT", "", r"conference on learning theory"),
    ("COLM", "", r"conference on language model(?:l?ing|s)"),
    ("AAAI", "", r"aaai conference"),
    ("IJCAI", "IJCAI-ECAI", r"international joint conferences? on artificial intelligence"),
    ("ECAI", "", r"european conference on artificial intelligence"),
    ("ECML PKDD", r"ECML[-/ ]*(?:PKDD)?|PKDD", r"european conference on machine learning"),
    ("KDD", "SIGKDD", r"knowledge discovery (?:and|&) data mining"),
    ("WWW", "TheWebConf|WebConf", r"\b(?:the )?web conference"),
    ("WSDM", "", r"web search and data mining"),
    ("CIKM", "", r"information and knowledge management"),
    ("SIGIR", "", r"research and development in information retrieval"),
    ("RecSys", "RECSYS", r"conference on recommender systems"),
    ("ECIR", "", r"european conference on information retrieval"),
    ("ICDM", "", r"(?:international )conference on data mining"),
    ("SDM", "", r"siam (?:international )?conference on data mining"),
    ("PAKDD", "", r"pacific-asia conference on knowledge discovery"),
    ("ACL", "", r"annual meeting of the association for computational linguistics"),
    ("EMNLP", "", r"empirical methods in natural language processing"),
    ("NAACL", "", r"(?:north american|nations of the americas) chapter of the (?:association for computational|acl)"),
    ("EACL", "", r"european chapter of the (?:association for computational|acl)"),
    ("AACL", r"(?:IJCNLP[-– ]*)?AACL|IJCNLP", r"asia-pacific chapter of the"),
    ("COLING", "", r"international conference on computational linguistics"),
    ("LREC", r"LREC(?:-COLING)?", r"language resources and evaluation conference"),
    ("CoNLL", "CONLL", r"computational natural language learning"),
    ("SemEval", "SEMEVAL", r"international workshop on semantic evaluation"),
    ("WMT", "", r"conference on machine translation"),
    ("TACL", "", r"transactions of the association for computational linguistics"),
    ("Interspeech", "INTERSPEECH|InterSpeech", r"interspeech"),
    ("ICASSP", "", r"acoustics,? speech,? (?:and|&) signal processing"),
    ("ASRU", "", r"automatic speech recognition and understanding"),
    ("SLT", "IEEE SLT", r"spoken language technology workshop"),
    ("EUSIPCO", "Eusipco", r"european signal processing conference"),
    ("WASPAA", "", r"applications of signal processing to audio"),
    ("ISMIR", "", r"society for music information retrieval"),
    ("CVPR", "CVPRW", r"computer vision and pattern recognition"),
    ("ICCV", "ICCVW", r"(?<!asian )(?<!european )international conference on computer vision"),
    ("ECCV", "ECCVW", r"european conference on computer vision"),
    ("WACV", "WACVW", r"applications of computer vision"),
    ("BMVC", "", r"british machine vision conference"),
    ("ACCV", "", r"asian conference on computer vision"),
    ("3DV", "", r"international conference on 3d vision"),
    ("ICIP", "", r"international conference on image processing"),
    ("ICPR", "", r"international conference on pattern recognition(?! and| appl)"),
    ("ICME", "", r"multimedia (?:and|&) expo"),
    (
        "ACM MM",
        r"ACM[ -]?MM|ACM ?Multimedia|MM(?=['’ ]?(?:20)?2\d)",
        r"acm international conference on multimedia(?! ret)",
    ),
    ("ICDAR", "", r"document analysis and recognition"),
    ("MICCAI", "", r"medical image computing"),
    ("ISBI", "", r"international symposium on biomedical imaging"),
    ("MIDL", "", r"medical imaging with deep learning"),
    ("EMBC", "", r"engineering in medicine and biology"),
    ("SIGGRAPH", r"SIGGRAPH(?: Asia)?", r"siggraph"),
    ("ICRA", "", r"conference on robotics (?:and|&) automation"),
    ("IROS", "", r"intelligent robots and systems"),
    ("CoRL", "CORL", r"conference on robot learning"),
    ("RSS", "", r"robotics: science and systems"),
    ("RA-L", "RA-?L", r"robotics (?:and|&) automation letters"),
    ("L4DC", "", r"learning for dynamics"),
    ("CDC", "IEEE CDC", r"conference on decision and control"),
    ("ITSC", "", r"intelligent transportation systems conference"),
    ("AAMAS", "", r"autonomous agents and multi-?agent systems"),
    ("GECCO", "", r"genetic and evolutionary computation conference"),
    ("IJCNN", "", r"joint conference on neural networks"),
    ("WCCI", "", r"world congress on computational intelligence"),
    ("ICANN", "", r"conference on artificial neural networks"),
    ("LoG", r"LoG(?=['’ ]*(?:Conference|20))", r"learning on graphs"),
    ("AutoML", r"AutoML(?=[- ]?(?:Conf|20))", r"conference on automated machine learning"),
    ("CHI", "", r"human factors in computing systems"),
    ("FAccT", "FAccT|FACCT|FaccT", r"fairness, accountability,? and transparency"),
    ("AIES", "", r"ai, ethics,? and society"),
    ("ICSE", "", r"international conference on software engineering"),
    ("FSE", "", r"foundations of software engineering"),
    ("ASE", r"ASE(?=['’ ]*20)", r"automated software engineering"),
    ("VLDB", "", r"very large data ?bases|vldb endowment"),
    ("SIGMOD", "", r"management of data"),
    ("ICDE", "", r"international conference on data engineering"),
    ("TMLR", "", r"transactions on machine learning research"),
    ("JMLR", "", r"journal of machine learning research"),
    ("TPAMI", "T-?PAMI", r"transactions on pattern analysis"),
    ("JAIR", "", r"journal of artificial intelligence research"),
)

_YEAR = r"(?:\s*\(?\s*(?:['’‘`]\s?|[-–_]|\s)*((?:20)?(?:1\d|2\d|3\d))(?![\d.,]*\d))"
_ACRONYM = re.compile(
    r"(?<![\w/.@#])(?:"
    + "|".join(
        f"(?P<v{i}>{re.escape(name)}{f'|{forms}' if forms else ''})" for i, (name, forms, _) in enumerate(_KNOWN)
    )
    + r")(?![A-Za-z])(?!-(?:style|format))"
    + f"(?P<year>{_YEAR})?"
)
_FULL = re.compile("|".join(f"(?P<v{i}>{full})" for i, (_, _, full) in enumerate(_KNOWN)), re.IGNORECASE)
_OTHER_ACRONYM = re.compile(
    r"(?<![\w/.@#-])(?P<venue>[A-Za-z0-9][A-Za-z]*(?:[-&@/$][A-Za-z]+)*[A-Z][A-Za-z]*(?:[-&@/$][A-Za-z]+)*)"
    r" ?(?:['’‘`]\s?|[-–_ ])?(?P<year>20[1-3]\d|(?<=['’‘`])[1-3]\d)(?!\d)"
)
_NOT_A_VENUE = re.compile(
    r"(?:arXiv|PDF|GPT|LLM|CC|BY|MIT|USA|COVID|AI|ML|IEEE|ACM|TR|PhD|Copyright|UTC|DOI|SSRN)$", re.I
)
_NAME_WORD = r"(?:[A-Z0-9][\w’'&/-]*|and|of|on|the|for|in|&)"
_OTHER_NAME = re.compile(
    rf"\b(?P<venue>(?!(?:In|Published|Accepted|Submitted|Presented|Proceedings|The|To)\b)"
    rf"(?:{_NAME_WORD} )*(?:Conference|Symposium|Congress|Workshops?|Journal|Transactions|Letters|Magazine)"
    rf"(?: (?:on|of|for|in)(?: (?:the )?{_NAME_WORD}(?:,(?= [A-Z]\w+ ?,? (?:and|&)))?)+)?)"
)
_CUED = re.compile(
    r"(?:accepted|submitted|published|to appear|presented|under review|in press)\b[^.;:()]{0,40}?"
    r"\b(?:to|at|by|in|for|on|with):?(?: the)? "
    r"(?P<venue>(?-i:[A-Z])[\w&/-]*(?::?,? (?-i:[A-Z][\w&/-]*|of|and|on|in|the|for|&))*)",
    re.IGNORECASE,
)
_AROUND_A_NAME = re.compile(
    r"^(?:(?:the|of|in|on|and|\d{4}|\d+(?:st|nd|rd|th)) )+|(?: (?:of|in|on|and|the|for))+$", re.IGNORECASE
)
_SUBMITTED = re.compile(r"\b(?:submit\w*|submission|(?:under|in) (?:peer[- ])?review\w*)\b", re.IGNORECASE)
_ACCEPTED = re.compile(
    r"\b(?:accept\w*|to appear|to be (?:published|presented)|camera[- ]ready|forthcoming|in press|appearing)\b",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(r"\b(?:published|appear(?:s|ed)|presented|proceedings|proc\.)(?!\w)", re.IGNORECASE)
_NOT_SUBMITTED_TO_A_VENUE = re.compile(r"\bsubmitted (?:manuscript|version)\b|before submission", re.IGNORECASE)
_WORKSHOP = re.compile(
    r"\bworkshops?\b|\bco-?located\b|in conjunction with|\b(?:CVPR|ICCV|ECCV|WACV)W\b", re.IGNORECASE
)
_URL = re.compile(r"https?://\S+|www\.\S+|arXiv:\S+|\b\S+\.(?:com|org|io|edu|ai|net)/\S*|doi:\s*\S+", re.IGNORECASE)
_ANY_YEAR = re.compile(r"(?<![\w.:/])(20[1-3]\d)(?![\w/])")
_HAS_NAME_WORD = re.compile(
    r"conference|symposium|congress|meeting|chapter|workshop|transactions|journal|letters|proceedings|systems|"
    r"recognition|vision|interspeech|siggraph|learning|intelligence|language|processing|data|retrieval|comput|graph|"
    r"society|ethics|fairness|engineering|information|automation|imaging",
    re.IGNORECASE,
)
_HAS_YEAR = re.compile(r"(?:20|['’‘`])[1-3]\d")
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\]])[.;](?:\s|$)|\n")


def venue_mention(comment: str | None, abstract: str = "") -> VenueMention | None:
    """The venue that a paper names; ``None`` if neither its comment nor its abstract names one.

    Parameters
    ----------
    comment : the authors' comment at arXiv.
    abstract : read only where the comment names no venue. Only a known venue with a year counts there.

    Examples
    --------
    >>> venue_mention("9 pages. Accepted to the 43rd International Conference on Machine Learning (ICML 2026)")
    VenueMention(venue='ICML', year=2026, status='accepted', is_workshop=False)
    >>> str(venue_mention("Submitted to Interspeech'26"))
    'Interspeech 2026'
    >>> venue_mention("12 pages, 3 figures") is None
    True
    """
    if comment:
        text = " ".join(_URL.sub(" ", comment).split())
        found = _known_in(text) or _other_in(text)
        if found is not None:
            venue, year, start = found
            sentence = _sentence_around(text, start)
            is_workshop = _WORKSHOP.search(sentence) is not None
            return VenueMention(venue, year or _year_in(sentence), _status(sentence), is_workshop)
    # Few abstracts hold a year at all, and looking for every acronym takes a hundred times as long.
    for match in _ACRONYM.finditer(_URL.sub(" ", abstract)) if _HAS_YEAR.search(abstract) else ():
        if (year := _year(match["year"])) is not None:
            return VenueMention(_name(match), year, "named")
    return None


def _known_in(text: str) -> tuple[str, int | None, int] | None:
    """The first known venue with a year, else the first: its name, its year and where it stands."""
    found = [(_name(m), _year(m["year"]), m.start()) for m in _ACRONYM.finditer(text)]
    if _HAS_NAME_WORD.search(text):
        found += [(_name(m), None, m.start()) for m in _FULL.finditer(text)]
    found.sort(key=lambda one: one[2])
    with_year = [one for one in found if one[1] is not None]
    return next(iter(with_year or found), None)


def _other_in(text: str) -> tuple[str, int | None, int] | None:
    """A venue that is not known, by the form in which it is named."""
    for match in _OTHER_ACRONYM.finditer(text):
        if _NOT_A_VENUE.match(match["venue"]) is None and sum(c.isupper() for c in match["venue"]) >= 2:
            return match["venue"], _year(match["year"]), match.start()
    has_cue = any(cue.search(text) for cue in (_SUBMITTED, _ACCEPTED, _PUBLISHED))
    for pattern in (_OTHER_NAME, _CUED):
        named = pattern.search(text) if has_cue else None
        if named is None:
            continue
        venue = _AROUND_A_NAME.sub("", named["venue"])
        if len(venue.split()) > (pattern is _OTHER_NAME) and _NOT_A_VENUE.match(venue) is None:
            return venue, None, named.start("venue")
    return None


def _name(match: re.Match[str]) -> str:
    number = next(i for i in range(len(_KNOWN)) if match[f"v{i}"] is not None)
    return _KNOWN[number][0]


def _year(text: str | None) -> int | None:
    digits = re.sub(r"\D", "", text or "")
    return int(digits) + (2000 if len(digits) == 2 else 0) if digits else None


def _sentence_around(text: str, at: int) -> str:
    start = max((m.end() for m in _SENTENCE_END.finditer(text) if m.end() <= at), default=0)
    end = min((m.start() for m in _SENTENCE_END.finditer(text) if m.start() >= at), default=len(text))
    return text[start:end]


def _year_in(sentence: str) -> int | None:
    match = _ANY_YEAR.search(sentence)
    return int(match[1]) if match else None


def _status(sentence: str) -> VenueStatus:
    text = _NOT_SUBMITTED_TO_A_VENUE.sub(" ", sentence)
    if _ACCEPTED.search(text):
        return "accepted"
    if _SUBMITTED.search(text):
        return "submitted"
    return "published" if _PUBLISHED.search(text) else "accepted"
