"""Which technique a headline names as leading, and which line as moved most."""

from __future__ import annotations

import math
from dataclasses import replace

from analysis.digest.headline import ToldBefore, further_facts, headline_facts, largest_move, names_to_tell
from domain.claim import SavingSummary
from domain.digest import MIN_TOLD, Change, InPractice, MovingName, NamedRule, Share, TermLine, TopicLine
from domain.digest_facts import FurtherFacts, LeadingTechnique, ShareMove, WaveMove
from domain.trend_calls import CallVerdict, FittedChange, MoveOfWave, TrendCall
from domain.week import Week

WEEK = Week.parse("2026-W25")
NO_CHANGE = Change(None, (), math.nan, math.nan, math.nan, math.nan, "unknown")


def _change(before: float, now: float) -> FittedChange:
    return FittedChange(WEEK.plus(-11), WEEK, before, now, now - before, now - before - 0.01, now - before + 0.01, 0.99)


def _call(verdict: CallVerdict, share_before: float, share: float) -> TrendCall:
    return TrendCall(WEEK, "technique", "any", verdict, 0.01, share, share_before, 1000, _change(share_before, share))


def _technique(key: str, k: int, call: TrendCall | None = None, *, measured: bool = True) -> TermLine:
    share = Share(k, 100, k / 100, math.nan, math.nan)
    return TermLine(f"technique-{key}", "technique", key, key, "", measured, share, share, NO_CHANGE, (), (), call=call)


def _topic(label: str, call: TrendCall, k: int = 6) -> TopicLine:
    share = Share(k, 100, k / 100, math.nan, math.nan)
    assert call.is_movement
    return TopicLine(f"topic-{label}", 1, label, (), call.verdict, WEEK, share, (), (), call)  # type: ignore[arg-type]


PROMPTS, WORLD_MODELS = frozenset({("prompt",)}), frozenset({("world", "model")})
RISE, FALL = _call("rising", 0.1, 0.2), _call("falling", 0.4, 0.1)


def test_only_measured_techniques_lead_and_all_that_are_called_move() -> None:
    lines = [
        _technique("small", 10, RISE),
        _technique("large", 30),
        _technique("unmeasured", 90, FALL, measured=False),
    ]
    facts = headline_facts(lines, [], [], n_weeks_held=26)
    assert facts.leader == LeadingTechnique("large", 0.3)
    assert facts.begun == (
        ShareMove("unmeasured", False, FALL.change, 0.9, is_measured=False),
        ShareMove("small", True, RISE.change, 0.1),
    )
    assert facts.has_calls
    assert facts.n_weeks_held == 26


def test_the_larger_move_wins_either_way_and_a_steady_call_is_none() -> None:
    lines = [_technique("up", 6, RISE), _technique("down", 1, FALL), _technique("flat", 1, _call("steady", 0.0, 0.9))]
    assert largest_move(lines) is lines[1]
    assert largest_move(lines[2:]) is None
    assert largest_move([]) is None


def test_topics_that_gain_and_that_lose_are_told_and_a_short_history_is_stated() -> None:
    topics = [_topic("video", RISE), _topic("speech", _call("rising", 0.1, 0.5)), _topic("graphs", FALL)]
    facts = headline_facts([], [], topics, n_weeks_held=13)
    assert facts.begun == (
        ShareMove("speech", True, _change(0.1, 0.5), 0.06, is_topic=True),
        ShareMove("graphs", False, FALL.change, 0.06, is_topic=True),
        ShareMove("video", True, RISE.change, 0.06, is_topic=True),
    )
    assert (facts.leader, facts.has_calls, facts.n_weeks_held, facts.is_first) == (None, False, 13, True)


def test_a_topic_that_cools_is_told_as_news_once_and_then_as_still_falling() -> None:
    cooling = _topic("prompts", _call("cooling", 0.3, 0.1))
    first = headline_facts([], [], [cooling], n_weeks_held=12, told=ToldBefore(frozenset(), None))
    assert ([move.name for move in first.begun], first.lead) == (["prompts"], "topic-prompts")
    told = ToldBefore(frozenset({("topic-prompts", -1)}), "topic-prompts", PROMPTS)
    after = headline_facts([], [], [cooling], n_weeks_held=12, told=told)
    assert ([move.name for move in after.continuing], after.begun, after.lead) == (["prompts"], (), "leader")
    turned = headline_facts([], [], [_topic("prompts", RISE)], n_weeks_held=12, told=told)
    assert ([move.name for move in turned.begun], turned.lead) == (["prompts"], "topic-prompts")


