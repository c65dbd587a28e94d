r"""TeX formulas as plain text, where plain text can say the same.

A formula is read by a small parser that knows a fixed set of commands. Anything else, and every construction whose
plain form could be read in two ways, has no plain form: the caller then keeps the TeX. So no operator, index or
bracket can get lost. The symbols come from pylatexenc's table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

Kind = Literal["operand", "fraction", "root", "word", "operator", "open", "close", "bar", "mark", "space"]
"""What a part of a formula is to its neighbours: ``mark`` is punctuation, ``word`` a function's name or text, and
``bar`` a line that may open or close."""


@dataclass(frozen=True)
class _Part:
    """A part of a formula in plain text; a ``single`` one needs no brackets where it stands as an operand."""

    text: str
    kind: Kind
    single: bool = True


class _NoPlainForm(Exception):
    """The formula, or a part of it, has no form in plain text."""


_RAISED = dict(zip("0123456789+-=()nidkmthT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵈᵏᵐᵗʰᵀ", strict=True))
_LOWERED = dict(zip("0123456789+-=()ijknt", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ᵢⱼₖₙₜ", strict=True))

_ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0304",
    "dot": "\u0307",
    "ddot": "\u0308",
    "acute": "\u0301",
    "grave": "\u0300",
    "breve": "\u0306",
    "check": "\u030c",
    "vec": "\u20d7",
    "Tilde": "\u0303",
    "Hat": "\u0302",
    "Bar": "\u0304",
    "Vec": "\u20d7",
    "Dot": "\u0307",
}
_ALPHABETS = {
    "mathbb": "DOUBLE-STRUCK",
    "mathds": "DOUBLE-STRUCK",
    "mathbbm": "DOUBLE-STRUCK",
    "mathcal": "SCRIPT",
    "mathscr": "SCRIPT",
    "cal": "SCRIPT",
    "mathfrak": "FRAKTUR",
    "frak": "FRAKTUR",
    "mathbf": "BOLD",
    "boldsymbol": "BOLD",
    "pmb": "BOLD",
    "bm": "BOLD",
    "bf": "BOLD",
}
# Letters that Unicode has outside its block of mathematical letters.
_LETTERLIKE = {
    "SCRIPT": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "FRAKTUR": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "DOUBLE-STRUCK": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "BOLD": {},
}
_UPRIGHT = frozenset("mathrm mathit mathsf mathtt mathnormal mathop rm it sf tt operatorname".split())
_TEXT = frozenset("text textrm textit textbf textsf texttt textsc textup textnormal mbox hbox emph".split())
_SWITCHES = frozenset("rm it sf tt cal frak bf".split())
"""Commands that change the letters of the rest of their group."""
_WORDS = {
    **{
        name: name
        for name in (
            "arccos arcsin arctan arg cos cosh cot csc deg det dim exp gcd hom inf ker lg lim ln log max min Pr sec "
            "sin sinh sup tan tanh argmax argmin softmax sign sgn tr Tr diag rank poly polylog bmod"
        ).split()
    },
    "limsup": "lim sup",
    "liminf": "lim inf",
    "bmod": "mod",
    "mod": "mod",
}
_FRACTIONS = frozenset("frac dfrac tfrac cfrac sfrac nicefrac".split())
_SIZES = frozenset(
    "left right middle big Big bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr biggm Biggl Biggr".split()
)
_WITHOUT_EFFECT = frozenset("displaystyle textstyle scriptstyle limits nolimits ! - / normalfont rmfamily".split())
_BLANKS = frozenset(
    [",", ";", ":", " ", ">", "quad", "qquad", "enspace", "enskip", "thinspace", "space", "nobreakspace"]
)
_ESCAPED = {"%": "%", "#": "#", "&": "&", "_": "_", "$": "$"}
_SYMBOLS = {
    "|": "‖",
    "{": "{",
    "}": "}",
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "lceil": "⌈",
    "rceil": "⌉",
    "lVert": "‖",
    "rVert": "‖",
    "Vert": "‖",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "colon": ":",
    "ne": "≠",
    "gets": "←",
    "land": "∧",
    "lor": "∨",
    "lnot": "¬",
    "neg": "¬",
    "owns": "∋",
    "coloneqq": "≔",
    "coloneq": "≔",
    "eqqcolon": "≕",
    "implies": "⟹",
    "iff": "⟺",
    "Longrightarrow": "⟹",
    "Longleftrightarrow": "⟺",
    "longmapsto": "⟼",
    "leadsto": "⇝",
    "prime": "′",
    "dag": "†",
    "ddag": "‡",
    "dagger": "†",
    "ddagger": "‡",
    "models": "⊨",
    "vDash": "⊨",
    "checkmark": "✓",
    "square": "□",
    "Box": "□",
    "blacksquare": "■",
    "triangle": "△",
    "bigcirc": "◯",
    "lozenge": "◊",
    "Re": "ℜ",
    "Im": "ℑ",
    "imath": "ı",
    "jmath": "ȷ",
    "degree": "°",
    "textdegree": "°",
    "textasciitilde": "~",
    "textbar": "|",
    "textless": "<",
    "textgreater": ">",
    "smallint": "∫",
    "dotsc": "…",
    "ldotp": ".",
    "cdotp": "·",
    "And": "&",
    "S": "§",
    "P": "¶",
    "sum": "∑",
    "prod": "∏",
    "gg": "≫",
    "ggg": "⋙",
    "lll": "⋘",
    "triangleq": "≜",
    "vartriangle": "△",
    "blacktriangle": "▲",
    "diamond": "⋄",
    "Diamond": "◇",
    "bot": "⊥",
}
# Symbols of pylatexenc's table that are not one in a formula, or whose character there is not the one of TeX.
_NOT_SYMBOLS = frozenset("textquoteleft textquoteright textendash textemdash hspace vspace nolinebreak - vDash".split())
# Mathematical symbols by Unicode's category that are an operand, or a prefix of one, rather than between two.
_OPERANDS = frozenset("∞∅∂∇∀∃∄∆∏∐∑∫∬∭∮√∛∜¬⊤⊥⊺′″ϕϵ∴∵∁℘∠⋯…★⋆☆")
_RELATIONS_OF_ASCII = frozenset("=<>+*")
_PREFIXES = frozenset("∑∏∐∫∬∭∮⋃⋂⨁⨂⋁⋀∂∇∀∃∄¬")

_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|\s+|.", re.DOTALL)
_NEGATED = re.compile(r"\\not\s*(?=[=<>\\])")
_CODE_POINT = re.compile(r"\\unicode\{x([0-9A-Fa-f]{2,5})\}")


@cache
def _symbols() -> Mapping[str, str]:
    """The character of each command that stands for one."""
    from pylatexenc.latex2text import get_default_latex_context_db  # takes 0.3 s to import

    table = get_default_latex_context_db()
    found: dict[str, str] = {}
    for category in table.categories():
        for command in table.iter_macro_specs([category]):
            text = command.simplify_repl
            if isinstance(text, str) and len(text) == 1 and not text.isspace() and command.macroname.isalpha():
                found.setdefault(command.macroname, text)
    for name in _NOT_SYMBOLS:
        found.pop(name, None)
    return {**found, **_SYMBOLS}


@lru_cache(maxsize=8192)
def plain_formula(source: str) -> str | None:
    r"""The formula, without its dollars, in plain text; ``None`` if plain text cannot say it.

    Examples
    --------
    >>> plain_formula(r"\frac{1}{1-\gamma}"), plain_formula(r"O(T^{2/3})"), plain_formula(r"\binom{n}{k}")
    ('1/(1-γ)', 'O(T^(2/3))', None)
    """
    if len(source) > 1000:
        return None
    source = _CODE_POINT.sub(lambda m: chr(int(m[1], 16)), source)
    if "$" in source.replace(r"\$", ""):
        return None
    try:
        parser = _Parser(source)
        text = _joined(parser.parts(until=None))
    except (_NoPlainForm, RecursionError):
        return None
    return unicodedata.normalize("NFC", text) or None


class _Parser:
    """Reads one formula from left to right."""

    def __init__(self, source: str) -> None:
        self._lexemes = _TOKEN.findall(source)
        self._at = 0
        self._depth = 0

    def _peek(self) -> str | None:
        return self._lexemes[self._at] if self._at < len(self._lexemes) else None

    def _next(self) -> str:
        lexeme = self._peek()
        if lexeme is None:
            raise _NoPlainForm
        self._at += 1
        return lexeme

    def _skip_blanks(self) -> None:
        while (lexeme := self._peek()) is not None and lexeme.isspace():
            self._at += 1

    def parts(self, until: str | None) -> list[_Part]:
        """The parts up to the closing lexeme, which is read, or up to the end."""
        self._depth += 1
        if self._depth > 12:
            raise _NoPlainForm
        found: list[_Part] = []
        while True:
            lexeme = self._peek()
            if lexeme is None:
                if until is not None:
                    raise _NoPlainForm
                break
            if until is not None and lexeme == until:
                self._at += 1
                break
            if lexeme in ("^", "_", "'"):
                self._scripts(found)
                continue
            if lexeme[1:] in _SWITCHES and lexeme[0] == "\\":
                self._at += 1
                self._skip_blanks()
                found += _in_letters(lexeme[1:], self.parts(until))
                break
            part = self._part()
            if part is not None:
                found.append(part)
        self._depth -= 1
        return found

    def _part(self) -> _Part | None:
        lexeme = self._next()
        if lexeme.isspace() or lexeme == "~":
            return _Part(" ", "space")
        if lexeme == "{":
            return _grouped(self.parts("}"))
        if lexeme[0] != "\\":
            if lexeme in ("}", "&", "#", "$") or not lexeme.isprintable():
                raise _NoPlainForm
            return _character(lexeme)
        return self._command(lexeme[1:])

    def _argument(self) -> list[_Part]:
        """The parts of a command's argument: a group, or one lexeme."""
        self._skip_blanks()
        if self._peek() == "{":
            self._at += 1
            return self.parts("}")
        part = self._part()
        if part is None or part.kind == "space":
            raise _NoPlainForm
        return [part]

    def _raw_argument(self) -> str:
        """The source of an argument in braces, without braces inside."""
        self._skip_blanks()
        if self._peek() != "{":
            raise _NoPlainForm
        self._at += 1
        raw = ""
        while (lexeme := self._next()) != "}":
            if lexeme[0] == "\\" and lexeme[1:] in _ESCAPED:
                raw += lexeme[1:]
            elif lexeme == "~" or (lexeme[0] == "\\" and lexeme[1:] in _BLANKS):
                raw += " "
            elif lexeme in ("{", "$", "^", "_") or lexeme[0] == "\\":
                raise _NoPlainForm
            else:
                raw += lexeme
        return raw

    def _command(self, name: str) -> _Part | None:
        if name in _WITHOUT_EFFECT:
            self._skip_blanks()
            return None
        if name in _BLANKS:
            return _Part(" ", "space")
        if name in _ESCAPED:
            return _Part(_ESCAPED[name], "mark")
        if name in _SIZES:
            return self._delimiter()
        if name in _FRACTIONS:
            above, below = self._argument(), self._argument()
            return _Part(f"{_operand(above)}/{_operand(below, is_divisor=True)}", "fraction", single=False)
        if name == "sqrt":
            return self._root()
        if name in _ACCENTS:
            return _accented(self._argument(), _ACCENTS[name])
        if name in _ALPHABETS:
            return _grouped(_in_letters(name, self._argument()))
        if name in _UPRIGHT:
            if name == "operatorname" and self._peek() == "*":
                self._at += 1
            return _word_of(self._argument())
        if name in _TEXT:
            text = " ".join(self._raw_argument().split(" "))
            if not text.strip():
                return _Part(" ", "space")
            return _Part(text, "word" if text.strip().isalnum() else "mark")
        if name == "not":
            return self._negated()
        if name in _WORDS:
            self._skip_blanks()
            return _Part(_WORDS[name], "word")
        symbol = _symbols().get(name)
        if symbol is None:
            raise _NoPlainForm
        if name in ("lVert", "lvert", "rVert", "rvert"):
            self._skip_blanks()
            return _Part(symbol, "open" if name[0] == "l" else "close")
        part = _Part("|", "operator") if name == "mid" else _character(symbol)
        if name.isalpha() and part.kind == "operand" and (symbol not in _PREFIXES or symbol in "∂∇"):
            self._skip_blanks()  # the blank only ends the command
        return part

    def _delimiter(self) -> _Part:
        self._skip_blanks()
        lexeme = self._next()
        if lexeme == ".":
            raise _NoPlainForm
        symbol = lexeme if lexeme[0] != "\\" else _symbols().get(lexeme[1:])
        if symbol is None or symbol.isspace() or symbol.isalnum() or (symbol in "{}" and lexeme[0] != "\\"):
            raise _NoPlainForm
        return _character(symbol)

    def _root(self) -> _Part:
        self._skip_blanks()
        degree = ""
        if self._peek() == "[":
            self._at += 1
            while (lexeme := self._next()) != "]":
                if lexeme not in _RAISED or not (lexeme.isdigit() or lexeme in "nkd"):
                    raise _NoPlainForm
                degree += _RAISED[lexeme]
        inner = self._argument()
        text = _joined(inner)
        if not text:
            raise _NoPlainForm
        is_bare = len(_trimmed(inner)) == 1 and _trimmed(inner)[0].single and _is_plain_operand(text)
        return _Part(f"{degree}√{text}" if is_bare else f"{degree}√({text})", "root")

    def _negated(self) -> _Part:
        self._skip_blanks()
        part = self._part()
        if part is None:
            raise _NoPlainForm
        negated = unicodedata.normalize("NFC", part.text + "\u0338")
        if len(negated) != 1:
            raise _NoPlainForm
        return _Part(negated, "operator")

    def _scripts(self, found: list[_Part]) -> None:
        """Read the indices and exponents after a part, and add them to it."""
        lower = upper = ""
        primes = 0
        while (lexeme := self._peek()) in ("^", "_", "'"):
            self._at += 1
            if lexeme == "'":
                primes += 1
                continue
            content = self._argument()
            text = _joined(content)
            if not text or (lexeme == "^" and upper) or (lexeme == "_" and lower):
                raise _NoPlainForm
            if lexeme == "^":
                upper = _raised(text)
            else:
                lower = _index(text)
        following = self._peek() or ""
        if (
            lower.startswith("_")
            and lower[-1] != ")"
            and (following[:1].isalnum() or (following[:1] in "({\\" and following) or (upper and len(lower) > 2))
        ):
            lower = f"_({lower[1:]})"
        if upper.startswith("^") and upper[-1].isalnum() and following[:1].isalnum():
            upper = f"^({upper[1:]})"
        scripts = {2: "″", 3: "‴"}.get(primes, "′" * primes) + lower + upper
        if not found:
            # Of the word before the formula: "F$_1$", "m$^2$".
            found.append(_Part(scripts, "mark"))
            return
        if found[-1].kind == "space" and len(found) > 1:
            found.pop()
        base = found.pop()
        if base.kind in ("mark", "open", "space") or base.text in _RELATIONS_OF_ASCII or base.text in "+-":
            raise _NoPlainForm
        text = base.text
        if base.kind in ("close", "bar", "word", "operator") or (base.single and base.kind != "root"):
            kind = base.kind
        else:
            text, kind = f"({text})", "operand"
        found.append(_Part(text + scripts, kind))


