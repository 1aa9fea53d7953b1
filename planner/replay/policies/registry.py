"""The policies by name, and how each is made from a context.

A maker returns the policy with the supply it needs: a managed endpoint's machines have prices of their own, a buffer is a function
of its own, and what a scheme never uses is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from planner import pipeline
from planner.errors import InputError, nearest
from planner.replay.functions import functions_of_options
from planner.replay.policies.autoscaling import Autoscaler, follow_rate, follow_utilisation, foresee_rate
from planner.replay.policies.functions_only import Batch, LambdaOnly
from planner.replay.policies.mark import mark, mark_spot
from planner.replay.policies.mark_code import mark_code, mark_code_spot
from planner.replay.policies.model_switching import STATIC, model_switching, static_models
from planner.replay.policies.offers import cheapest_offers, offers_of, restricted
from planner.replay.policies.ours import ours, ours_once, ours_perfect
from planner.replay.policies.paragon import Paragon, services_of, strict_classes
from planner.replay.policies.target_tracking import STABILISATION_S, SYNC_S, EndpointTracking, scale_pods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.replay.decisions import Array, Decision, Observation, Policy
    from planner.replay.policies.autoscaling import Rule
    from planner.replay.policies.context import PolicyContext
    from planner.replay.supply import Supply

Made = tuple["Policy", "Supply"]
Maker = Callable[["PolicyContext"], Made]

ENDPOINT = "endpoint"  # market of a managed endpoint's machines
BATCH_SIZES = (1, 2, 4, 8, 16)  # ours: where the scenario asks for no batches; BATCH's own grid ends at 20


def autoscaled(
    name: str, rule: Rule, *, late: bool = False, step_s: float | None = None, kept_s: float | None = None
) -> Maker:
    """A scheme of `planner.replay.policies.autoscaling` on on-demand machines."""

    def make(context: PolicyContext) -> Made:
        offers = cheapest_offers(context.supply, "on-demand", name)
        functions = context.functions if late else {}
        supply = restricted(context.supply, offers.values(), list(functions.values()))
        late_to = {class_name: one.name for class_name, one in functions.items()}
        settings = {"step_s": step_s, "kept_s": kept_s}
        given = {key: value for key, value in settings.items() if value is not None}
        scaler = Autoscaler(
            name, rule, supply, offers, context.known_rps, context.lead_s, late_to=late_to, **given
        )
        return scaler, supply

    return make


def sagemaker(context: PolicyContext) -> Made:
    """Target tracking on a managed endpoint's machines."""
    ratio = context.endpoint_price_ratio
    endpoints = tuple(
        replace(
            one,
            id=f"{one.instance_type}/{ENDPOINT}",
            market=ENDPOINT,
            price_usd_per_h=one.price_usd_per_h * ratio,
            running_usd_per_h=one.running_usd_per_h * ratio,
        )
        for one in context.supply.rentals
        if one.market == "on-demand"
    )
    priced = replace(context.supply, rentals=tuple({one.id: one for one in endpoints}.values()))
    offers = cheapest_offers(priced, ENDPOINT, "sagemaker")
    supply = restricted(priced, offers.values())
    tracking = EndpointTracking()
    scaler = Autoscaler("sagemaker", tracking, supply, offers, context.known_rps, context.lead_s, kept_s=60.0)
    return scaler, supply


def paragon(context: PolicyContext) -> Made:
    """Strict and relaxed requests on shared machines."""
    kinds = {one.name: (one.trace, one.task, one.models) for one in context.options.classes}
    services = services_of(context.supply, kinds, offers_of(context.supply, "on-demand"))
    strict = strict_classes(context.supply, kinds)
    functions = {name: one for name, one in context.functions.items() if name in strict}
    supply = restricted(context.supply, [offer for _, offer in services], list(functions.values()))
    late_to = {name: one.name for name, one in functions.items()}
    return Paragon(supply, services, context.known_rps, late_to, context.lead_s), supply


def lambda_only(context: PolicyContext) -> Made:
    """Every request a call."""
    functions = context.functions
    supply = restricted(context.supply, (), list(functions.values()))
    return LambdaOnly(supply, functions), supply


def batch(context: PolicyContext) -> Made:
    """Buffers in front of functions."""
    scenario = context.scenario
    if scenario.resources.functions.batch_sizes == (1,):
        functions = scenario.resources.functions.model_copy(update={"batch_sizes": BATCH_SIZES})
        resources = scenario.resources.model_copy(update={"functions": functions})
        scenario = scenario.model_copy(update={"resources": resources})
        options = pipeline.options_from(scenario, context.demand, context.inputs)
    else:
        options = context.options
    found = [one for one in options.functions if one.usd_per_h == 0]
    choices = {
        one.name: [f for f in found if f.deadline_meet_rate.get(one.name, -1.0) >= one.percentile]
        for one in context.supply.classes
    }
    used = {one.id: one for rows in choices.values() for one in rows}
    bare = restricted(context.supply, ())
    supply = replace(bare, functions=functions_of_options(used.values(), context.inputs.tariffs))
    return Batch(supply, choices, context.known_rps), supply


class Supplied(Protocol):
    """A policy that keeps the supply it was made for."""

    supply: Supply
    name: str

    def decision_times_s(self, duration_s: float) -> Array:
        """As `Policy`."""
        ...

    def decide(self, seen: Observation) -> Decision:
        """As `Policy`."""
        ...


def supplied(make: Callable[[PolicyContext], Supplied]) -> Maker:
    """The maker of a policy that keeps its supply."""

    def made(context: PolicyContext) -> Made:
        policy = make(context)
        return policy, policy.supply

    return made


MAKERS: Mapping[str, Maker] = {
    "batch": batch,
    "exascale": autoscaled("exascale", foresee_rate),
    "hpa": autoscaled("hpa", scale_pods, step_s=SYNC_S, kept_s=STABILISATION_S),
    "lambda-only": lambda_only,
    "mark": supplied(mark),
    "mark-code": supplied(mark_code),
    "mark-code-spot": supplied(mark_code_spot),
    "mark-spot": supplied(mark_spot),
    "mixed": autoscaled("mixed", follow_rate, late=True),
    "model-switching": supplied(model_switching),
    "ours": supplied(ours),
    "ours-once": supplied(ours_once),
    "ours-perfect": supplied(ours_perfect),
    "paragon": paragon,
    "reactive": autoscaled("reactive", follow_rate),
    "sagemaker": sagemaker,
    "util_aware": autoscaled("util_aware", follow_utilisation),
}


def make_policy(name: str, context: PolicyContext) -> Made:
    """Make a policy by its name, and the supply it needs; `STATIC` and a model's name: that model alone on given hardware.

    Raises
    ------
    InputError, for a name that is not known, and where the scenario gives the policy nothing to run on.
    """
    if name.startswith(STATIC):
        held = static_models(context)
        if name in held:
            return held[name], held[name].supply
        raise InputError([f"there is no policy {name!r}; there are {', '.join(held)}.{nearest(name, held)}"])
    if name not in MAKERS:
        raise InputError(
            [f"there is no policy {name!r}; there are {', '.join(MAKERS)}.{nearest(name, MAKERS)}"]
        )
    return MAKERS[name](context)
