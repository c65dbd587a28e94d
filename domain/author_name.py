"""Names of authors: people with family name and forenames, and teams."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from domain.tex_as_text import with_letters


@dataclass(frozen=True)
class AuthorName:
    """An author in arXiv's parts.

    ``keyname`` is a person's family name with its particles, or the whole name of a team or of a person with one name;
    then ``forenames`` is empty. ``suffix`` is such as "Jr." or "III".
    """

    keyname: str
    forenames: str = ""
    suffix: str = ""

    @property
    def text(self) -> str:
        """The name as it is shown, such as "Ada van Example Jr."."""
        return " ".join(filter(None, (self.forenames, self.keyname, self.suffix)))

    @property
    def is_team(self) -> bool:
        """Whether it is that of a team, company or other group."""
        return not self.forenames and is_team(self.keyname)


# For a name in lower case.
_TEAM = re.compile(
    r"""(?<!\S) (?: (?: collaborations? | consorti(?:um|a) | teams? | groups? | network | initiative | alliance | labs
        | committee | contributors | project | foundation | institutes? | universit(?:y|ies|at|ät|é) | centre
        | laborator(?:y|ies) | department | ministry | academy | society | association | community | agency | inc | ltd
        | llc | gmbh | corp(?:oration)? | technologies | intelligence | authors | organizers | researchers
        | participants | members ) \.? | (?<=\s) research ) (?!\S)""",
    re.VERBOSE,
)
# Family names too, so they need more words, none of them an initial, before them.
_PERHAPS_TEAM = re.compile(r"(?:[^\s.]{2,}\s){2,}(?:lab|center|company|council)", re.IGNORECASE)
_COMPANY_IN_CAPITALS = re.compile(r"(?:\s|-)AI$")


def is_team(name: str) -> bool:
    """Whether a name is that of a team, company or other group rather than of a person.

    Examples
    --------
    >>> [is_team(name) for name in ("Example Team", "The Big Collaboration", "Tidal-AI", "Qingyao Ai", "Ada Lab")]
    [True, True, True, False, False]
    """
    found = _TEAM.search(name.lower()) or _PERHAPS_TEAM.fullmatch(name) or _COMPANY_IN_CAPITALS.search(name)
    return found is not None


_SUFFIX = re.compile(r"(?:[JS]r|JR|SR|I{2,3}|IV|VI{0,3})\.?")
_WITH_FAMILY_NAME = frozenset("Neto Filho Junior Júnior Sobrinho".split())
"""Portuguese for grandson, son, nephew: part of the family name."""
# Particles in lower case begin a family name; those of _CAPITAL also with a capital.
_PARTICLES = frozenset(
    "af al av bin ben da dal dalla das de degli dei del della delle dem den der des di do dos du el ibn la las le los "
    "mac op 't te ten ter van vom von vander zu zum zur y e".split()
)
_JOINING = frozenset(["y", "e"])
_BEFORE_COMPOUND = _PARTICLES - _JOINING
_AFTER_PARTICLE = frozenset(
    "Assis Dieu Jesus Jesús Deus Angeles Ángeles Carmen Pilar Luz Lourdes Fatima Fátima Rosario".split()
)
"""Names of saints and devotions, which stand in forenames such as "Jean de Dieu"."""
_CAPITAL = frozenset(
    (
        "Van Von De Del Della Dalla Dal Da Di Den Der Des Dos Ter Ten Vander Vom Zu Zur El Al La Las Le Los Abu Ibn Mc "
        "Mac Ó San"
    ).split()
)
_WITHOUT_PARTICLES = frozenset(
    "nguyen nguyễn tran trần lê pham phạm hoang hoàng huynh huỳnh phan vũ võ đặng bui bùi đỗ ngo ngô duong dương "
    "dinh đinh trinh trịnh luong lương truong trương đào doan đoàn luu lưu phung phùng "
    "wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng liang xie tang han deng "
    "feng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng wei su lu ding ren shen yao kim lee "
    "park".split()
)


def parsed_name(text: str) -> AuthorName:
    """Family name, forenames and suffix of a name in one string.

    The last word is the family name, with the particles before it and without a suffix after it. As BibTeX does it, two
    words after a particle in lower case are both of the family name. A single word and a team stay whole. Where the
    family name comes first, as in many Chinese names, no rule can know.

    Examples
    --------
    >>> parsed_name("Ada M. van der Example, Jr.")
    AuthorName(keyname='van der Example', forenames='Ada M.', suffix='Jr.')
    >>> parsed_name("The Big Collaboration")
    AuthorName(keyname='The Big Collaboration', forenames='', suffix='')
    """
    words = text.replace(",", " ").split()
    if is_team(text) or len(words) < 2 or words[-1].isdecimal():
        return AuthorName(" ".join(text.split()))
    suffix = ""
    if _SUFFIX.fullmatch(words[-1]) and len(words) > 2:
        suffix = words.pop()
    first = len(words) - 1
    if words[first] in _WITH_FAMILY_NAME and first > 1:
        first -= 1
    is_compound = first > 2 and words[first - 2] in _BEFORE_COMPOUND and words[first - 1] not in _AFTER_PARTICLE
    if is_compound and words[first - 1] not in _PARTICLES:
        first -= 2
    # "Van", "De" and "Di" are also syllables of names without particles.
    may_be_syllable = not {word.lower() for word in words}.isdisjoint(_WITHOUT_PARTICLES)
    while first > 1 and (words[first - 1] in _PARTICLES or (words[first - 1] in _CAPITAL and not may_be_syllable)):
        first -= 1
    if words[first] in _JOINING and first > 1:  # "Ramón y Cajal"
        first -= 1
    return AuthorName(" ".join(words[first:]), " ".join(words[:first]), suffix)


_AND = re.compile(r"\s+(?:and|&)\s+", re.IGNORECASE)
_SUFFIX_ALONE = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_TIE = re.compile(r"~(?![^\W\d_])|(?<=\.)~|(?<=\s)~|~(?=[^\W\d_a-z])")
_NO_BRACES = str.maketrans("", "", "{}")
_BEFORE = re.compile(r"^(?:[\s:;,.&*]+|(?:and|with)\s+)+", re.IGNORECASE)
_AFTER = re.compile(r"(?:[\s:;,&*]+|\s+(?:and|et\.?\s+al\.?|others))+$", re.IGNORECASE)
_NOBODY = re.compile(r"(?:and|&|et\.?\s*al\.?|and\s+others|others|et|n/?a|[\W_]*)", re.IGNORECASE)


def real_authors(names: Iterable[AuthorName]) -> tuple[AuthorName, ...]:
    """The authors among these names, in order, with TeX accents as letters.

    arXiv splits author lines by rules, so a colon, "et al." or "and" can become an author or a part of one. A name
    given whole, without forenames, is split into its parts by ``parsed_name``.

    Examples
    --------
    >>> names = ("Example Team", ":", "Ada Example and", "and Li Wei", "et al.")
    >>> [author.text for author in real_authors(AuthorName(name) for name in names)]
    ['Example Team', 'Ada Example', 'Li Wei']
    """
    found: list[AuthorName] = []
    for name in names:
        plain = AuthorName(_plain(name.keyname), _plain(name.forenames), _plain(name.suffix))
        text = _without_artefacts(plain.text)
        if found and _SUFFIX_ALONE.fullmatch(text):
            found[-1] = replace(found[-1], suffix=text)
        elif text == plain.text and plain.forenames and not _AND.search(text):
            found.append(plain)
        elif text:
            found += [parsed_name(one) for one in names_apart(text) if not _NOBODY.fullmatch(one)]
    return tuple(found)


def real_names(names: Iterable[str]) -> tuple[str, ...]:
    """The texts of ``real_authors`` for names that are given whole, without parsing each."""
    found: list[str] = []
    for name in names:
        text = _without_artefacts(_plain(name))
        if found and _SUFFIX_ALONE.fullmatch(text):
            found[-1] = f"{found[-1]} {text}"
        elif text:
            found += [
                parsed_name(one).text if "," in one else " ".join(one.split())
                for one in names_apart(text)
                if not _NOBODY.fullmatch(one)
            ]
    return tuple(found)


_PLAIN_NAME = re.compile(r"[^\W\d_][^\W_.]*(?: (?!and\b|et\b|al\b|others\b|with\b)[^\W\d_][^\W_]*\.?){1,3}")
"""A name of a few words, the first without a full stop: nothing is to be cut off or split."""
_ENDS_AFTER = (*":;,&*", "and", "al", "al.", "others")
"""What ``_AFTER`` finds ends so, which costs less to see."""


def _without_artefacts(text: str) -> str:
    """The name without "and", "et al." and marks around it; empty if nobody remains."""
    if _PLAIN_NAME.fullmatch(text):
        return text
    text = _without_beginning(text)
    if text.lower().endswith(_ENDS_AFTER):
        text = _AFTER.sub("", text)
    return "" if _NOBODY.fullmatch(text) else text


def _without_beginning(text: str) -> str:
    found = _BEFORE.match(text)
    return text[found.end() :] if found else text


def _plain(part: str) -> str:
    """A part of a name with TeX's letters and blanks converted and its braces and line breaks removed."""
    if _TO_CONVERT.search(part) is None:
        return " ".join(part.split())
    text = with_letters(part).replace("\\\\", " ")
    text = _TIE.sub(" ", text)
    return " ".join((text if "\\" in text else text.translate(_NO_BRACES)).split())


_TO_CONVERT = re.compile(r"[\\{}~]|[^\x00-\x7f]")
_GROUP_OF = re.compile(r"(\S+) (?:of|for)\b", re.IGNORECASE)


def names_apart(text: str) -> list[str]:
    """The people of "Ada Example and Li Wei"; "Science and Technology Team" and "Team of Ada and Ben" stay whole."""
    parts = _AND.split(text)
    if len(parts) == 2 and " " not in parts[1] and any(is_team(name) for name in _GROUP_OF.findall(parts[0])):
        return [text]  # one word after it goes on with what the group is of; a person would have two
    if len(parts) > 1 and is_team(parts[-1]) and (len(parts[0].split()) < 2 or is_team(parts[0]) or " of " in text):
        return [text]
    return [_without_beginning(part) for part in parts]
