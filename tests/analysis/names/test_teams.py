"""Teams: who is the same team as whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analysis.names.teams import COMMON_FROM, Teams, author_key, common_keys, person
from domain.author_name import AuthorName

MANY_Y_WANGS = [f"wang|y{ending}" for ending in "abcdefgh"]


def test_accents_and_case_do_not_make_another_person() -> None:
    assert person(AuthorName("ERDŐS", "Pál")) == person(AuthorName("Erdos", "Pal")) == "erdos|pal"


def test_a_name_is_common_if_it_stands_for_many_first_names() -> None:
    assert common_keys([*MANY_Y_WANGS, "erdos|pal", "erdos|p"]) == {"wang y"}
    assert common_keys(MANY_Y_WANGS[: COMMON_FROM - 1]) == frozenset()


def test_papers_that_share_an_author_are_of_one_team() -> None:
    teams = Teams(())
    one, other, apart = teams.add(["erdos|pal", "sample|ben"]), teams.add(["erdos|p"]), teams.add(["example|ada"])
    assert one is not None
    assert other is not None
    assert apart is not None
    assert teams.same(one, other)
    assert not teams.same(one, apart)


def test_a_common_name_alone_does_not_join_but_two_of_them_do() -> None:
    common = {"wang y", "li x"}
    teams = Teams(common)
    a, b = teams.add(["wang|yan", "li|xin"]), teams.add(["wang|yi", "example|ada"])
    c = teams.add(["wang|yan", "li|xin", "sample|ben"])
    assert a is not None
    assert b is not None
    assert c is not None
    assert not teams.same(a, b)
    assert teams.same(a, c)


def test_a_paper_without_authors_is_of_no_team() -> None:
    assert Teams(()).add([]) is None


def test_a_chain_of_shared_authors_is_one_team() -> None:
    teams = Teams(())
    a, c = teams.add(["a|x"]), teams.add(["b|x"])
    assert a is not None
    assert c is not None
    assert not teams.same(a, c)
    teams.add(["a|x", "b|x"])
    assert teams.same(a, c)
    assert len(teams.distinct([a, c])) == 1


@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=12))
def test_the_order_of_papers_does_not_change_the_teams(papers: list[set[str]]) -> None:
    def partition(order: list[int]) -> set[frozenset[int]]:
        teams = Teams(())
        number = {i: teams.add([f"{x}|n" for x in sorted(papers[i])]) for i in order}
        roots: dict[int, set[int]] = {}
        for i, of in number.items():
            assert of is not None
            roots.setdefault(next(iter(teams.distinct([of]))), set()).add(i)
        return {frozenset(group) for group in roots.values()}

    order = list(range(len(papers)))
    assert partition(order) == partition(order[::-1])


def test_a_key_is_family_name_and_first_initial() -> None:
    assert author_key("van der berg|ada m") == "van der berg a"
