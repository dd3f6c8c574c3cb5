"""Credits that staff recognise on a document, without a claim."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from partyschool.common.admin import PortalModelAdmin
from trainees.forms.claims import RecogniseForm
from trainees.models import Cadre, CreditEntry
from trainees.services.credits import post_recognised_learning


class RecognisingMixin(PortalModelAdmin):
    """The page “Recognise learning” beside the ledger of credits."""

    actions_list = ("recognise",)

    def has_recognise_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("trainees.add_creditentry")

    @action(
        description=gettext_lazy("Recognise learning"),
        icon="add_circle",
        url_path="recognise",
        permissions=["recognise"],
    )
    def recognise(self, request: HttpRequest) -> HttpResponse:
        if not self.has_recognise_permission(request):
            raise PermissionDenied
        form = RecogniseForm(request.POST or None)
        cadres = Cadre.objects.visible_to(request.user)
        self.search_for(form.fields["cadre"], CreditEntry._meta.get_field("cadre"), cadres)
        if request.method == "POST" and form.is_valid():
            said: dict[str, Any] = dict(form.cleaned_data)
            cadre = said.pop("cadre")
            with self.attempt(request):
                entry = post_recognised_learning(cadre_id=cadre.pk, by=request.user, **said)
                text = _("%(credits)s credits are posted for %(name)s.")
                return self.done(
                    request, text % {"credits": entry.amount, "name": cadre.name}, self.list_page()
                )
        return self.page(
            request,
            "admin/trainees/recognise.html",
            title=_("Recognise learning"),
            form=form,
        )
