"""How far machines that the provider may take back are relied on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from planner.document import Document
from planner.scenario.quantities import InputPath, NonNegative, Number, Positive, Share

SpotPolicy = Literal["none", "share", "survive-loss", "chance"]
GUARDING_POLICIES = ("survive-loss", "chance")  # they look at what is left after a loss, not at shares


def _parse_level(value: Any) -> int | float:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (value >= 0 if whole else isinstance(value, float) and 0 < value < 1):
        raise ValueError(
            f"{value!r} is no demand level; write its number from 0, or its probability, e.g. 0.95"
        )
    return int(value) if whole else float(value)


DemandLevel = Annotated[
    int | float,
    PlainValidator(_parse_level),
    WithJsonSchema({"type": "number", "minimum": 0, "examples": [3, 0.95]}),
]


class Spot(Document):
    """How far interruptible machines may be relied on."""

    policy: SpotPolicy = Field(
        "share",
        description="none: no spot machines; share: up to max_share; survive-loss: any one pool (a type in a zone) "
        "may vanish; chance: losses leave too little with probability violation_share at most.",
    )
    max_share: Share = Field(
        0.5,
        description="Largest share of every group's machines that may be spot; 1 under survive-loss and chance "
        "unless given.",
    )
    level: DemandLevel | None = Field(
        None,
        description="Demand level that a loss must leave served: its number from 0, or its probability; "
        "absent: the top level.",
    )
    exposure_s: Positive | None = Field(
        None, description="Time in which losses fall together; absent: resources.boot_s, until replaced."
    )
    violation_share: Annotated[Number, Field(gt=0, lt=0.5)] | None = Field(
        None, description="Probability allowed that losses leave too little (policy chance)."
    )
    risk_aversion_usd: NonNegative = Field(
        0.0, description="Price of the variance of lost capacity, USD per (requests/s)^2 and hour."
    )
    common_shock_share: Annotated[Share, Field(lt=1)] = Field(
        0.0, description="Probability that all pools are lost together within the exposure time."
    )
    availability: dict[str, InputPath] = Field(
        default_factory=dict,
        description="Zone, type or type/zone -> file of 0/1 samples; in place of the published bands.",
    )

    @model_validator(mode="before")
    @classmethod
    def _guards_replace_the_share(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("policy") in GUARDING_POLICIES:
            return {"max_share": 1.0, **given}
        return given

    @property
    def guards_losses(self) -> bool:
        """Whether what is left after a loss is looked at."""
        return self.policy in GUARDING_POLICIES

    @property
    def weighs_losses(self) -> bool:
        """Whether probabilities of losses enter the program."""
        return self.policy == "chance" or self.risk_aversion_usd > 0
