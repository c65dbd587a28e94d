"""The Jinja2 environment of all templates: filters, globals and text wrapping."""

from __future__ import annotations

import textwrap
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from domain.detections import IS_ABOUT
from domain.digest import N_RECENT_WEEKS, called_and_largest, short_authors
from domain.emerging import RECENT_WEEKS
from domain.trend_calls import BEFORE_WEEKS, HORIZONS_WEEKS, MIN_WEEKS, NOW_WEEKS, WINDOW_WEEKS
from domain.trend_periods import PERIODS
from templates import (
    card_wording,
    change_wording,
    claim_wording,
    emerging_wording,
    harvest_wording,
    marked_text,
    name_wording,
    new_papers_wording,
    number_text,
    paper_list_paging,
    practice_wording,
    scanning_wording,
    search_wording,
    share_curves,
    term_wording,
    whole_digest_wording,
)
from templates.escaping import shown
from templates.links import topic_anchor
from templates.trend_svg import NARROW, PANEL, WIDE, number_rows, trend_drawing

TEXT_WIDTH = 72

ALL_PAPERS = "all-papers"
"""Slug of the list of all the week's papers; the headline's count links to it if the edition has it."""

NO_TOPIC = "no-topic"
"""Slug of the list of the week's papers without a topic; linked if the edition has it."""

MADE_UP = "This is a demo on a generated corpus. None of these papers exist, and nothing here comes from arXiv."
"""What pages, mails and feeds of the sample corpus say."""