def test_a_topic_and_a_technique_of_one_subject_are_told_once_by_the_stronger_evidence() -> None:
    technique, topic = _technique("World models", 9, RISE), _topic("world model", replace(RISE, q_value=0.001))
    assert [m.name for m in headline_facts([technique], [], [topic], n_weeks_held=9).begun] == ["world model"]
    weaker = _topic("world model", replace(RISE, q_value=0.04))
    assert [m.name for m in headline_facts([technique], [], [weaker], n_weeks_held=9).begun] == ["World models"]
    assert largest_move([technique, topic]) is topic
    name = MovingName(1, "World Model", "model", replace(RISE, q_value=0.0001))
    facts = headline_facts([technique], [], [topic], n_weeks_held=9, moving_names=[name])
    assert facts.begun == ()
    assert facts.has_untold, "that no technique rose would be false"


def test_moves_of_one_subject_in_two_directions_are_both_told() -> None:
    technique, topic = _technique("World models", 9, replace(FALL, q_value=0.001)), _topic("world model", RISE)
    facts = headline_facts([technique], [], [topic], n_weeks_held=9, new_terms=["world-model"])
    assert [(m.name, m.is_rise) for m in facts.begun] == [("World models", False), ("world model", True)]
    assert facts.new_terms == ()
    fallen = headline_facts([technique], [], [], n_weeks_held=9, new_terms=["world-model"])
    assert fallen.new_terms == ("world-model",)


def test_topics_that_brackets_tell_apart_are_both_told() -> None:
    topics = [_topic("LLM agents (tool use)", RISE), _topic("LLM agents (memory)", replace(RISE, q_value=0.001))]
    facts = headline_facts([], [], topics, n_weeks_held=9)
    assert [m.name for m in facts.begun] == ["LLM agents (tool use)", "LLM agents (memory)"]


def test_a_name_is_told_if_it_newly_moves_and_no_line_of_its_subject_tells_the_same() -> None:
    topic = _topic("world model", replace(RISE, q_value=0.001))
    weaker, stronger, fall = (
        MovingName(1, "World Model", "model", call)
        for call in (replace(RISE, q_value=0.04), replace(RISE, q_value=0.0001), replace(FALL, q_value=0.04))
    )
    other = MovingName(2, "LIBERO", "benchmark", RISE)
    assert names_to_tell([topic], [weaker, other], None) == [other]
    assert names_to_tell([topic], [stronger, other], None) == [stronger, other]
    assert names_to_tell([topic], [fall], None) == [fall]
    told = ToldBefore(frozenset({(WORLD_MODELS, 1)}), None)
    assert names_to_tell([topic], [stronger, other], told) == [other]
    facts = further_facts(headline_facts([], [], [], n_weeks_held=9), None, None, moving_names=[other, fall])
    assert (facts.rising, facts.falling) == (("LIBERO",), ("World Model",))


def test_a_subject_that_was_told_under_another_name_is_no_news_and_does_not_lead_again() -> None:
    told = ToldBefore(frozenset({(WORLD_MODELS, 1)}), "technique-world_model", WORLD_MODELS)
    facts = headline_facts([], [], [_topic("world model", RISE)], n_weeks_held=9, told=told)
    assert ([m.name for m in facts.continuing], facts.lead) == (["world model"], "leader")


def test_words_and_names_of_a_subject_that_moves_are_not_told_again() -> None:
    facts = headline_facts(
        [_technique("World models", 9, RISE)],
        [],
        [],
        n_weeks_held=9,
        new_terms=["world model", "agent skill"],
        taken_up=["Agent Skills", "LIBERO"],
    )
    assert (facts.new_terms, facts.taken_up) == ((), ("Agent Skills", "LIBERO"))


def test_a_technique_without_a_known_share_does_not_lead() -> None:
    unknown = replace(_technique("x", 5), adopts=Share(5, 20, math.nan, math.nan, math.nan))
    assert headline_facts([unknown], [], [], n_weeks_held=26).leader is None


