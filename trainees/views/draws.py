from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common.downloads import download_bytes
from trainees.selectors.draws import announced_draw, own_result, published_text


@policy(public=True)
@require_safe
def draw(request: HttpRequest, draw_id: int) -> HttpResponse:
    """What anybody may know of a draw: its fingerprints from the opening on, seed, files and figures with the result."""
    announced = announced_draw(draw_id)
    if announced is None:
        raise Http404
    return render(request, "trainees/draw.html", {"draw": announced})


@policy(public=True)
@require_safe
def draw_file(request: HttpRequest, draw_id: int, part: str) -> HttpResponseBase:
    """The sealed rankings or the published outcome, byte for byte what was hashed. People stand under their tickets."""
    text = published_text(draw_id, part)
    if text is None:
        raise Http404
    content = text.encode()
    return download_bytes(content, name=f"draw-{draw_id}-{part}.json", content_type="application/json")


@policy(Role.TRAINEE)
@require_safe
def result(request: HttpRequest, draw_id: int) -> HttpResponse:
    """What the draw gave the reader, and why: wish by wish."""
    found = own_result(request.user, draw_id)
    if found is None:
        raise Http404
    return render(request, "trainees/draw_result.html", {"result": found})
