"""Whether a name as people type it is that of an author."""

from __future__ import annotations

from collections.abc import Sequence

from domain.author_name import AuthorName, parsed_name
from domain.search_text import search_words


def authors_named(words: Sequence[str], authors: Sequence[str], parts: Sequence[AuthorName]) -> list[AuthorName]:
    """The authors of a paper that a name may be, whose words are as ``search_words`` gives them.

    Parameters
    ----------
    words : of the name.
    authors : all authors as shown.
    parts : the same in parts; empty where arXiv gave them whole.
    """
    found = []
    for at, author in enumerate(authors):
        # Reading a name into its parts takes most of the time, and few names come so far.
        if not _agrees(words, search_words(author)):
            continue
        name = parts[at] if parts else parsed_name(author)
        if is_named(words, name):
            found.append(name)
    return found


def is_named(words: Sequence[str], author: AuthorName) -> bool:
    """Whether the words of a name may be this author's.

    In any order, with forenames left out or as initials on either side; but a word of the family name must be there in
    full, and no word may contradict.

    Examples
    --------
    >>> ada = AuthorName("van der Example", "Ada Maria")
    >>> [is_named(name.split(), ada) for name in ("ada example", "example a m", "a van der example", "maria example")]
    [True, True, True, True]
    >>> [is_named(name.split(), ada) for name in ("bob example", "ada maria", "ada example smith", "b example")]
    [False, False, False, False]
    """
    held = search_words(author.text)
    family = {word for part in author.keyname.split() if not part[:1].islower() for word in search_words(part)}
    # With an initial or particles alone as the family name, any full word of the name identifies.
    identifying = {word for word in family or held if len(word) > 1} or {word for word in held if len(word) > 1}
    return not identifying.isdisjoint(words) and _agrees(words, held)


def _agrees(words: Sequence[str], held: Sequence[str]) -> bool:
    """Whether no word of a name contradicts the words that an author has, each of which is used once."""
    left = list(held)
    n_matched, n_missing, unmatched = 0, 0, []
    for word in words:
        if len(word) > 1 and word in left:
            left.remove(word)
            n_matched += 1
        else:
            unmatched.append(word)
    if not n_matched:
        return False
    for word in sorted(unmatched, key=len, reverse=True):
        # An initial on either side; a full word must have one.
        fitting = (w for w in left if (w.startswith(word) if len(word) == 1 else w == word[0]))
        if (found := next(fitting, None)) is not None:
            left.remove(found)
            n_matched += 1
        elif len(word) > 1:
            return False
        else:
            n_missing += 1
    # A middle initial that arXiv does not give contradicts nothing, beside a forename that agrees.
    return n_matched >= n_missing + bool(n_missing)