def _trimmed(parts: list[_Part]) -> list[_Part]:
    low, high = 0, len(parts)
    while low < high and parts[low].kind == "space":
        low += 1
    while high > low and parts[high - 1].kind == "space":
        high -= 1
    return parts[low:high]


def _character(symbol: str) -> _Part:
    """The part that one character is."""
    if symbol in "([⟨⌊⌈{":
        return _Part(symbol, "open")
    if symbol in ")]⟩⌋⌉}":
        return _Part(symbol, "close")
    if symbol in "|‖∣":
        return _Part("|" if symbol == "∣" else symbol, "bar")
    if symbol in _RELATIONS_OF_ASCII or (
        unicodedata.category(symbol) == "Sm" and symbol not in _OPERANDS and symbol not in _PREFIXES
    ):
        return _Part(symbol, "operator")
    if "\u2190" <= symbol <= "\u21ff" or "\u27f0" <= symbol <= "\u27ff":
        return _Part(symbol, "operator")
    if symbol in "-–−·∘•":
        return _Part(symbol, "operator")
    if symbol in _PREFIXES or symbol.isalnum() or symbol in _OPERANDS or unicodedata.category(symbol)[0] in "LNM":
        return _Part(symbol, "operand")
    if symbol in "/,.;:!?'\"`@°§¶†‡%…⋯" or unicodedata.category(symbol) in ("So", "Po", "Pd", "Sc", "Sk", "Pi", "Pf"):
        return _Part(symbol, "mark")
    raise _NoPlainForm