def test_a_wave_of_a_venue_does_not_lead_and_is_named() -> None:
    wave = MoveOfWave("Interspeech", 24, 56)
    topics = [replace(_topic("speech", _call("rising", 0.1, 0.5)), wave=wave), _topic("video", RISE)]
    facts = headline_facts([], [], topics, n_weeks_held=12)
    assert [move.name for move in facts.begun] == ["video"]
    assert facts.wave_move == WaveMove("speech", True, "Interspeech")
    assert largest_move(topics[:1]) is None
    call = topics[0].call
    assert call is not None
    assert (topics[0].status, call.verdict, call.called, call.is_movement) == ("wave", "wave", "rising", False)


def test_a_move_that_a_digest_told_goes_on_and_another_direction_is_news() -> None:
    lines = [_technique("up", 6, RISE), _technique("down", 1, FALL)]
    told = ToldBefore(frozenset({("technique-up", 1), ("technique-down", 1)}), "technique-up")
    facts = headline_facts(lines, [], [], n_weeks_held=12, told=told)
    assert [move.name for move in facts.begun] == ["down"]
    assert [move.name for move in facts.continuing] == ["up"]
    assert (facts.lead, facts.is_first) == ("technique-down", False)
    everything = headline_facts(lines, [], [], n_weeks_held=12, told=ToldBefore(frozenset(), None))
    assert [move.name for move in everything.begun] == ["down", "up"]
    assert not everything.is_first


def test_no_move_leads_twice_in_a_row() -> None:
    lines = [_technique("far", 1, FALL), _technique("near", 6, RISE)]
    moves = frozenset({("technique-far", -1), ("technique-near", 1)})
    leads = ["technique-far"]
    for _ in range(3):
        told = ToldBefore(moves, leads[-1])
        leads.append(headline_facts(lines, [], [], n_weeks_held=12, told=told).lead)
    assert leads == ["technique-far", "technique-near", "technique-far", "technique-near"]
    alone = headline_facts(lines[:1], [], [], n_weeks_held=12, told=ToldBefore(moves, "technique-far"))
    assert alone.lead == "leader"
    new = headline_facts(
        lines[:1], [], [], n_weeks_held=12, told=ToldBefore(moves, "technique-far"), introduced=["A"], n_introduced=9
    )
    assert (new.lead, new.n_introduced) == ("introduced", 9)
    words = headline_facts(lines, [], [], n_weeks_held=12, told=ToldBefore(moves, None), new_terms=["agent harness"])
    assert words.lead == "terms"


def test_what_rises_on_a_handful_of_papers_does_not_lead_and_is_not_denied() -> None:
    few = [_technique("few", MIN_TOLD - 1, RISE), _technique("large", 30)]
    topic = _topic("video", RISE, k=2)
    facts = headline_facts(few, [], [topic], n_weeks_held=26)
    assert (facts.begun, facts.lead, facts.has_untold) == ((), "leader", True)
    assert largest_move(few) is None
    assert largest_move([topic]) is None
    enough = headline_facts([_technique("few", MIN_TOLD, RISE)], [], [], n_weeks_held=26)
    assert [move.name for move in enough.begun] == ["few"]
    assert not enough.has_untold


def test_what_falls_to_nothing_leads_and_a_technique_of_few_papers_does_not() -> None:
    gone = _technique("gone", 0, FALL)
    assert largest_move([gone]) is gone
    assert headline_facts([gone], [], [], n_weeks_held=26).leader is None


def test_what_few_papers_name_is_not_told_as_named_most() -> None:
    def named(k: int) -> NamedRule:
        return NamedRule("standard", "gdpr", "GDPR", "standard:gdpr", k)

    def facts(k: int) -> FurtherFacts:
        saving = SavingSummary("speed", k, 0, 0, None, None, None)
        practice = InPractice(90, k, 9, k, (saving,), (named(k),), (), ())
        return further_facts(headline_facts([], [], [], n_weeks_held=26), None, practice)

    assert (facts(MIN_TOLD - 1).standard, facts(MIN_TOLD - 1).saving) == (None, None)
    assert facts(MIN_TOLD).standard == named(MIN_TOLD)
    assert facts(MIN_TOLD).saving is not None
