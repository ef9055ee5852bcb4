"""Right solutions that are written in another way than ours earn everything."""

import importlib
import pkgutil

import pytest
import routes

from lossbook.exercises import exercise_names
from lossbook.grader import evaluate

MODULES = [importlib.import_module(f"routes.{found.name}") for found in pkgutil.iter_modules(routes.__path__)]
ROUTES = {name: ways for module in MODULES for name, ways in module.ROUTES.items()}


@pytest.mark.parametrize("name", exercise_names())
def test_each_exercise_has_at_least_four_right_routes(name):
    assert len(ROUTES[name]) >= 4


@pytest.mark.parametrize(("name", "route"), [(name, route) for name, ways in ROUTES.items() for route in ways])
@pytest.mark.parametrize("seed", range(3))
def test_a_right_route_earns_everything(name, route, seed):
    report = evaluate(name, route, seed)
    assert report.passed, str(report)