def _is_plain_operand(text: str) -> bool:
    return len(text) == 1 or text.isdecimal() or re.fullmatch(r"\w[₀-₉ᵢⱼₖₙₜ]*", text) is not None


def _grouped(parts: list[_Part]) -> _Part | None:
    """A group in braces as one part; braces show nothing, but what they hold takes an exponent as a whole."""
    inner = _trimmed(parts)
    if not inner:
        return None
    if len(inner) == 1:
        return inner[0]
    text = _joined(inner)
    if all(part.kind in ("mark", "operator", "space") for part in inner):
        return _Part(text, "mark")
    is_number = all(part.text.isdecimal() or part.text in ",." for part in inner)
    is_word = text.isalpha() and text.isascii()
    return _Part(text, "operand", single=is_number or is_word)


def _word_of(parts: list[_Part]) -> _Part | None:
    inner = _trimmed(parts)
    if not inner:
        return None
    text = _joined(inner)
    if len(text) > 1 and text.replace("-", "").replace(" ", "").isalnum():
        return _Part(text, "word")
    return _grouped(parts)


def _operand(parts: list[_Part], *, is_divisor: bool = False) -> str:
    """The text as one operand of a fraction, in brackets unless it is a single one."""
    inner = _trimmed(parts)
    text = _joined(inner)
    if not text:
        raise _NoPlainForm
    if len(inner) == 1 and inner[0].single and inner[0].kind in ("operand", "word"):
        return text
    if len(inner) == 1 and inner[0].kind == "root" and is_divisor:
        return text
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return text
    return f"({text})"


