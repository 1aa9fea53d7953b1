"""Instance types that services of AWS know."""

from __future__ import annotations

from functools import cache

from planner.errors import InputError
from planner.executors.aws.session import NOT_INSTALLED

MACHINES = ("ec2", "InstanceType")  # service and shape in botocore's descriptions
ENDPOINTS = ("sagemaker", "ProductionVariantInstanceType")


@cache
def instance_types(service: str, shape: str) -> frozenset[str]:
    """Instance types of a service, as botocore's description of it lists them.

    Raises
    ------
    InputError, where botocore is not installed.
    """
    try:
        from botocore.loaders import Loader
    except ImportError:
        raise InputError(NOT_INSTALLED) from None

    shapes = Loader().load_service_model(service, "service-2")["shapes"]
    return frozenset(shapes[shape]["enum"])
