from django.urls import path

from .views import credits as own_credits
from .views import electives, organisation, packets, verify

app_name = "trainees"
urlpatterns = [
    path("electives/", electives.electives, name="electives"),
    path("electives/<key:offering_id>/", electives.topic, name="topic"),
    path("electives/<key:offering_id>/select/", electives.select, name="select"),
    path("electives/<key:offering_id>/withdraw/", electives.withdraw, name="withdraw"),
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