def _accented(parts: list[_Part], accent: str) -> _Part:
    inner = _trimmed(parts)
    if len(inner) != 1 or inner[0].kind != "operand":
        raise _NoPlainForm
    letter, scripts = inner[0].text[0], inner[0].text[1:]
    if not letter.isalpha() or any(character not in "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₙₜ" for character in scripts):
        raise _NoPlainForm
    return _Part(unicodedata.normalize("NFC", letter + accent) + scripts, "operand")


def _in_letters(name: str, parts: list[_Part]) -> list[_Part]:
    """The parts with their letters in another alphabet; bold and upright words stay as they are."""
    style = _ALPHABETS.get(name)
    if style is None:
        word = _word_of(parts)
        return [word] if word is not None else []
    text = "".join(part.text for part in parts)
    if style == "BOLD" and len(text) > 1 and any(part.text.isascii() and part.text.isalpha() for part in parts[1:]):
        return parts
    return [
        _Part(_letter(part.text, style) + part.text[1:], part.kind, part.single) if part.kind == "operand" else part
        for part in parts
    ]


def _letter(text: str, style: str) -> str:
    letter = text[0]
    if letter in _LETTERLIKE[style]:
        return _LETTERLIKE[style][letter]
    case = "CAPITAL" if letter.isupper() else "SMALL"
    kind = "DIGIT" if letter.isdigit() else case
    if not letter.isascii() or not letter.isalnum():
        return letter
    name = unicodedata.name(letter).rsplit(" ", 1)[-1]
    try:
        return unicodedata.lookup(f"MATHEMATICAL {style} {kind} {name}")
    except KeyError:
        return letter


