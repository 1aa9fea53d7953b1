"""Clients of boto3 that the tests share, and what they tell of their calls: making one takes 50 ms, forgetting one nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable

HOOKS = ("before-call", "before-send", "after-call")  # botocore's events, first answer counts
make = boto3.Session.client  # before it is replaced by `Wire.client`


@dataclass
class Wire:
    """Every client that is made while this stands in for `boto3.Session.client`."""

    hooks: dict[str, Callable[..., Any]] = field(default_factory=dict)  # event -> who hears it at present
    made: dict[object, Any] = field(default_factory=dict)

    def client(self, session: boto3.Session, service: str, **options: Any) -> Any:
        """Client for a service, region and address under the environment as it is now."""
        settings = sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
        kinds = {name: value for name, value in options.items() if name != "config"}
        key = repr((service, session.region_name, sorted(kinds.items()), "config" in options, settings))
        if key not in self.made:
            self.made[key] = make(session, service, **options)  # type: ignore[call-overload]
            for event in HOOKS:
                self.made[key].meta.events.register(event, self.heard(event))
        return self.made[key]

    def heard(self, event: str) -> Callable[..., Any]:
        """Hook that passes an event on."""
        return lambda **told: self.hooks[event](**told) if event in self.hooks else None
