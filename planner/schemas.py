"""The JSON Schemas that the planner publishes, by the name of the document."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from planner.executors.changes import ChangeSet
from planner.executors.receipt import Receipt
from planner.executors.resources import Operations
from planner.executors.settings import DeploymentSettings
from planner.partition.document import PartitionPlan
from planner.plan import ProvisioningPlan
from planner.replay.compared import ComparisonReport
from planner.replay.document import ReplayReport
from planner.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.document import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _schema_of(model: type[Document]) -> dict[str, Any]:
    return {"$schema": DIALECT, **model.model_json_schema()}


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {
        "plan": lambda: _schema_of(ProvisioningPlan),
        "scenario": lambda: _schema_of(Scenario),
        "partition": lambda: _schema_of(PartitionPlan),
        "replay": lambda: _schema_of(ReplayReport),
        "comparison": lambda: _schema_of(ComparisonReport),
        "changes": lambda: _schema_of(ChangeSet),
        "deployment": lambda: _schema_of(DeploymentSettings),
        "operations": lambda: _schema_of(Operations),
        "receipt": lambda: _schema_of(Receipt),
    }
)
