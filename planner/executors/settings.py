"""Deployment settings: what a plan does not know about the place where it is applied.

Images, subnets, function names, namespaces. No secrets: credentials come from where the services' own tools look for them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from planner.document import Document, check, fitting
from planner.errors import InputError
from planner.files import read_bounded
from planner.yaml_text import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1_000_000  # ours: settings are a page or two; a file this large is another file
ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/\-]*)?"
)  # ours: scheme, host, port and path

ServiceName = Annotated[  # ours: leaves room in the shortest name limit, 63 characters of Kubernetes
    str,
    fitting(
        r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$",
        "small letters, digits and - between them, a letter first, at most 32",
    ),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Account = Annotated[str, fitting(r"^[0-9]{12}$", "12 digits")]
SubnetId = Annotated[str, fitting(r"^subnet-[0-9a-z]{1,17}$", "an id such as subnet-0a1b2c3d")]
SecurityGroupId = Annotated[str, fitting(r"^sg-[0-9a-z]{1,17}$", "an id such as sg-0a1b2c3d")]
ImageId = Annotated[str, fitting(r"^ami-[0-9a-f]{8,17}$", "an id such as ami-0123456789abcdef0")]
FunctionName = Annotated[str, fitting(r"^[A-Za-z0-9_-]{1,64}$", "letters, digits, _ and -, at most 64")]
Alias = Annotated[  # Lambda API Reference, CreateAlias, Name
    str,
    StringConstraints(max_length=128),
    fitting(r"^[0-9]*[A-Za-z_-][A-Za-z0-9_-]*$", "letters, digits, _ and -, and no number"),
]
SageMakerName = Annotated[  # SageMaker API Reference, CreateModel and CreateEndpoint
    str,
    fitting(
        r"^[A-Za-z0-9]([A-Za-z0-9-]{0,62})$", "letters, digits and -, a letter or digit first, at most 63"
    ),
]
Namespace = Annotated[
    str,
    fitting(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "small letters, digits and - between them, at most 63"),
]
NodeClass = Annotated[
    str,
    fitting(
        r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", "small letters, digits, - and . between them, at most 253"
    ),
]
Image = Annotated[str, fitting(r"^[!-~]{1,512}$", "an image's address without spaces, at most 512 letters")]


class AwsModel(Document):
    """Where a model variant comes from on machines and functions of AWS."""

    image_id: ImageId | None = Field(
        None, description="Machine image that serves the model; needed where machines run it."
    )
    function_name: FunctionName | None = Field(
        None, description="Function that holds the model's code; needed where functions run it."
    )
    sagemaker_model: SageMakerName | None = Field(
        None, description="Model registered for endpoints; needed where an endpoint serves it."
    )


class AwsSettings(Document):
    """Account, network and models on AWS."""

    account: Account = Field(description="Account that plans may be applied to, 12 digits.")
    subnets: dict[str, SubnetId] = Field(min_length=1, description="Zone -> subnet that machines start in.")
    security_groups: tuple[SecurityGroupId, ...] = Field(
        default=(), description="Ids of the machines' security groups."
    )
    instance_profile: Text | None = Field(None, description="Name of the machines' instance profile.")
    models: dict[str, AwsModel] = Field(description="Model variant -> where it comes from.")
    machines: Literal["groups", "fleet", "endpoint"] = Field(
        "groups",
        description="What machines run in: Auto Scaling groups with a schedule; an EC2 Fleet for this window alone; variants of an "
        "endpoint.",
    )
    alias: Alias = Field(
        "live",
        description="Alias of the functions that provisioned concurrency is kept for; not a number, as versions are.",
    )
    endpoint: SageMakerName | None = Field(
        None, description="Name of the endpoint; needed where machines is endpoint."
    )
    endpoint_url: Text | None = Field(None, description="Other address of all services, for an emulator.")

    @field_validator("endpoint_url")
    @classmethod
    def _without_sign_in(cls, url: str | None) -> str | None:
        """Addresses are written into messages and exports, so nothing secret may stand in them."""
        if url is not None and not ADDRESS.fullmatch(url):
            raise ValueError(
                "it must be an address without user and password, for example http://127.0.0.1:5000"
            )
        return url


class KubernetesSettings(Document):
    """Cluster, namespace and images on Kubernetes."""

    context: Text = Field(description="Context of the kubeconfig file; plans are applied to no other.")
    namespace: Namespace = Field("default", description="Namespace of all namespaced objects.")
    images: dict[str, Image] = Field(description="Model variant -> container image that serves it.")
    port: int = Field(8080, ge=1, le=65535, description="Port on which it serves.")
    serving: Literal["deployment", "kserve"] = Field(
        "deployment", description="Kind of object that runs a group: Deployment or InferenceService."
    )
    schedule: Literal["none", "keda"] = Field(
        "none", description="keda: cron scalers hold the replicas of later windows."
    )
    nodes: Literal["none", "karpenter"] = Field(
        "none", description="karpenter: a NodePool for every machine type and market."
    )
    node_class: NodeClass = Field("default", description="EC2NodeClass that NodePools refer to.")
    gpus: dict[str, Annotated[int, Field(ge=1, le=64)]] = Field(
        default_factory=dict, description="Machine type -> NVIDIA GPUs that a pod on it asks for."
    )
    functions: Literal["refused", "elsewhere"] = Field(
        "refused",
        description="Whether a plan may call functions, which a cluster does not run; elsewhere: they are set by other means.",
    )


class TerraformSettings(Document):
    """What Terraform leaves to others; all else is told by the part aws."""

    functions: Literal["refused", "elsewhere"] = Field(
        "refused",
        description="Whether a plan may call functions, whose memory and reserved concurrency Terraform sets only with their code; "
        "elsewhere: the configuration of their code takes them over.",
    )


class DeploymentSettings(Document):
    """The deployment settings file."""

    version: Literal[1] = Field(description="Version of this format.")
    service: ServiceName = Field(
        description="Name that everything of this deployment begins with: small letters, digits and -, at most 32."
    )
    aws: AwsSettings | None = Field(None, description="For the targets aws and terraform.")
    kubernetes: KubernetesSettings | None = Field(None, description="For the target kubernetes.")
    terraform: TerraformSettings = Field(
        default_factory=TerraformSettings, description="For the target terraform, beside aws."
    )


def load_settings(path: str | Path) -> DeploymentSettings:
    """Read and check a settings file.

    Raises
    ------
    InputError, with every problem.
    """
    try:
        content = read_bounded(path, MOST_BYTES)
    except FileNotFoundError:
        raise InputError(f"--settings: there is no file {str(path)!r}; correct the path.") from None
    try:
        data, lines = read_yaml(content.decode(), str(path))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: byte {error.start} is not UTF-8 text; settings are YAML in UTF-8."
        ) from None
    return check(DeploymentSettings, data, source=str(path), lines=lines)
