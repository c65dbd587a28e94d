from __future__ import annotations

import pytest

from domain.code_link import code_link


@pytest.mark.parametrize(
    ("abstract", "comment", "expected"),
    [
        ("Code: https://github.com/owner/some-repo.", None, "https://github.com/owner/some-repo"),
        (r"at \url{https://github.com/owner/a\_b}.", None, "https://github.com/owner/a_b"),
        (r"\href{https://github.com/a/b}{GitHub}", None, "https://github.com/a/b"),
        ("on github (https://github.com/a/b.git), and", None, "https://github.com/a/b"),
        ("at https: //github.com/a/b-c. ", None, "https://github.com/a/b-c"),
        ("at www.github.com/a/b", None, "https://github.com/a/b"),
        ("at gitlab.inria.fr/x/y", None, "https://gitlab.inria.fr/x/y"),
        (
            "at https://anonymous.4open.science/r/X-1234/README.md",
            None,
            "https://anonymous.4open.science/r/X-1234/README.md",
        ),
        ("", "9 pages; code at https://codeberg.org/a/b", "https://codeberg.org/a/b"),
        ("Data: https://huggingface.co/datasets/a/b Code: https://github.com/a/b", None, "https://github.com/a/b"),
        ("Archived at https://zenodo.org/records/123", None, "https://zenodo.org/records/123"),
        ("Project page: https://owner.github.io/project/", None, None),
        ("Code and models will be released on our project page: https://a.github.io/b", None, "https://a.github.io/b"),
        ("Code & Data: https://a.github.io/ and https://github.com/a/b", None, "https://github.com/a/b"),
        ("", "Demo and code are available at https://a.org/b", "https://a.org/b"),
        ("A benchmark of code generation, with videos at https://a.org/b", None, None),
        ("Our code is new. Videos: https://a.org/b", None, None),
        ("The code is in the supplement at https://openreview.net/forum?id=1", None, None),
        ("Our data are at https://hf.co/datasets/a/b", None, None),
        ("We mine GitHub and gitlab.com.", "Code will be on GitHub", None),
        ("See https://evil.example/github.com/a/b", None, None),
        ("See https://notgithub.com/a/b", None, None),
    ],
)
def test_the_address_of_a_repository_is_found(abstract: str, comment: str | None, expected: str | None) -> None:
    assert code_link(abstract, comment) == expected
