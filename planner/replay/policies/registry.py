"""The policies by name, and how each is made from a context.

A policy keeps the supply that it needs: a managed endpoint's machines have prices of their own, a buffer is a function
of its own, and what a scheme never uses is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from planner import pipeline
from planner.errors import InputError, nearest
from planner.replay.decisions import Policy
from planner.replay.functions import functions_of_options
from planner.replay.policies.autoscaling import (
    Autoscaler,
    follow_rate,
    follow_utilisation,
    foresee_rate,
    services_on,
    shared_by,
    strict_classes,
)
from planner.replay.policies.functions_only import Batch, LambdaOnly
from planner.replay.policies.mark import mark, mark_spot
from planner.replay.policies.mark_code import mark_code, mark_code_spot
from planner.replay.policies.model_switching import STATIC, model_switching, static_models
from planner.replay.policies.offers import restricted
from planner.replay.policies.ours import ours, ours_once, ours_perfect
from planner.replay.policies.target_tracking import (
    MINUTE_S,
    STABILISATION_S,
    SYNC_S,
    EndpointTracking,
    scale_pods,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.replay.policies.autoscaling import Rule
    from planner.replay.policies.context import PolicyContext
    from planner.replay.supply import Supply

Maker = Callable[["PolicyContext"], "Supplied"]

ON_DEMAND = "on-demand"
ENDPOINT = "endpoint"  # market of a managed endpoint's machines
BATCH_SIZES = (1, 2, 4, 8, 16)  # ours: where the scenario asks for no batches; BATCH's own grid ends at 20


class Supplied(Policy, Protocol):
    """A policy that keeps the supply it was made for."""

    supply: Supply


def paragon_scheme(name: str, rule: Rule, late: Literal["none", "strict", "all"] = "none") -> Maker:
    """Make a scheme of `planner.replay.policies.autoscaling` on on-demand machines.

    Parameters
    ----------
    late
        Whose requests go to functions where they would be late.
    """

    def make(context: PolicyContext) -> Supplied:
        kinds = {one.name: (one.trace, one.task, one.models) for one in context.options.classes}
        spared = {"none": set(), "strict": strict_classes(context.supply, kinds), "all": set(kinds)}[late]
        functions = {key: one for key, one in context.functions.items() if key in spared}
        groups = shared_by(context.supply, kinds, ON_DEMAND)
        supply, services = services_on(context.supply, groups, ON_DEMAND, context.known_rps, functions, name)
        return Autoscaler(name, rule, supply, services, functions)

    return make


def hpa(context: PolicyContext) -> Supplied:
    """Pods on on-demand machines, a deployment a class."""
    groups = [(one.name,) for one in context.supply.classes]
    supply, services = services_on(context.supply, groups, ON_DEMAND, context.known_rps, {}, "hpa")
    return Autoscaler("hpa", scale_pods, supply, services, {}, SYNC_S, STABILISATION_S)


def sagemaker(context: PolicyContext) -> Supplied:
    """Target tracking on a managed endpoint's machines, an endpoint a class: on-demand machines at the endpoint's price."""
    ratio = context.endpoint_price_ratio
    endpoints = {
        one.instance_type: replace(
            one,
            id=f"{one.instance_type}/{ENDPOINT}",
            market=ENDPOINT,
            price_usd_per_h=one.price_usd_per_h * ratio,
            running_usd_per_h=one.running_usd_per_h * ratio,
        )
        for one in context.supply.rentals
        if one.market == ON_DEMAND
    }
    priced = replace(context.supply, rentals=tuple(endpoints.values()))
    groups = [(one.name,) for one in priced.classes]
    supply, services = services_on(priced, groups, ENDPOINT, context.known_rps, {}, "sagemaker")
    return Autoscaler("sagemaker", EndpointTracking(), supply, services, {}, MINUTE_S, MINUTE_S)


def lambda_only(context: PolicyContext) -> Supplied:
    """Every request a call."""
    functions = context.functions
    return LambdaOnly(restricted(context.supply, (), list(functions.values())), functions)


def batch(context: PolicyContext) -> Supplied:
    """Buffers in front of functions, one a class."""
    scenario, options = context.scenario, context.options
    if scenario.resources.functions.batch_sizes == (1,):
        gathering = scenario.resources.functions.model_copy(update={"batch_sizes": BATCH_SIZES})
        resources = scenario.resources.model_copy(update={"functions": gathering})
        scenario = scenario.model_copy(update={"resources": resources})
        options = pipeline.options_from(scenario, context.demand, context.inputs)
    choices = {
        one.name: [
            replace(function, id=f"{one.name}: {function.id}", deadline_meet_rate={one.name: met})
            for function in options.functions
            if (met := function.deadline_meet_rate.get(one.name, -1.0)) >= one.percentile
            and function.usd_per_h == 0
        ]
        for one in context.supply.classes
    }
    used = [function for found in choices.values() for function in found]
    supply = replace(
        restricted(context.supply, ()), functions=functions_of_options(used, context.inputs.tariffs)
    )
    return Batch(supply, choices, context.known_rps)


MAKERS: Mapping[str, Maker] = {
    "batch": batch,
    "exascale": paragon_scheme("exascale", foresee_rate),
    "hpa": hpa,
    "lambda-only": lambda_only,
    "mark": mark,
    "mark-code": mark_code,
    "mark-code-spot": mark_code_spot,
    "mark-spot": mark_spot,
    "mixed": paragon_scheme("mixed", follow_rate, late="all"),
    "model-switching": model_switching,
    "ours": ours,
    "ours-once": ours_once,
    "ours-perfect": ours_perfect,
    "paragon": paragon_scheme("paragon", follow_rate, late="strict"),
    "reactive": paragon_scheme("reactive", follow_rate),
    "sagemaker": sagemaker,
    "util_aware": paragon_scheme("util_aware", follow_utilisation),
}


WHAT: Mapping[str, str] = {  # by name, for people who choose among them
    "batch": "functions only, requests gathered in buffers chosen anew every hour (BATCH)",
    "exascale": "machines for more than the trend foresees (Paragon's baseline)",
    "hpa": "Kubernetes' horizontal pod autoscaler on utilisation",
    "lambda-only": "functions only, a call for every request",
    "mark": "MArk's greedy as its paper states it, on-demand machines",
    "mark-code": "MArk's greedy as its published code runs it, on-demand machines",
    "mark-code-spot": "the same on spot machines",
    "mark-spot": "MArk's greedy as its paper states it, spot machines",
    "mixed": "machines follow the load, late requests go to functions (Paragon's baseline)",
    "model-switching": "given machines, the model that is best for the load of the last second (Model-Switching)",
    "ours": "the planner's program, made anew every window from forecasts available then",
    "ours-once": "the plan of the whole horizon, made once before it begins",
    "ours-perfect": "the same from the rates that will come: the bound for any forecast",
    "paragon": "as mixed, but relaxed requests never go to functions (Paragon)",
    "reactive": "machines follow the load of the last minute (Paragon's baseline)",
    "sagemaker": "a managed endpoint with target tracking, over-provisioned twofold",
    "util_aware": "more machines above 80 % utilisation (Paragon's baseline)",
}


ALL_STATIC = "static"  # as a name: every model held still
WHAT_STATIC = (
    "every model of the scenario by itself on the machines of model-switching; static-MODEL: one of them"
)


def check_names(names: Sequence[str]) -> None:
    """Raise InputError with every name that no policy has, or that comes twice."""
    problems = [
        f"there is no policy {name!r}; there are {', '.join(MAKERS)}, {ALL_STATIC} and {STATIC}MODEL.{nearest(name, MAKERS)}"
        for name in names
        if name not in MAKERS and name != ALL_STATIC and not name.startswith(STATIC)
    ]
    problems += [
        f"policy {name!r} is named more than once." for name in sorted(set(names)) if names.count(name) > 1
    ]
    if not names:
        problems.append(f"no policy is named; there are {', '.join(MAKERS)}.")
    if problems:
        raise InputError(problems)


def names_of(names: Sequence[str], context: PolicyContext) -> list[str]:
    """The names with `ALL_STATIC` replaced by every model held still, where there is hardware for them; none twice."""
    found: list[str] = []
    for name in names:
        if name != ALL_STATIC:
            found.append(name)
            continue
        try:
            found += static_models(context)
        except InputError:
            found.append(name)  # `make_policy` tells why
    return list(dict.fromkeys(found))


def make_policy(name: str, context: PolicyContext) -> tuple[Policy, Supply]:
    """Make a policy by its name, and the supply it needs; `STATIC` and a model's name: that model alone on given hardware.

    Raises
    ------
    InputError, for a name that is not known, and where the scenario gives the policy nothing to run on.
    """
    if name == ALL_STATIC or name.startswith(STATIC):
        held = static_models(context)
        if name in held:
            return held[name], held[name].supply
        raise InputError([f"there is no policy {name!r}; there are {', '.join(held)}.{nearest(name, held)}"])
    if name not in MAKERS:
        raise InputError(
            [f"there is no policy {name!r}; there are {', '.join(MAKERS)}.{nearest(name, MAKERS)}"]
        )
    policy = MAKERS[name](context)
    return policy, policy.supply
