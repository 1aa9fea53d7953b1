"""Canonical names of models, so that records of several sources meet at one variant.

Vision models carry torchvision's name, or timm's where torchvision has none (`vit_base_patch16_224`); text
encoders carry their published name and the tokens of one request (`bert-base-uncased-128`).
"""

from __future__ import annotations

import re

IMAGE_CLASSIFICATION = "image-classification"
TEXT_ENCODING = "text-encoding"

ALIASES = {  # spelling in a source, lower case, without separators -> canonical name
    "nasnet": "nasnetlarge",  # MArk: NASNet-A-Large
    "nasnetalarge": "nasnetlarge",
    "inceptionv3": "inception_v3",
    "tfinceptionv4": "inception_v4",  # BATCH: TensorFlow's Inception-v4, the weights that timm converted
    "inceptionresnetv2": "inception_resnet_v2",
    "mobilenetv2": "mobilenet_v2",
    "resnext50": "resnext50_32x4d",
    "resnet50v2": "resnetv2_50",
    "googlevitbasepatch16224": "vit_base_patch16_224",
    "vitbasepatch16224": "vit_base_patch16_224",
    "lstmptb": "lstm_ptb",
    "opennmtende": "opennmt_ende",
    "googleelectrabasediscriminator": "electra-base-discriminator",
}


def canonical_model(name: str) -> str:
    """Canonical name of a model: an alias, or the name in lower case without a hyphen before its digits.

    >>> canonical_model("ResNet-50"), canonical_model("NASNet"), canonical_model("DenseNet121")
    ('resnet50', 'nasnetlarge', 'densenet121')
    """
    lowered = name.strip().lower()
    alias = ALIASES.get(re.sub(r"[^a-z0-9]", "", lowered))
    if alias is not None:
        return alias
    return re.sub(r"(?<=[a-z])-(?=\d)", "", lowered.rsplit("/", 1)[-1].replace(" ", "_"))


def encoder_model(name: str, sequence_length: int) -> str:
    """Name of a text encoder for requests of one length: tokens change the time of a call as items do.

    >>> encoder_model("bert_base_uncased", 128)
    'bert-base-uncased-128'
    """
    base = ALIASES.get(re.sub(r"[^a-z0-9]", "", name.lower())) or name.strip().lower().rsplit("/", 1)[-1]
    return f"{base.replace('_', '-')}-{sequence_length}"
