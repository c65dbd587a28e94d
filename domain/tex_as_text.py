r"""TeX in titles, abstracts, comments and names as plain text, with each word's position.

arXiv leaves TeX as its authors wrote it: ``$\mathcal{O}(n^2)$``, ``\emph{...}``, ``97\%``, and dollars that are
money. Its query API gives ``\'e`` as a letter, its OAI-PMH and its snapshot do not, so ``with_letters`` is applied to
everything that comes in: letters are stored as letters. The rest of the TeX is stored as it came, and ``plain_text`` is
what readers see and what search and counts read.

A text is cut into pieces, each with its place in the raw text, so that evidence given as raw offsets still marks the
right words after conversion. What cannot be converted without doubt is left as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from domain.formula_as_text import plain_formula


@dataclass(frozen=True)
class Piece:
    """``raw[start:end]`` reads as ``text``; where ``verbatim`` the two are equal, and may be cut anywhere.

    ``kind`` names the rule that changed it. ``formula`` is the source of a formula that has no plain form; the text
    then is its TeX. ``needs_formula`` says that TeX itself would take the command in a formula only.
    """

    start: int
    end: int
    text: str
    verbatim: bool
    kind: str = ""
    formula: str | None = None
    needs_formula: bool = False


_COMBINING = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "H": "\u030b",
    "b": "\u0331",
    "c": "\u0327",
    "d": "\u0323",
    "k": "\u0328",
    "r": "\u030a",
    "u": "\u0306",
    "v": "\u030c",
    "textcommabelow": "\u0326",
}
_LETTERS = {
    "AA": "Å",
    "AE": "Æ",
    "DH": "Ð",
    "DJ": "Đ",
    "ETH": "Ð",
    "L": "Ł",
    "NG": "Ŋ",
    "O": "Ø",
    "OE": "Œ",
    "SS": "ẞ",
    "TH": "Þ",
    "aa": "å",
    "ae": "æ",
    "dh": "ð",
    "dj": "đ",
    "eth": "ð",
    "i": "ı",
    "j": "ȷ",
    "l": "ł",
    "ng": "ŋ",
    "o": "ø",
    "oe": "œ",
    "ss": "ß",
    "th": "þ",
}
_GREEK = {
    **{
        name: chr(0x391 + i + (i > 16))
        for i, name in enumerate(
            "Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma Tau Upsilon "
            "Phi Chi Psi Omega".split()
        )
    },
    **{
        name: chr(0x3B1 + i + (i > 16))
        for i, name in enumerate(
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon "
            "phi chi psi omega".split()
        )
    },
    "epsilon": "ϵ",
    "varepsilon": "ε",
    "phi": "ϕ",
    "varphi": "φ",
    "vartheta": "ϑ",
    "varrho": "ϱ",
    "varsigma": "ς",
    "upsion": "υ",  # arXiv's own spelling in its table
}
# Commands for one character that mean the same outside formulas.
_SYMBOLS = {
    "times": "×",
    "pm": "±",
    "approx": "≈",
    "sim": "∼",
    "leq": "≤",
    "geq": "≥",
    "le": "≤",
    "ge": "≥",
    "neq": "≠",
    "to": "→",
    "rightarrow": "→",
    "leftarrow": "←",
    "leftrightarrow": "↔",
    "Rightarrow": "⇒",
    "infty": "∞",
    "ell": "ℓ",
    "cdot": "·",
    "in": "∈",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textendash": "–",
    "textemdash": "—",
    "textdegree": "°",
    "deg": "°",
    "textmu": "µ",
    "texttimes": "×",
    "textpm": "±",
    "textbullet": "•",
    "textquoteleft": "‘",
    "textquoteright": "’",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "guillemotleft": "«",
    "guillemotright": "»",
    "textregistered": "®",
    "texttrademark": "™",
    "textcopyright": "©",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "texteuro": "€",
    "dag": "†",
    "ddag": "‡",
    "S": "§",
    "P": "¶",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "percent": "%",
    "textpercent": "%",
    "quad": " ",
    "qquad": " ",
}

_FORMULA_ONLY = _GREEK.keys() | frozenset(
    (
        "times pm approx sim leq geq le ge neq to rightarrow leftarrow leftrightarrow Rightarrow infty ell cdot in deg"
    ).split()
)
"""Commands that TeX itself takes in formulas only."""

_STYLED = "textbf|textit|textsc|texttt|textrm|textsf|textsl|textmd|textup|textnormal|text|emph|underline|mbox|url|uline"

_LETTER = r"[^\W\d_]"
# arXiv's own conversion reads \kappa as the accent \k over "appa".
_MANGLED = {
    f"{name[0]}{{{name[1:]}}}": character
    for name, character in {**_GREEK, "copyright": "©", "times": "×", "cdot": "·", "rightarrow": "→"}.items()
    if name[0] in "Hbcdkrtuv"
}

_TOKEN = re.compile(
    # The first line says how every kind begins: at most places that spares the search trying each of them.
    rf"""
      (?= [\\${{}}~`'-] | http | www ) (?:
      (?P<math> \$\$ (?P<display> (?: [^$\\] | \\. ){{1,400}} ) \$\$
              | \$   (?P<inline>  (?: [^$\\] | \\. ){{1,400}} ) \$
              | \\\( (?P<round> .{{1,400}}? ) \\\)
              | \\\[ (?P<square> .{{1,400}}? ) \\\] )
    | (?P<address> (?: https?:// | www\. ) [^\s{{}}$\\]* )
    | (?P<opening> \\ (?: {_STYLED} ) \s* \{{ | \\href \s* \{{ [^{{}}]* \}} \s* \{{
                 | \\textcolor \s* \{{ [\w!.]+ \}} \s* \{{ | \{{ \\ (?: em|bf|it|tt|sc|sf|rm|sl ) (?![A-Za-z]) \s* )
    | (?P<mangled> \{{? \\ (?P<manglement> {"|".join(map(re.escape, sorted(_MANGLED, key=len, reverse=True)))} ) \}}? )
    | (?P<apostrophe> (?<=[A-Za-z]) \\' (?= (?:s|t|re|ve|ll)\b ) )
    | (?P<accent> \{{? \\ (?: ['"`^=.~] | (?: [Hbcdkruv] | textcommabelow ) (?![A-Za-z]) ) )
    | (?P<letter> (?P<brace_2> \{{ )? \\ (?P<letter_name> {"|".join(sorted(_LETTERS, key=len, reverse=True))} )
          (?![A-Za-z]) (?(brace_2) \s* \}} | (?: \{{\}} | \s (?={_LETTER}) )? ) )
    | (?P<named> (?P<brace_3> \{{ )? \\ (?P<symbol> {"|".join(sorted([*_GREEK, *_SYMBOLS], key=len, reverse=True))} )
          (?![A-Za-z]) (?(brace_3) \s* \}} | (?: \{{\}} )? ) )
    | (?P<raised> \\textsuperscript \s* \{{ (?P<superscript> [0-9+\-n]+ | TM | th | st | nd | rd ) \}} )
    | (?P<lowered> \\textsubscript \s* \{{ (?P<subscript> [0-9+\-n]+ ) \}} )
    | (?P<braced> \{{ (?P<letter_alone> [\u00c0-\u024f\u1e00-\u1eff] ) \}} )
    | (?P<brace> [{{}}] )
    | (?P<escaped> \\ [%&_$#{{}}] )
    | (?P<nothing> (?<=[.!?]) \\@ (?=\s) )
    | (?P<blank> (?<!\\) \\\\ (?=\s) | \\[, ;:] | (?<=[\w.]) ~ (?=[\w\\$(])
              | (?<=[$}})\]]) ~ (?![A-Z]\() (?=[A-Za-z\\(]) )
    | (?P<dash> (?<=[\w$)\]}}"'’”]) ---? (?=[\w$(\["'‘“`] | \\(?: {_STYLED} ) \s* \{{ )
              | (?<=\s) ---? (?=\s) | (?<=\w) --- (?=\s) )
    | (?P<quote> `` | '' ) )
    """,
    re.VERBOSE | re.DOTALL,
)
_SPECIAL = re.compile(r"[\\${}]|--|``|''|~")
_ABOUT = re.compile(r"(?:^|[\s(\[])~\s?[\d$]")
_UNDERLINED = re.compile(r"\s*\\underline\s*\{(.*)\}\s*", re.DOTALL)
_PATH = re.compile(r"\S*\.\w+/\S*")
_OF_LETTERS = frozenset(["mangled", "accent", "letter", "braced"])
"""Kinds of tokens that are letters, whatever stands around them."""

_NUMBERED = frozenset(
    "section sec figure fig table eq equation step task subtask phase stage chapter part version type track".split()
)
"""Words in lower case that a tie joins to their number."""

_BLANK = {"~": " ", "\\ ": " ", "\\,": "\u202f", "\\\\": ""}
_DASH = {"--": "–", "---": "—"}
_QUOTE = {"``": "“", "''": "”"}
_RAISED = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_LOWERED = str.maketrans("0123456789+-n", "₀₁₂₃₄₅₆₇₈₉₊₋ₙ")
_WORDS_OF_FORMULAS = frozenset("log exp sin cos tan min max sup inf lim arg mod poly polylog".split())


def _is_formula(match: re.Match[str], raw: str) -> bool:
    """Whether dollars enclose a formula, and are not prices as in "$5 to $10"."""
    inner = match["inline"]
    if inner is None:
        return True
    if inner[0].isdigit() and raw[match.end() : match.end() + 1].isdigit():
        return False
    if re.search(r"[\\^_]", inner) is not None:
        return True
    words = re.findall(r"[A-Za-z]{2,}", inner) if re.search(r"\s", inner) else []
    is_tight = not inner[0].isspace() and not inner[-1].isspace()
    return is_tight and all(word.lower() in _WORDS_OF_FORMULAS for word in words)


def _is_tie(raw: str, at: int) -> bool:
    """Whether the ``~`` here is a blank that keeps two words together, and not "about", "to" or "distributed as"."""
    before, after = raw[:at], raw[at + 1]
    if before[-1] in "$})]":  # after a formula or a styled word; a number there would be "about"
        return True
    if before[-1] == ".":
        return before[-2:-1].isalpha()
    word = re.split(r"[^\w-]", before[-40:])[-1]
    if after.isdigit():
        if _ABOUT.search(raw) is not None:  # this author writes "~100" for "about 100"
            return False
        return (len(word) > 1 and word[0].isupper() and raw[at + 1 : at + 3] != "0.") or word in _NUMBERED
    return len(word) > 1 or word.isdigit()


def _is_dash(raw: str, start: int, end: int) -> bool:
    """Whether hyphens are a dash, and not part of an address or a file's path."""
    low, high = start, end
    while low > 0 and not raw[low - 1].isspace():
        low -= 1
    while high < len(raw) and not raw[high].isspace():
        high += 1
    return _PATH.match(raw, low, high) is None


