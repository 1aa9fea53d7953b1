"""The published schemas of the kinds, out of packages that are installed once into build/.

======================  =======================================  =====================================================
kind                    package                                  what it holds
======================  =======================================  =====================================================
Deployment              PyPI kubernetes-validate                 JSON schemas made from Kubernetes' own OpenAPI
ScaledObject            npm @kubernetes-models/keda 2.0.0        validators compiled from KEDA's Go types
NodePool                npm @kubernetes-models/karpenter 2.0.0   validators compiled from Karpenter's Go types
InferenceService        PyPI kserve 0.21.0                       classes generated from KServe's OpenAPI; read, not run
======================  =======================================  =====================================================
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import kubernetes_validate

BUILD = Path(__file__).parents[4] / "build"
NPM_PACKAGES = ("@kubernetes-models/keda@2.0.0", "@kubernetes-models/karpenter@2.0.0")
KSERVE = "kserve==0.21.0"
INSTALL_S = 120  # ours: a slow registry; both take some seconds

_PLAIN: dict[str, Any] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "float": {"type": "number"},
    "ResourceQuantity": {"type": ["string", "number"]},
    "object": {},
}


class NotInstalledError(Exception):
    """A package or the program that installs or runs it is not to be had here."""


def npm_folder() -> Path:
    """Folder of the npm packages; installed where it is absent."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise NotInstalledError("npm and node are not installed")
    return _installed(
        "kubernetes-schemas-npm-2.0.0",
        lambda folder: [
            *(
                "npm",
                "install",
                "--prefix",
                str(folder),
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--silent",
            ),
            *NPM_PACKAGES,
        ],
    )


def kserve_schema() -> dict[str, Any]:
    """JSON schema of an InferenceService, fields it does not know refused."""
    folder = _installed(
        "kubernetes-schemas-kserve-0.21.0",
        lambda folder: [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            str(folder),
            KSERVE,
        ],
    )
    definitions = _core_definitions()
    wanted = ["V1beta1InferenceService"]
    while wanted:
        name = wanted.pop()
        if name in definitions:
            continue
        module = folder / "kserve" / "models" / f"{_snake(name)}.py"
        if module.exists():
            definitions[name] = _schema_of(module.read_text(), wanted)
        else:
            definitions[name] = _core_type(name, definitions)
    return {"$ref": "#/$defs/V1beta1InferenceService", "$defs": definitions}


def _installed(name: str, command: Any) -> Path:
    """Install into a folder of its own, which then takes the name at once: two test runs do not disturb each other."""
    place = BUILD / name
    if place.is_dir():
        return place
    BUILD.mkdir(exist_ok=True)
    folder = Path(mkdtemp(dir=BUILD))
    try:
        subprocess.run(command(folder), check=True, capture_output=True, timeout=INSTALL_S)
        os.replace(folder, place)
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        if not place.is_dir():
            raise NotInstalledError(f"{name} cannot be installed: {error}") from None
    return place


def _snake(name: str) -> str:
    """V1beta1InferenceService -> v1beta1_inference_service, as the generator names its modules."""
    parted = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parted).lower()


def _core_definitions() -> dict[str, Any]:
    versions = f"kubernetes-json-schema/v{kubernetes_validate.latest_version()}-local-strict"
    text = files("kubernetes_validate").joinpath(versions, "_definitions.json").read_text()
    definitions: dict[str, Any] = json.loads(text)["$defs"]
    return definitions


def _core_type(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """V1Container -> that of Kubernetes; nothing passes as a type that neither package has, and ours use none."""
    last = re.sub(r"^(K8sIoApi[A-Z][a-z]+)?V1", "", name)
    found = [key for key in definitions if re.fullmatch(rf"io\.k8s\..*(core|apps|meta)\.v1\.{last}", key)]
    assert len(found) <= 1, f"{name} may be any of {found}"
    return {"$ref": f"#/$defs/{found[0]}"} if found else {"not": {}}


def _schema_of(source: str, wanted: list[str]) -> dict[str, Any]:
    """Read the tables of a generated class; names of the types it refers to are added to `wanted`."""
    (model,) = [one for one in ast.parse(source).body if isinstance(one, ast.ClassDef)]
    tables = {
        one.targets[0].id: ast.literal_eval(one.value)
        for one in model.body
        if isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Name)
        and isinstance(one.value, ast.Dict)
    }
    names = tables["attribute_map"]
    required = set(re.findall(r"Invalid value for `(\w+)`, must not be `None`", source))
    return {
        "type": "object",
        "properties": {names[key]: _type(text, wanted) for key, text in tables["openapi_types"].items()},
        "required": sorted(names[key] for key in required),
        "additionalProperties": False,
    }


def _type(text: str, wanted: list[str]) -> dict[str, Any]:
    many = re.fullmatch(r"list\[(.*)\]", text)
    if many:
        return {"type": "array", "items": _type(many[1], wanted)}
    mapped = re.fullmatch(r"dict\(str, (.*)\)", text)
    if mapped:
        return {"type": "object", "additionalProperties": _type(mapped[1], wanted)}
    if text in _PLAIN:
        return _PLAIN[text]
    wanted.append(text)
    return {"$ref": f"#/$defs/{text}"}
