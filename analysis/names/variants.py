"""Spellings and versions of one name: what joins them, and what keeps them apart."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from analysis.names.plain_tex import without_tex

_SEPARATORS = re.compile(r"[\s\-‐‑–—_·‘’'`\"“”]+")
_PARTS = re.compile(r"[^\s\-‐‑–—_/:()]+")
_SIZE = re.compile(r"(?:\d+x)?\d+(?:\.\d+)?[bmkt]|a\d+(?:\.\d+)?b|\d+e", re.I)
_DATE = re.compile(r"(?:19|20)\d\d(?:\d{4})?|\d{4}|0[1-9]|1[0-2]|[0-3]\d")
_QUANTIZATION = re.compile(r"(?:int|fp|bf|nf|w|q)\d+(?:a\d+)?|awq|gptq|gguf", re.I)
_OMNI = re.compile(r"(?<=\d)o$")
_VARIANT_WORDS = frozenset(
    "base chat distill distilled exp experimental fast flash haiku hard high huge hybrid instruct instruction it large "
    "lite long low max medium mini nano opus plus preview pro reasoning small sonnet sft terminus thinking tiny turbo "
    "ultra verified xl xs xxl l s m h pt hf latest online full dev test xhigh".split()
)
_VERSION = re.compile(r"v?\d+(?:\.\d+)*", re.I)
_LONG_YEAR = re.compile(r"(?<=[^\W\d_]{2})20(?=[0-2]\d$)")
_YEAR = re.compile(r"(?<=[^\W\d_]{2})[0-2]\d$")
_FULL_YEAR = re.compile(r"(?<=[^\W\d_]{2})(?<!v)[\s\-‐‑–—_]*(?:20|['’‘])[0-2]\d$", re.I)
_ENDS_IN_S = re.compile(r"[^\Wsuia]s$")
_YEARLY = frozenset(
    "aime aimo algonauts amc amos aptos asvspoof bea blp bioasq brats brumo camelyon casf cec cicddos cicids ciciot "
    "clef clic coco conll cpsc csecicids davis dcase dfc endovis fer flare hipe hmmt houston hrsc icdar imo inat "
    "inaturalist ipho isic isles iwslt kits kitti luna midog miplib mot mscoco ntire pan pascalvoc posetrack semeval "
    "synthrad thumos tid trec trecdl usamo visda visdrone voc wmt youtubevis".split()
)
"""Names that come in years. After others two digits are often no year: CIFAR10, ResNet18, YOLO26."""


_GREEK = str.maketrans(
    dict(
        zip(
            "αβγδεζηθικλμνξοπρστυφχψω",
            "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon "
            "phi chi psi omega".split(),
            strict=True,
        )
    )
)


def spelled_out(key: str) -> str:
    """A key in lower case without separators, with Greek letters by their names, and raised and lowered signs in line.

    A year at its end has two digits: AIME 2024 is AIME24, and WMT 2014 is WMT'14.

    Examples
    --------
    >>> spelled_out("τ-bench"), spelled_out("π₀.5"), spelled_out("s²bench"), spelled_out("foo－bar")
    ('taubench', 'pi0.5', 's2bench', 'foobar')
    >>> spelled_out("AIME 2024"), spelled_out("AIME'24")
    ('aime24', 'aime24')
    """
    if key.isascii():
        return _LONG_YEAR.sub("", _SEPARATORS.sub("", key).casefold())
    # Signs without their separator may compose, and lower case may need another form: until nothing changes.
    while (spelled := _SEPARATORS.sub("", unicodedata.normalize("NFKC", key)).casefold().translate(_GREEK)) != key:
        key = spelled
    return _LONG_YEAR.sub("", key)


def _plain(surface: str) -> str:
    """A spelling without TeX, its signs in their common forms, because separators may have others."""
    plain = without_tex(surface)
    return (plain if plain.isascii() else unicodedata.normalize("NFKC", plain)).strip()


@lru_cache(maxsize=1 << 16)
def name_key(surface: str) -> str:
    """What all spellings of a name have in common: no case, TeX, separators, Greek letters, century, or plural s.

    Names with one key are one name. Signs that belong to a name (``+``, ``*``, ``@``, ``.``) stay.

    Examples
    --------
    >>> name_key("SWE-bench"), name_key("SWE Bench"), name_key(r"\\textsc{SWE-Bench}")
    ('swebench', 'swebench', 'swebench')
    >>> name_key(r"$\\tau$-bench"), name_key("τ-Bench"), name_key("tau-bench")
    ('taubench', 'taubench', 'taubench')
    >>> name_key("GANs"), name_key("Gans"), name_key("iNaturalists"), name_key("BLESS"), name_key("DeepSeek-V3")
    ('gan', 'gan', 'inaturalist', 'bless', 'deepseekv3')
    """
    plain = _plain(surface)
    if len(plain) > 3 and _ENDS_IN_S.search(plain):
        plain = plain[:-1]
    return spelled_out(plain)


def key_start(surface: str) -> str:
    """What the key of every name begins with of which this is the first part, so that an s at its end is no plural.

    Examples
    --------
    >>> key_start("GANs"), key_start("soup_be")
    ('gans', 'soupbe')
    """
    return spelled_out(_plain(surface))


@lru_cache(maxsize=1 << 16)
def family_key(surface: str, spellings: tuple[str, ...] = ()) -> str:
    """The key of the family of versions that a name belongs to; its own ``name_key`` where it is no version.

    Sizes, dates, quantization and words such as *mini*, *Instruct* or *Verified* at the end are left out, so that
    GPT-4o and GPT-4o mini fall into the family of GPT-4, and Qwen3-8B into that of Qwen3. A version number stays. Two
    digits are a year where a spelling has four or an apostrophe, or after a name that comes in years.

    Parameters
    ----------
    spellings : other spellings that were found for the name; those with another key tell nothing.

    Examples
    --------
    >>> [family_key(name) for name in ("GPT-4", "GPT-4o", "gpt-4o mini", "GPT-4-turbo", "GPT-5")]
    ['gpt4', 'gpt4', 'gpt4', 'gpt4', 'gpt5']
    >>> [family_key(name) for name in ("Qwen3-8B", "Qwen3-30B-A3B", "Qwen2.5-VL-7B-Instruct", "AIME 2024", "AIME24")]
    ['qwen3', 'qwen3', 'qwen2.5vl', 'aime', 'aime']
    >>> family_key("FooNet18"), family_key("FooNet18", ("FooNet 2018",)), family_key("BM25")
    ('foonet18', 'foonet', 'bm25')
    """
    key = name_key(surface)
    whole = next((other for other in spellings if _FULL_YEAR.search(_plain(other)) and name_key(other) == key), surface)
    parts = _PARTS.findall(_plain(whole))
    kept = len(parts)
    while kept > 1 and _is_variant(parts[kept - 1]):
        kept -= 1
    # "Claude 3.5 Sonnet v2" ends at its version; a bare number that names the family ("GPT-4") stays.
    if kept == 1 and len(parts) > 1 and _VERSION.fullmatch(parts[1]) and not _is_year(parts[1]):
        kept = 2
    if not kept:
        return key
    family = name_key(_FULL_YEAR.sub("", _OMNI.sub("", "-".join(parts[:kept]))))
    return _YEAR.sub("", family) if comes_in_years(family) else family


def comes_in_years(key: str) -> bool:
    """Whether a key is that of one year of a name that comes in years.

    Examples
    --------
    >>> comes_in_years("wmt14"), comes_in_years("stoc16"), comes_in_years("bm25")
    (True, False, False)
    """
    year = _YEAR.search(key)
    return year is not None and key[: year.start()] in _YEARLY


def _is_variant(part: str) -> bool:
    return (
        part.casefold() in _VARIANT_WORDS
        or _SIZE.fullmatch(part) is not None
        or _DATE.fullmatch(part) is not None
        or _QUANTIZATION.fullmatch(part) is not None
    )


def _is_year(part: str) -> bool:
    return len(part) >= 4 and part.isdigit()