_ACCENT = re.compile(r"\\(?:(?P<sign>['\"`^=.~])|(?P<name>[Hbcdkruv]|textcommabelow)(?![A-Za-z])\s*)")
_PLAIN_LETTER = re.compile(r"\\(AE|ae|OE|oe|O|o|L|l|i|j)(?![A-Za-z])\s?")
# "\"so\"" quotes a word; it does not accent its first letter.
_QUOTED = re.compile(r"""\\(["'`])[^\\"]{1,80}\\["'](?![A-Za-z{])""")


def _accented(raw: str, at: int) -> tuple[str, int] | None:
    """The letter of the accent that starts here and where its TeX ends; ``None`` if Unicode has no such letter."""
    if raw[at] == "{":
        inner = _accented(raw, at + 1)
        closing = None if inner is None else re.compile(r"\s*\}").match(raw, inner[1])
        return None if inner is None or closing is None else (inner[0], closing.end())
    accent = _ACCENT.match(raw, at)
    if accent is None:
        return None
    sign, before = accent["sign"], raw[at - 1 : at]
    if (sign == "." and before.isdigit()) or (not before.isalpha() and _QUOTED.match(raw, at)):
        return None
    base = _accents_base(raw, accent.end())
    if base is None or (
        accent["name"] and accent.end() == accent.end("name") and raw[accent.end()] not in "{\\" and base[0].isascii()
    ):
        return None
    letter = unicodedata.normalize("NFC", base[0] + _COMBINING[sign or accent["name"]])
    is_in_braces = raw[accent.end()] == "{"
    return None if len(letter) > 1 and not is_in_braces else (letter, base[1])


