"""One problem or more per family of constraints, solved on paper."""

from __future__ import annotations

from tests.solvers.hand_case import HandCase
from tests.solvers.operator_cases import OPERATOR_CASES
from tests.solvers.provisioning_cases import PROVISIONING_CASES
from tests.solvers.rate_cases import RATE_CASES
from tests.solvers.spot_cases import SPOT_CASES

__all__ = ["HAND_CASES", "HandCase"]

HAND_CASES = (*PROVISIONING_CASES, *OPERATOR_CASES, *RATE_CASES, *SPOT_CASES)
