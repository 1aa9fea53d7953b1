"""Tiny provisioning programs, and their optimum by a formulation of its own (nothing of `solvers` solves here).

Sets          k classes, j groups, i machines, g = (j, i) options, f functions, t windows, q levels
Variables     instances[g,t] whole, pick[j,n,t] binary, carried[k,j,t,q], overflow[k,f,t,q], starts[i,t] >= 0
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from planner.replacements import OptionKinds
from solvers.problem import ProvisioningProblem

INFEASIBLE = float("inf")


@dataclass(frozen=True)
class Machines:
    """Columns of the machine table of a tiny program, one entry a machine."""

    host: list[int]
    place: list[int]  # 0 on demand, 1 spot
    price_usd_per_h: list[float]
    start_usd: list[float]
    vcpu: list[float]
    running: list[int]


def tiny_program(
    machines: Machines,
    groups: list[tuple[int, list[float], list[bool]]],
    demand_rps: Any,
    *,
    models: list[int] | None = None,
    tiers: list[int] | None = None,
    functions: list[tuple[float, float, list[bool]]] | None = None,
    quota_vcpu: float = np.inf,
    concurrency_limit: float = np.inf,
    on_demand_floor_share: float = 0.0,
    first_window_limited: bool = False,
) -> tuple[ProvisioningProblem, OptionKinds]:
    """Build a program: groups are (host, capacities of 0, 1, ... machines, who is served), demand is ``[k, t, q]``."""
    demand = np.array(demand_rps, dtype=float)
    windows, levels = demand.shape[1:]
    width = max(len(table) for _, table, _ in groups)
    pairs = [
        (j, i) for j, group in enumerate(groups) for i, host in enumerate(machines.host) if host == group[0]
    ]
    offered = functions or []
    limit = np.full((len(machines.host), windows), np.inf)
    if first_window_limited:
        limit[:, 0] = machines.running
    problem = ProvisioningProblem(
        classes=tuple(f"class{k}" for k in range(len(demand))),
        groups=tuple(f"group{j}" for j in range(len(groups))),
        machines=tuple(f"machine{i}" for i in range(len(machines.host))),
        functions=tuple(f"function{f}" for f in range(len(offered))),
        quotas=("vcpu",),
        demand_rps=demand,
        level_share=np.full(levels, 1 / levels),
        window_h=np.ones(windows),
        serves=np.array([group[2] for group in groups], dtype=bool).T,
        function_serves=np.array([one[2] for one in offered], dtype=bool)
        .reshape(len(offered), len(demand))
        .T,
        capacity_rps=np.array(
            [table + [table[-1]] * (width - len(table)) for _, table, _ in groups], dtype=float
        ),
        count_max=np.array([len(table) - 1 for _, table, _ in groups]),
        option_group=np.array([j for j, _ in pairs]),
        option_machine=np.array([i for _, i in pairs]),
        price_usd_per_h=np.repeat(np.array(machines.price_usd_per_h, dtype=float)[:, None], windows, axis=1),
        start_usd=np.array(machines.start_usd, dtype=float),
        initial_count=np.array(machines.running),
        count_limit=limit,
        is_spot=np.array(machines.place) == 1,
        on_demand_floor_share=on_demand_floor_share,
        quota_use=np.array([machines.vcpu], dtype=float),
        quota_limit=np.array([quota_vcpu]),
        usd_per_request=np.array([one[0] for one in offered], dtype=float),
        concurrency_s=np.array([one[1] for one in offered], dtype=float),
        concurrency_limit=concurrency_limit,
    )
    kinds = OptionKinds(
        host=np.array(machines.host),
        place=np.array(machines.place),
        model=np.array(models or range(len(groups))),
        tier=np.array(tiers or [0] * len(groups)),
    )
    return problem, kinds


class _Rows:
    """Rows of a linear program, term by term."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, terms: list[tuple[int, float]], low: float, high: float) -> None:
        self.entries += [(len(self.low), column, value) for column, value in terms]
        self.low.append(low)
        self.high.append(high)