def _accents_base(raw: str, at: int) -> tuple[str, int] | None:
    """The letter under an accent, which may be accented itself, and where its TeX ends."""
    if raw[at : at + 1] == "{":
        inner = _accents_base(raw, at + 1)
        closing = None if inner is None else re.compile(r"\s*\}").match(raw, inner[1])
        return None if inner is None or closing is None else (inner[0], closing.end())
    if letter := _PLAIN_LETTER.match(raw, at):
        return {"i": "i", "j": "j"}.get(letter[1], _LETTERS[letter[1]]), letter.end()
    if raw[at : at + 1] == "\\":
        return _accented(raw, at)
    return (raw[at], at + 1) if raw[at : at + 1].isalpha() else None


def _converted(raw: str, token: re.Match[str]) -> str | None:
    """The text of a token that does not depend on its surroundings; ``None`` if it stays as it is."""
    kind, found = token.lastgroup, token[0]
    if token["letter"] is not None:
        return _LETTERS[token["letter_name"]]
    if token["mangled"] is not None:
        character = _MANGLED[token["manglement"]]
        opens, closes = found.startswith("{"), found.count("}") > found.count("{") - found.startswith("{")
        return ("{" if opens and not closes else "") + character + ("}" if closes and not opens else "")
    if token["named"] is not None:
        return {**_GREEK, **_SYMBOLS}[token["symbol"]]
    if token["raised"] is not None:
        words = token["superscript"]
        return {"TM": "™", "th": "th", "st": "st", "nd": "nd", "rd": "rd"}.get(words) or words.translate(_RAISED)
    if token["lowered"] is not None:
        return token["subscript"].translate(_LOWERED)
    if token["braced"] is not None:
        return token["letter_alone"]
    if kind == "escaped":
        return found[1]
    if kind == "nothing":
        return ""
    if kind == "apostrophe":
        return "'"
    if kind == "blank":
        return _BLANK.get(found, " ") if found != "~" or _is_tie(raw, token.start()) else None
    if kind == "dash":
        return _DASH[found] if _is_dash(raw, token.start(), token.end()) else None
    if kind == "quote":
        # After a number it means inches or seconds, unless it closes a quotation.
        is_unit = (
            found == "''" and raw[token.start() - 1 : token.start()].isdigit() and "``" not in raw[: token.start()]
        )
        return None if is_unit else _QUOTE[found]
    return None


