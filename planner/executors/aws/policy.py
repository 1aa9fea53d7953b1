"""The rights that applying plans needs on AWS, as one IAM policy: these actions and no others.

Resources are limited to the account and region, and by the name or tag of the service wherever the service authorization reference
has resource types or condition keys for an action; what only reads lists takes none. `CALLED` are the calls that are made,
`IMPLIED` those that AWS checks while it does them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.executors.aws.endpoints import config_prefix
from planner.executors.names import SERVICE_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.executors.settings import AwsSettings

    Statement = dict[str, Any]

VERSION = "2012-10-17"  # IAM User Guide, "IAM JSON policy elements: Version"
LISTING = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScheduledActions",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScheduledActions",
    "ec2:DescribeFleets",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeTags",
    "lambda:GetAccountSettings",
    "sagemaker:ListEndpointConfigs",
    "sagemaker:ListEndpoints",
    "sts:GetCallerIdentity",
    "tag:GetResources",
)
GROUPS = (
    "autoscaling:BatchDeleteScheduledAction",
    "autoscaling:BatchPutScheduledUpdateGroupAction",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
)
TEMPLATES = ("ec2:CreateLaunchTemplate",)
TAGGING = ("ec2:CreateTags",)
TAGGED = ("ec2:CreateLaunchTemplateVersion", "ec2:DeleteFleets", "ec2:DeleteLaunchTemplate", *TAGGING)
FLEETS = ("ec2:CreateFleet",)
FUNCTIONS = (
    "lambda:CreateAlias",
    "lambda:DeleteFunctionConcurrency",
    "lambda:DeleteProvisionedConcurrencyConfig",
    "lambda:GetFunctionConcurrency",
    "lambda:GetFunctionConfiguration",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:ListTags",
    "lambda:PublishVersion",
    "lambda:PutFunctionConcurrency",
    "lambda:PutProvisionedConcurrencyConfig",
    "lambda:TagResource",
    "lambda:UntagResource",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionConfiguration",
)
SCHEDULES = (
    "application-autoscaling:DeleteScheduledAction",
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:PutScheduledAction",
    "application-autoscaling:RegisterScalableTarget",
)
ENDPOINT_TAGS = ("sagemaker:ListTags",)
ENDPOINTS = (
    "sagemaker:AddTags",
    "sagemaker:CreateEndpoint",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:DeleteEndpoint",
    "sagemaker:DeleteEndpointConfig",
    "sagemaker:DescribeEndpoint",
    "sagemaker:DescribeEndpointConfig",
    "sagemaker:UpdateEndpoint",
    "sagemaker:UpdateEndpointWeightsAndCapacities",
)
CALLED = frozenset(
    (
        *LISTING,
        *GROUPS,
        *TEMPLATES,
        *TAGGED,
        *FLEETS,
        *FUNCTIONS,
        *SCHEDULES,
        *ENDPOINT_TAGS,
        *ENDPOINTS,
    )
)
RUN, PASS_ROLE, LINK_ROLE = "ec2:RunInstances", "iam:PassRole", "iam:CreateServiceLinkedRole"
IMPLIED: Mapping[str, str] = {
    RUN: "groups and fleets start machines: Auto Scaling User Guide, 'Control Amazon EC2 launch template usage'",
    PASS_ROLE: "machines take on the role of their instance profile: the same",
    LINK_ROLE: "a service's first use makes its role: user guides of the services, 'Service-linked roles'",
}
LINKED = (
    "autoscaling.amazonaws.com",
    "ec2fleet.amazonaws.com",
    "lambda.application-autoscaling.amazonaws.com",
    "spot.amazonaws.com",
)
PARTITIONS = {  # IAM User Guide, "Amazon Resource Names": partitions other than aws, by what their regions begin with
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
}


def policy(service: str, aws: AwsSettings, region: str) -> dict[str, Any]:
    """Return the policy for a service in one account and region.

    Statements on functions and on the endpoint are left out where the settings name none.
    """
    return {"Version": VERSION, "Statement": list(_statements(service, aws, region))}


def _statements(service: str, aws: AwsSettings, region: str) -> Iterator[Statement]:
    partition = next((one for begin, one in PARTITIONS.items() if region.startswith(begin)), "aws")

    def arn(of: str, resource: str, account: str = aws.account, where: str = region) -> str:
        return f"arn:{partition}:{of}:{where}:{account}:{resource}"

    tagged = {"StringEquals": {f"aws:ResourceTag/{SERVICE_TAG}": service}}
    tagging = {f"aws:RequestTag/{SERVICE_TAG}": service}

    def made_by(*actions: str) -> dict[str, Any]:
        """Allow tags on what such a call makes, in the same call."""
        return {"StringEquals": {"ec2:CreateAction": list(actions)} | tagging}

    owned = [arn("ec2", "launch-template/*"), arn("ec2", "fleet/*")]
    yield _allow("Look", LISTING, ["*"])
    yield _allow(
        "Groups", GROUPS, [arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{service}-*")]
    )
    yield _allow("Templates", TEMPLATES, owned[:1], {"StringEquals": tagging})
    yield _allow("TagMade", TAGGING, owned, made_by("CreateLaunchTemplate", "CreateFleet"))
    yield _allow("ChangeTagged", TAGGED, owned, tagged)
    yield _allow("Fleets", FLEETS, [arn("ec2", "*"), arn("ec2", "image/*", account="")])
    by_template = {"ArnLike": {"ec2:LaunchTemplate": arn("ec2", "launch-template/*")}}
    yield _allow("Machines", (RUN,), ["*"], by_template)
    yield _allow("TagMachines", TAGGING, [arn("ec2", "instance/*")], made_by("RunInstances"))
    if aws.instance_profile is not None:
        to_machines = {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}}
        yield _allow("Roles", (PASS_ROLE,), [arn("iam", "role/*", where="")], to_machines)
    linked = {"StringEquals": {"iam:AWSServiceName": list(LINKED)}}
    yield _allow("LinkedRoles", (LINK_ROLE,), [arn("iam", "role/aws-service-role/*", where="")], linked)
    functions = sorted({one.function_name for one in aws.models.values() if one.function_name})
    if functions:
        names = [f"{one}{end}" for one in functions for end in ("", ":*", "-part*")]
        yield _allow("Functions", FUNCTIONS, [arn("lambda", f"function:{one}") for one in names])
        for_lambda = {"StringEquals": {"application-autoscaling:service-namespace": "lambda"}}
        targets = [arn("application-autoscaling", "scalable-target/*")]
        yield _allow("FunctionSchedules", SCHEDULES, targets, for_lambda)
    yield _allow("EndpointTags", ENDPOINT_TAGS, [arn("sagemaker", "endpoint/*")])
    if aws.endpoint is not None:  # SageMaker writes names in ARNs in small letters
        configs = f"endpoint-config/{config_prefix(aws.endpoint).lower()}*"
        own = [arn("sagemaker", f"endpoint/{aws.endpoint.lower()}"), arn("sagemaker", configs)]
        yield _allow("Endpoint", ENDPOINTS, own)


def _allow(
    sid: str, actions: tuple[str, ...], resources: list[str], condition: Mapping[str, Any] | None = None
) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
    return statement if condition is None else statement | {"Condition": condition}