def _raised(text: str) -> str:
    if text in ("∘", "°"):
        return "°"
    if text in ("*", "∗", "⋆", "†", "‡", "+", "′", "″", "±", "-"):
        return {"+": "⁺", "-": "⁻"}.get(text, text if text in "′″†‡" else f"^{text}")
    compact = text.replace(" ", "")
    if all(character in _RAISED for character in compact) and (
        len(compact) == 1 or not compact.isalpha() or compact == "th"
    ):
        return "".join(_RAISED[character] for character in compact)
    return f"^{text}" if len(text) == 1 else f"^({text})"


def _index(text: str) -> str:
    compact = text.replace(" ", "")
    if all(character in _LOWERED for character in compact):
        return "".join(_LOWERED[character] for character in compact)
    return f"_{text}" if len(text) == 1 or _is_one_word(text) else f"_({text})"


def _is_one_word(text: str) -> bool:
    return text.isascii() and (text.isalpha() or text.isdigit())


def _joined(parts: list[_Part]) -> str:
    """The parts as one text, with brackets and blanks where two neighbours would otherwise read as one.

    Raises
    ------
    _NoPlainForm
        If a neighbour makes a fraction or root ambiguous.
    """
    inner = _trimmed(parts)
    text = ""
    before: _Part | None = None
    was_blank = False
    for i, part in enumerate(inner):
        if part.kind == "space":
            was_blank = True
            continue
        after = next((p for p in inner[i + 1 :] if p.kind != "space"), None)
        piece = _beside(part, before, after)
        is_spaced = was_blank
        if (before is not None and before.kind == "open") or part.kind == "close":
            is_spaced = False
        elif before is not None:
            if part.kind == "operator" and before.kind not in ("open", "operator"):
                has_blank_after = i + 1 < len(inner) and inner[i + 1].kind == "space"
                is_spaced = was_blank or (has_blank_after and len(part.text) == 1 and part.text not in "+-")
            elif before.kind == "operator":
                is_spaced = text.endswith(" ") is False and (
                    was_blank or (text[-2:-1] == " " and text[-1:] not in "-+±∓∼≈")
                )
            elif "word" in (part.kind, before.kind) and not is_spaced:
                is_spaced = _are_run_together(text[-1:], piece[:1], part, before)
            if is_spaced and not text.endswith(" ") and not piece.startswith(" "):
                text += " "
        text += piece
        before, was_blank = part, False
    return text