def _formula_in_text(source: str, *, before: str, after: str) -> str | None:
    """The formula in plain text, if it still means the same between these two characters."""
    if (before.isalpha() or after.isalpha()) and (underlined := _UNDERLINED.fullmatch(source)):
        source = underlined[1]  # it marks a letter of an acronym
    text = plain_formula(source)
    if text is None:
        return None
    runs_on = after.isalnum() and re.search(r"[_^]\w+$", text) is not None
    is_factor = (before.isalnum() and "/" in text and "frac" in source) or (before.isdigit() and text[:1] in "³⁴⁵ⁿ√")
    return None if runs_on or (is_factor and not text.startswith("(")) else text


def _pieces_of_tokens(raw: str, *, only_letters: bool = False) -> Iterator[Piece]:
    """The pieces that differ from the raw text, in order; the text between them is verbatim."""
    at = 0
    closes_style: list[bool] = []  # one entry for each open brace
    while token := _TOKEN.search(raw, at):
        kind, found, start, at = token.lastgroup, token[0], token.start(), token.end()
        if token["math"] is not None:
            if not _is_formula(token, raw):
                at = start + 1
                continue
            if only_letters:
                yield from (
                    Piece(start + m.start(), start + m.end(), _MANGLED[m[1]], verbatim=False, kind="mangled")
                    for m in _MANGLED_IN_FORMULA.finditer(found)
                )
                continue
            source = token["display"] or token["inline"] or token["round"] or token["square"]
            source = _MANGLED_IN_FORMULA.sub(lambda m: _MANGLED[m[1]], source)
            text = _formula_in_text(source, before=raw[start - 1 : start], after=raw[at : at + 1])
            if text is None:
                yield Piece(start, at, found, verbatim=False, kind="formula kept", formula=source)
            else:
                yield Piece(start, at, text, verbatim=False, kind="formula")
            continue
        if token["accent"] is not None:
            letter = _accented(raw, start)
            if letter is None:
                at = start + 1 + (found[0] == "{")
                if found[0] == "{":
                    at = start + 1
                    closes_style.append(False)
                continue
            text, at = letter
        elif kind == "opening":
            closes_style.append(True)
            text = ""
        elif kind == "brace":
            text = found
            if found == "{":
                closes_style.append(False)
            elif closes_style and closes_style.pop():
                text = ""
        else:
            converted = _converted(raw, token)
            text = found if converted is None else converted
        if only_letters and kind not in _OF_LETTERS:
            continue
        if text != raw[start:at]:
            outside = token["symbol"] in _FORMULA_ONLY
            yield Piece(start, at, text, verbatim=False, kind=kind or "", needs_formula=outside)


