"""The portal's settings with the benchmark's own addresses beside the portal's."""

from partyschool.settings import *  # noqa: F403, TID251 -- all of them
from partyschool.settings import env  # noqa: TID251 -- the same environment

ROOT_URLCONF = "bench._urls"
DATABASES["default"]["NAME"] = env.str("BENCH_DATABASE")  # noqa: F405 -- comes with the star
