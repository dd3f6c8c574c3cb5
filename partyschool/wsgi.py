"""The WSGI application, for granian or any other server."""

import os

from django.core.wsgi import get_wsgi_application

from partyschool import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partyschool.settings")
embedded.ensure_running()
application = get_wsgi_application()
