"""Page: what papers claim of their own results."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from domain.errors import UsageError
from queries.claims import claims as claims_of
from service.web.dependencies import WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import PaperParams
from service.web.request_cost import CLAIMS_S
from service.web.responses import HTML, Rendered
from templates.claim_wording import shares_text
from templates.links import WEB_LINKS
from templates.page_layout import render_page

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)

QuantityName = Annotated[str, Query(max_length=16, description="List only claims of this quantity.")]
FormName = Annotated[str, Query(max_length=16, description="List only claims of this form.")]
SavingsOnly = Annotated[bool, Query(description="List only claims of a saving.")]


@router.get("/claims")
async def claims(
    request: Request,
    web: WebContextDep,
    params: PaperParams,
    quantity: QuantityName = "",
    form: FormName = "",
    savings: SavingsOnly = False,
) -> Response:
    """Claims of a term's papers, counted and quoted."""

    def draw() -> Rendered:
        question, answer, problem = params.question, None, ""
        try:
            answer = claims_of(
                web.context,
                question,
                quantity=quantity or None,
                form=form or None,
                savings_only=savings,
                limit=params.limit,
                offset=params.offset,
            )
        except UsageError as error:
            problem = str(error)
        listed = {"quantity": quantity, "form": form, "savings": "true" if savings else ""}
        shown = {**params.query, **listed}
        after = None if answer is None else params.next_offset(answer.total)
        names = {term.key: term.name for term in web.context.detector.taxonomy.terms}
        page = render_page(
            "claims.html",
            frame=web.frame(""),
            q=question,
            name=names.get(question.term or "", question.term),
            terms=web.context.detector.taxonomy.terms,
            answer=answer,
            problem=problem,
            shares_line=""
            if answer is None
            else shares_text(answer.papers, answer.all_papers if question.term else None),
            quantity=quantity if problem == "" else "",
            savings=savings,
            next_address=None if after is None else WEB_LINKS.with_query("/claims", {**shown, "cursor": after}),
            json_address=WEB_LINKS.with_query("/api/v1/claims", shown),
        )
        return Rendered.of(page, HTML, status=422 if problem else 200)

    return await cached_page(web, request, draw, asked=(params, quantity, form, savings), cost_s=CLAIMS_S)
