from django.contrib import admin
from django.contrib.auth.models import Group

from . import grants, units, users

__all__ = ["grants", "units", "users"]

# Rights come from role grants alone.
admin.site.unregister(Group)
