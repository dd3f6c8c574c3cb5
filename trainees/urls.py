from django.urls import path

from .views import credits as own_credits
from .views import draws, electives, forum, organisation, overrides, packets, rankings, verify, waiting

app_name = "trainees"
urlpatterns = [
    path("electives/", electives.electives, name="electives"),
    path("electives/rounds/<key:draw_id>/rank/", rankings.rank, name="rank"),
    path("electives/overrides/", overrides.overrides, name="overrides"),
    path("electives/overrides.xlsx", overrides.overrides_file, name="overrides_file"),
    path("electives/<key:offering_id>/", electives.topic, name="topic"),
    path("electives/<key:offering_id>/select/", electives.select, name="select"),
    path("electives/<key:offering_id>/withdraw/", electives.withdraw, name="withdraw"),
    path("electives/<key:offering_id>/wait/", waiting.join, name="wait"),
    path("electives/<key:offering_id>/leave/", waiting.leave, name="leave"),
    path("electives/<key:offering_id>/accept/", waiting.accept, name="accept"),
    path("electives/<key:offering_id>/decline/", waiting.decline, name="decline"),
    path("electives/<key:offering_id>/swap/", waiting.swap, name="swap"),
    path("electives/rounds/<key:draw_id>/result/", draws.result, name="draw_result"),
    path("draws/<key:draw_id>/", draws.draw, name="draw"),
    path("draws/<key:draw_id>/sealed.json", draws.draw_file, {"part": "sealed"}, name="draw_sealed"),
    path("draws/<key:draw_id>/outcome.json", draws.draw_file, {"part": "outcome"}, name="draw_outcome"),
    path("forum/", forum.programme, name="forum"),
    path("forum/session/<key:session_id>/", forum.session, name="forum_session"),
    path("forum/<slug:series>/", forum.programme, name="forum_series"),
    path("credits/", own_credits.credits_page, name="credits"),
    path("credits/offerings/<key:offering_id>/", own_credits.offering_attendance, name="credits_offering"),
    path("organisation/", organisation.organisation, name="organisation"),
    path("organisation/cadres/", organisation.cadres, name="organisation_cadres"),
    path("organisation/cadres/<key:cadre_id>/", organisation.cadre, name="organisation_cadre"),
    path("organisation/reports/<year:year>/build/", packets.build, name="build_reports"),
    path(
        "organisation/packets/<key:packet_id>/notice/",
        packets.packet_file,
        {"part": "notice"},
        name="packet_notice",
    ),
    path(
        "organisation/packets/<key:packet_id>/annex/",
        packets.packet_file,
        {"part": "annex"},
        name="packet_annex",
    ),
    path("verify/", verify.verify_form, name="verify_form"),
    path("verify/<str:code>/", verify.verify, name="verify"),
]
