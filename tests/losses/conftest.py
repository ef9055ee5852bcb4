"""One hypothesis profile: the same examples on every run, so that a red test is red for everybody."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "lossbook",
    derandomize=True,
    deadline=None,
    max_examples=600,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("lossbook")