def least_cost_usd(p: ProvisioningProblem) -> float:
    """Return the optimum of the whole horizon, or `INFEASIBLE`."""
    K, J, I, F = len(p.classes), len(p.groups), len(p.machines), len(p.functions)  # noqa: E741
    G, T, Q = len(p.option_group), len(p.window_h), len(p.level_share)
    number = iter(range(10**6))
    instances = {key: next(number) for key in product(range(G), range(T))}
    pick = {(j, n, t): next(number) for j in range(J) for n in range(1, p.count_max[j] + 1) for t in range(T)}
    carried = {
        key: next(number) for key in product(range(K), range(J), range(T), range(Q)) if p.serves[key[:2]]
    }
    overflow = {
        key: next(number)
        for key in product(range(K), range(F), range(T), range(Q))
        if p.function_serves[key[:2]]
    }
    starts = {key: next(number) for key in product(range(I), range(T))}
    size = next(number)
    cost, upper, whole = np.zeros(size), np.full(size, np.inf), np.zeros(size)
    rows = _Rows()
    for (g, t), column in instances.items():
        cost[column] = p.price_usd_per_h[p.option_machine[g], t] * p.window_h[t]
    for (i, t), column in starts.items():
        cost[column] = p.start_usd[i]
        now = [(instances[g, t], 1.0) for g in range(G) if p.option_machine[g] == i]
        before = [(instances[g, t - 1], -1.0) for g in range(G) if p.option_machine[g] == i and t]
        rows.add([*now, *before, (column, -1.0)], -np.inf, 0.0 if t else float(p.initial_count[i]))
        rows.add(now, 0.0, p.count_limit[i, t])
    for (_, f, t, q), column in overflow.items():
        cost[column] = 3600 * p.window_h[t] * p.level_share[q] * p.usd_per_request[f]
    whole[[*instances.values(), *pick.values()]] = 1
    upper[list(pick.values())] = 1
    for k, t, q in product(range(K), range(T), range(Q)):
        served = [(column, 1.0) for key, column in carried.items() if (key[0], *key[2:]) == (k, t, q)]
        served += [(column, 1.0) for key, column in overflow.items() if (key[0], *key[2:]) == (k, t, q)]
        rows.add(served, p.demand_rps[k, t, q], p.demand_rps[k, t, q])
    for j, t in product(range(J), range(T)):
        sizes = range(1, p.count_max[j] + 1)
        rows.add([(pick[j, n, t], 1.0) for n in sizes], 0.0, 1.0)
        fed = [(instances[g, t], -1.0) for g in range(G) if p.option_group[g] == j]
        rows.add([*((pick[j, n, t], float(n)) for n in sizes), *fed], -np.inf, 0.0)
        spot = [
            (instances[g, t], 1.0)
            for g in range(G)
            if p.option_group[g] == j and p.is_spot[p.option_machine[g]]
        ]
        rows.add(
            [*spot, *((column, (1 - p.on_demand_floor_share) * sign) for column, sign in fed)], -np.inf, 0.0
        )
        for q in range(Q):
            load = [(carried[k, j, t, q], 1.0) for k in range(K) if (k, j, t, q) in carried]
            rows.add([*load, *((pick[j, n, t], -p.capacity_rps[j, n]) for n in sizes)], -np.inf, 0.0)
    for t in range(T):
        for a in range(len(p.quotas)):
            used = [(instances[g, t], p.quota_use[a, p.option_machine[g]]) for g in range(G)]
            rows.add(used, -np.inf, p.quota_limit[a])
        for q in range(Q):
            calls = [
                (column, p.concurrency_s[key[1]]) for key, column in overflow.items() if key[2:] == (t, q)
            ]
            rows.add(calls, -np.inf, p.concurrency_limit)
    index = np.array([(r, c) for r, c, _ in rows.entries]).T
    matrix = csr_array(([value for *_, value in rows.entries], index), shape=(len(rows.low), size))
    answer = milp(
        cost,
        integrality=whole,
        bounds=Bounds(np.zeros(size), upper),
        constraints=LinearConstraint(matrix, np.array(rows.low), np.array(rows.high)),
        options={"mip_rel_gap": 0.0},
    )
    return float(answer.fun) if answer.status == 0 else INFEASIBLE