def _are_run_together(last: str, first: str, part: _Part, before: _Part) -> bool:
    """Whether a function's name or a word would run into its neighbour."""
    if before.kind == "word" and before.text[-1:].isspace():
        return False
    if before.kind == "word" and part.kind in ("operand", "word", "fraction", "root"):
        return first.isalnum() or first in "√∑∏∫∇∂" or unicodedata.category(first)[0] == "L"
    if part.kind == "word":
        return last.isalnum() or last in ")]⟩|‖" or unicodedata.category(last)[0] in "LMN"
    return False


def _beside(part: _Part, before: _Part | None, after: _Part | None) -> str:
    """The text of a fraction or root beside its neighbours, bracketed where these would read as part of it."""
    binds_after = after is not None and (
        after.kind in ("operand", "word", "fraction", "root", "open") or after.text == "/"
    )
    if part.kind == "fraction":
        if before is not None and (
            (before.kind in ("operand", "fraction", "root") and before.text[0] not in _PREFIXES)
            or before.kind in ("close", "bar")
        ):
            raise _NoPlainForm
        slashes = (before is not None and before.text in ("/", "∘", "^")) or (after is not None and after.text == "/")
        is_argument = before is not None and before.kind == "word"
        if binds_after or slashes or is_argument or (after is not None and after.text in ("!", "'")):
            return f"({part.text})"
    if part.kind == "root":
        digits = part.text[0] != "√"
        if digits and before is not None and before.kind not in ("operator", "open", "space"):
            raise _NoPlainForm
        root, _, inner = part.text.partition("√")
        if binds_after and not inner.startswith("("):
            return f"{root}√({inner})"
    return part.text