_MANGLED_IN_FORMULA = re.compile(rf"\\({'|'.join(map(re.escape, sorted(_MANGLED, key=len, reverse=True)))})")


def pieces(raw: str) -> Iterator[Piece]:
    """The text as consecutive pieces that cover it."""
    at = 0
    for piece in _pieces_of_tokens(raw) if _SPECIAL.search(raw) else ():
        if at < piece.start:
            yield Piece(at, piece.start, raw[at : piece.start], verbatim=True)
        yield piece
        at = piece.end
    if at < len(raw):
        yield Piece(at, len(raw), raw[at:], verbatim=True)


def plain_text(raw: str) -> str:
    r"""The text with its TeX as Unicode; what cannot be converted without doubt is left unchanged.

    Examples
    --------
    >>> plain_text(r"Learning in $\mathcal{O}(n^2)$ time for $5, at 97\% of the \emph{full} cost")
    'Learning in 𝒪(n²) time for $5, at 97% of the full cost'
    """
    if _SPECIAL.search(raw) is None:
        return raw
    return "".join(piece.text for piece in pieces(raw))


def with_letters(raw: str) -> str:
    r"""The text with TeX's accents and letters as composed letters (NFC), and all other TeX as it was.

    Formulas stay as they are. Names of Greek letters that arXiv's own conversion took for accents (``\k{appa}``) become
    these letters.

    Examples
    --------
    >>> with_letters(r"Erd\H{o}s and {\L}ojasiewicz, with Cohen's \k{appa} and $\alpha = 0.1$")
    "Erdős and Łojasiewicz, with Cohen's κ and $\\alpha = 0.1$"
    """
    if "\\" in raw or "{" in raw:
        shown, at = [], 0
        for piece in _pieces_of_tokens(raw, only_letters=True):
            shown += [raw[at : piece.start], piece.text]
            at = piece.end
        raw = "".join([*shown, raw[at:]])
    return unicodedata.normalize("NFC", raw)


def text_line(raw: str) -> str:
    """A text of arXiv as it is stored: on one line, with letters as letters."""
    return with_letters(" ".join(raw.split()))
