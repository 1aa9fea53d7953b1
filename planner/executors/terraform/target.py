"""The target terraform: what the target aws would put in place, as a configuration that Terraform applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import InputError
from planner.executors.aws.target import AwsTarget
from planner.executors.terraform.configuration import configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.executors.resources import Resource, Whereabouts

FILE = "planner.tf.json"


class TerraformTarget(AwsTarget):
    """Writes files; account and state are Terraform's to look at, so it neither applies plans nor sees drift itself."""

    name = "terraform"

    def files(self, resources: Sequence[Resource]) -> dict[str, str]:
        """The configuration, in one file.

        Raises
        ------
        InputError, where there is a resource that no block of Terraform's provider makes for us.
        """
        return {FILE: configuration(resources, self.settings, self.region)}

    def where(self) -> Whereabouts:
        """Refuse to contact anything: Terraform does.

        Raises
        ------
        InputError, always, with how to go on.
        """
        raise InputError(
            "--target terraform only writes files: planner export PLAN --target terraform --settings FILE -o DIR. Then let "
            "Terraform show and do what changes: terraform -chdir=DIR init, terraform -chdir=DIR plan, terraform -chdir=DIR apply."
        )
