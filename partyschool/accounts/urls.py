from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from .forms import OwnPasswordForm
from .policies import policy

app_name = "accounts"

urlpatterns = [
    path(
        "login/",
        policy(public=True)(
            auth.LoginView.as_view(template_name="accounts/login.html", redirect_authenticated_user=True)
        ),
        name="login",
    ),
    path(
        "logout/", policy()(auth.LogoutView.as_view(template_name="accounts/logged_out.html")), name="logout"
    ),
    path(
        "password/",
        policy()(
            auth.PasswordChangeView.as_view(
                template_name="accounts/password_change.html",
                form_class=OwnPasswordForm,
                success_url=reverse_lazy("accounts:password_changed"),
            )
        ),
        name="password_change",
    ),
    path(
        "password/done/",
        policy()(auth.PasswordChangeDoneView.as_view(template_name="accounts/password_change_done.html")),
        name="password_changed",
    ),
]