def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """The text in lines of at most 72 columns; a longer word, such as a URL, gets a line of its own."""
    return textwrap.fill(
        text,
        TEXT_WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


@cache
def environment() -> Environment:
    """The environment of every template; HTML is escaped automatically, an undefined name is an error."""
    env = Environment(
        loader=PackageLoader("templates", package_path="."),
        autoescape=select_autoescape(),
        auto_reload=False,  # checking six files for each page took a tenth of its time, more with several threads
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update(
        percent=number_text.percent,
        interval=number_text.interval,
        points=number_text.points,
        points_interval=number_text.points_interval,
        count=number_text.count,
        plural=number_text.plural,
        number_word=number_text.number_word,
        dates=number_text.dates,
        partly_held=number_text.partly_held,
        day_in_words=number_text.day_in_words,
        in_words=number_text.in_words,
        new_name_facts=name_wording.new_name_facts,
        term_name=term_wording.term_name,
        term_text=term_wording.term_text,
        taken_for_text=term_wording.taken_for_text,
        counted_since_text=term_wording.counted_since_text,
        history_reach=harvest_wording.history_reach,
        reading_text=term_wording.reading_text,
        nothing_found_text=search_wording.nothing_found_text,
        meaning_precision_text=term_wording.meaning_precision_text,
        overlap_text=term_wording.overlap_text,
        levels_note=term_wording.levels_note,
        totals_text=search_wording.totals_text,
        words_in_no_paper_text=search_wording.words_in_no_paper_text,
        passage=search_wording.passage,
        curve_titles=term_wording.curve_titles,
        sentence=marked_text.sentence,
        with_code=marked_text.with_code,
        week_range=number_text.week_range,
        new_papers_text=new_papers_wording.new_papers_text,
        new_papers_url=new_papers_wording.new_papers_url,
        call_text=change_wording.call_text,
        verdict_text=change_wording.verdict_text,
        change_text=change_wording.change_text,
        over_weeks=change_wording.over_weeks,
        wave_text=change_wording.wave_text,
        venue_wave_text=change_wording.venue_wave_text,
        arrow=change_wording.arrow,
        verdict_class=change_wording.verdict_class,
        saving_text=claim_wording.saving_text,
        saving_words=claim_wording.saving_words,
        older_reading_text=claim_wording.older_reading_text,
        whole_or_cut=claim_wording.whole_or_cut,
        **card_wording.FILTERS,
        shares_text=claim_wording.shares_text,
        factor=claim_wording.factor,
        factors=claim_wording.factors,
        topic_verdict_text=whole_digest_wording.topic_verdict_text,
        coverage_text=whole_digest_wording.coverage_text,
        weeks_held=share_curves.weeks_held,
        record_text=change_wording.record_text,
        quiet_topics_text=whole_digest_wording.quiet_topics_text,
        ended_moves_text=whole_digest_wording.ended_moves_text,
        topics_heading=whole_digest_wording.topics_heading,
        quiet_terms_text=practice_wording.quiet_terms_text,
        practice_text=practice_wording.practice_text,
        theme_savings_count=practice_wording.theme_savings_count,
        theme_savings_rest=practice_wording.theme_savings_rest,
        theme_code_text=practice_wording.theme_code_text,
        theme_in_brief=practice_wording.theme_in_brief,
        rules_in_brief=practice_wording.rules_in_brief,
        standards_text=practice_wording.standards_text,
        against_average=whole_digest_wording.against_average,
        earlier_text=scanning_wording.earlier_text,
        state_lines=scanning_wording.state_lines,
        brief_text=scanning_wording.brief_text,
        undo_text=scanning_wording.undo_text,
        surer_text=scanning_wording.surer_text,
        filters_text=scanning_wording.filters_text,
        wanted_text=scanning_wording.wanted_text,
        why_shown=scanning_wording.why_shown,
        draws_text=scanning_wording.draws_text,
        mute_text=scanning_wording.mute_text,
        readable=marked_text.readable,
        excerpt=paper_list_paging.excerpt,
        marked=marked_text.marked,
        in_brief=marked_text.in_brief,
        wrapped=wrapped,
        short_authors=short_authors,
        finding=share_curves.finding,
        week_of=share_curves.week_of,
        period_of=share_curves.period_of,
        text_sparkline=share_curves.text_sparkline,
        called_and_largest=called_and_largest,
        share_in_brief=change_wording.share_in_brief,
        growth_text=emerging_wording.growth_text,
        emerging_facts=emerging_wording.counted,
        outcome_text=emerging_wording.outcome_text,
        no_list_text=emerging_wording.no_list_text,
    )
    env.tests["known"] = number_text.is_known
    env.globals.update(
        sparkline_of=lambda series: share_curves.curve(series, share_curves.SPARKLINE),
        chart_of=lambda series: share_curves.curve(series, share_curves.CHART),
        number_rows=number_rows,
        trend_wide=lambda series, counts, scale: trend_drawing(series, WIDE, counts=counts, scale=scale),
        trend_narrow=lambda series, counts, scale: trend_drawing(
            series, NARROW, counts=counts, scale=scale, linked=False
        ),
        trend_panel=lambda one, counts, number: trend_drawing([one], PANEL, counts=counts, first=number),
        ALL_PAPERS=ALL_PAPERS,
        VERDICT_DONE=scanning_wording.VERDICT_DONE,
        NO_TOPIC=NO_TOPIC,
        can_tell=whole_digest_wording.can_tell,
        sections_of=practice_wording.sections_of,
        practice_by_slug=practice_wording.practice_by_slug,
        SECTION_NAMES=practice_wording.SECTION_NAMES,
        no_change_text=whole_digest_wording.no_change_text,
        holds_last_year=whole_digest_wording.holds_last_year,
        WINDOW_WEEKS=WINDOW_WEEKS,
        TOPIC_GROUPS=whole_digest_wording.TOPIC_GROUPS,
        KIND_WORDS=term_wording.KIND_WORDS,
        NEW_NAME_GROUPS=name_wording.NEW_NAME_GROUPS,
        NAME_VIEWS=name_wording.VIEW_NAMES,
        NAME_NOTHING=name_wording.NOTHING_THERE,
        NAME_SORTS=name_wording.SORT_NAMES,
        NAME_KIND_PLURALS=name_wording.KIND_PLURALS,
        NAME_EVENTS=name_wording.EVENT_NAMES,
        IS_ABOUT=IS_ABOUT,
        PERIODS=PERIODS,
        N_RECENT_WEEKS=N_RECENT_WEEKS,
        MADE_UP=MADE_UP,
        NOW_WEEKS=NOW_WEEKS,
        BEFORE_WEEKS=BEFORE_WEEKS,
        MIN_WEEKS=MIN_WEEKS,
        HORIZONS_WEEKS=HORIZONS_WEEKS,
        RECENT_WEEKS=RECENT_WEEKS,
        EMERGING_HEADING=emerging_wording.HEADING,
        EMERGING_CHOSEN=emerging_wording.CHOSEN,
        NO_EMERGING=emerging_wording.NOTHING_NEW,
        topic_anchor=topic_anchor,
        QUANTITY_NAMES=claim_wording.QUANTITY_NAMES,
        USED_DATA=card_wording.USED_DATA,
        USED_MODELS=card_wording.USED_MODELS,
        FORM_NAMES=claim_wording.FORM_NAMES,
        frame=None,  # digest files have no frame; web pages set it
        edition_nav=None,
    )
    return env
