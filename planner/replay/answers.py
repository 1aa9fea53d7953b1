"""Calls that begin, compiled: the server that takes one, and what becomes of its requests, counted as it begins."""

from __future__ import annotations

from planner.replay.compiled import compiled
from planner.replay.heaps import replace_top
from planner.replay.lines import Lines, leave_line
from planner.replay.queues import Queues, close_batch
from planner.replay.services import Services, service_s
from planner.replay.tally import Tally, count_answer, count_busy


@compiled
def occupy(
    queues: Queues, tally: Tally, pool: int, server: int, start_s: float, end_s: float, weight: float
) -> bool:
    """Let a server begin a call; return whether it ends before the server is lost."""
    queues.start_s[server] = start_s
    queues.end_s[server] = end_s
    gone_s = float(queues.gone_s[server])
    count_busy(tally, pool, weight, queues.replicas[pool], start_s, min(end_s, gone_s))
    return end_s <= gone_s


@compiled
def answer_at_once(
    queues: Queues,
    services: Services,
    tally: Tally,
    pool: int,
    at_s: float,
    k: int,
    number: int,
    window: int,
    weight: float,
) -> None:
    """Let the server on top, which is free, begin a call of one request."""
    latency_s = service_s(services, k, pool, number)
    server = queues.server[pool, 0]
    replace_top(queues.free_s[pool], queues.server[pool], queues.size[pool], at_s + latency_s, server)
    if occupy(queues, tally, pool, server, at_s, at_s + latency_s, weight):
        count_answer(tally, k, pool, window, weight, latency_s)
    else:
        tally.refused[k, window] += weight


@compiled
def begin_call(queues: Queues, lines: Lines, tally: Tally, pool: int, line: int) -> None:
    """Begin the call promised to those at the head of a line of the pool, and count what becomes of them."""
    first = lines.first[line]
    start_s, end_s = lines.start_s[first], lines.end_s[first]
    kept = occupy(queues, tally, pool, lines.server[first], start_s, end_s, lines.weight[first])
    for _ in range(lines.call_size[first]):
        place = lines.first[line]
        k, window, weight = lines.served_class[place], lines.window[place], lines.weight[place]
        if kept:
            count_answer(tally, k, pool, window, weight, end_s - lines.arrival_s[place])
        else:
            tally.refused[k, window] += weight
        leave_line(lines, line)


@compiled
def begin_calls(
    queues: Queues, services: Services, lines: Lines, tally: Tally, pool: int, until_s: float
) -> None:
    """Begin the calls of the queue whose start has come by `until_s`."""
    while lines.length[pool] > 0:
        first = lines.first[pool]
        if queues.open_size[pool] > 0 and queues.open_first[pool] == first:
            if queues.open_s[pool] > until_s:
                return
            close_batch(queues, services, lines, pool, queues.open_s[pool])
        start_s = lines.start_s[first]
        if start_s > until_s:
            return
        queues.begun_s[pool] = start_s
        begin_call(queues, lines, tally, pool, pool)
