"""Clients of one account and region, and the services' errors in our words."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from planner.errors import DriftError, InputError
from planner.executors.resources import Whereabouts
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_application_autoscaling import ApplicationAutoScalingClient
    from types_boto3_autoscaling import AutoScalingClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_lambda import LambdaClient
    from types_boto3_sagemaker import SageMakerClient
    from types_boto3_sts import STSClient

    from planner.executors.settings import AwsSettings

NOT_INSTALLED = "boto3 is not installed, which AWS needs; pip install 'inference-planner[aws]'"
UNREACHED = "Is this machine online, and does that address exist? aws.endpoint_url and AWS_ENDPOINT_URL can name another."
ATTEMPTS = 4  # ours: the client waits some seconds for a busy service; planner.executors.runner waits longer
CONNECT_S = 5  # ours: a service that is there answers at once
READ_S = 60  # botocore's own default
PASSING = frozenset(  # error codes after which the same call may succeed: botocore, "standard" retry mode, and the services' lists
    {
        "ConcurrentModificationException",
        "ConcurrentUpdateException",
        "EC2ThrottledException",
        "InternalError",
        "InternalFailure",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceConflictException",
        "ResourceContention",
        "ResourceInUse",
        "ResourceInUseException",
        "ScalingActivityInProgress",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "Unavailable",
    }
)
UNTOLD = frozenset(  # Signature Version 4, "Troubleshooting": their texts repeat the signed request, session token and key id too
    {
        "AuthFailure",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
    }
)
SERVER_FAULT = 500  # HTTP status from which on the fault is the service's
PENDING_DELETE = (
    "pending delete"  # Auto Scaling's words, with AlreadyExists, for a group that is being removed
)


class Session:
    """Makes a client when it is first asked for; boto3 is imported then, and nothing is contacted before a call.

    Parameters
    ----------
    settings
        Account that is expected, and the address of an emulator.
    region
        Region of the plan; every call goes there, whatever the environment says.

    Raises
    ------
    InputError, where boto3 is not installed.
    """

    def __init__(self, settings: AwsSettings, region: str) -> None:
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            raise InputError(NOT_INSTALLED) from None
        self.settings = settings
        self.region = region
        with translated():
            self._boto = boto3.Session(region_name=region)
        self._options: dict[str, Any] = {
            "endpoint_url": settings.endpoint_url,
            "config": Config(
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                connect_timeout=CONNECT_S,
                read_timeout=READ_S,
            ),
        }

    @cached_property
    def ec2(self) -> EC2Client:
        """Launch templates, fleets and tags."""
        return self._boto.client("ec2", **self._options)

    @cached_property
    def autoscaling(self) -> AutoScalingClient:
        """Auto Scaling groups and their scheduled actions."""
        return self._boto.client("autoscaling", **self._options)

    @cached_property
    def functions(self) -> LambdaClient:
        """Lambda."""
        return self._boto.client("lambda", **self._options)

    @cached_property
    def application_autoscaling(self) -> ApplicationAutoScalingClient:
        """Schedules of provisioned concurrency."""
        return self._boto.client("application-autoscaling", **self._options)

    @cached_property
    def sagemaker(self) -> SageMakerClient:
        """Endpoints."""
        return self._boto.client("sagemaker", **self._options)

    @cached_property
    def tagging(self) -> Any:
        """Which resources carry a tag."""
        return self._boto.client("resourcegroupstaggingapi", **self._options)

    @cached_property
    def sts(self) -> STSClient:
        """Whose credentials these are."""
        return self._boto.client("sts", **self._options)

    def where(self) -> Whereabouts:
        """Account of the credentials.

        Raises
        ------
        DriftError, where it is not that of the settings. InputError, where there are no credentials. TargetError.
        """
        with translated():
            account = self.sts.get_caller_identity()["Account"]
        if account != self.settings.account:
            raise DriftError(
                f"the credentials are those of account {account}; the settings allow {self.settings.account} alone. "
                "Use credentials of that account, or correct aws.account."
            )
        return Whereabouts(provider="aws", account=account, region=self.region)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what botocore raises inside the block into errors of ours.

    Raises
    ------
    TargetError, with operation, code and text of the service. InputError, where there are no usable credentials.
    """
    from botocore import exceptions
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        HTTPClientError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
    )
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _refusal(error) from None
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        raise InputError(
            f"AWS credentials: {error}. Sign in with the AWS tools, or set AWS_PROFILE to a profile that exists."
        ) from None
    except ResponseParserError:
        raise TargetError("the service's answer is not one of AWS.", passing=True) from None
    except BotoCoreError as error:
        passing = isinstance(error, HTTPClientError | exceptions.ConnectionError)
        remedy = f". {UNREACHED}" if passing else ""
        raise TargetError(f"{type(error).__name__}: {error}{remedy}", passing=passing) from None


def _refusal(error: Any) -> TargetError:
    told = error.response.get("Error", {})
    code, text = str(told.get("Code", "Unknown")), str(told.get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in UNTOLD:
        text = "the credentials were not accepted; sign in anew, and set the clock right."
    passing = code in PASSING or status >= SERVER_FAULT or PENDING_DELETE in text
    return TargetError(f"{error.operation_name}: {code}: {text}", passing=passing)
