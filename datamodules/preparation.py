"""Preparation: what is to happen to a panel before a network sees it."""

from dataclasses import dataclass
from typing import Final

from datamodules.errors import one_of
from datamodules.features import Features

CHOICES: Final = {
    "missing": ("error", "ffill", "interpolate", "seasonal", "mask"),
    "short": ("error", "skip", "pad"),
    "encode": ("onehot", "ordinal", "embedding"),
    "covariates": ("none", "standard", "minmax", "robust"),
    "transform": ("none", "log1p", "boxcox"),
    "scaling": ("none", "standard", "minmax", "mean_abs", "robust"),
    "scaling_per": ("series", "panel"),
}


@dataclass(frozen=True)
class Preparation:
    """What happens to a panel before a network sees it; all that is learnt is learnt from training rows.

    Attributes:
        features: columns that are made, and which take part.
        missing: what stands where a value was not observed, from the past only: ffill (the last one), interpolate
            (between those around it in the context), seasonal (one season before), mask (the mean of the context, and
            the indicator beside it), or error to refuse. In covariates always the last one, or error.
        indicator: whether the network also sees which values were observed, as past columns of 1 and 0; mask always
            has them.
        short: a series with fewer rows than a context and a target is an error, left out (skip), or begun with
            unobserved rows (pad): then one row is enough to forecast from, and one more than the horizon to train on.
        encode: categories as onehot columns, ordinal numbers or a learnt embedding.
        covariates: scaling of numeric covariates of the data over the panel: none, standard, minmax or robust; columns
            made from the clock stay as they are.
        transform: of the target before anything else: none, log1p or boxcox.
        scaling: of the stored target: none, standard, minmax, mean_abs or robust. Models also scale each window by
            itself unless told not to; forecasts are in original units either way.
        scaling_per: whether that has one loc and scale per series or for the whole panel.
    """

    features: Features = Features()
    missing: str = "ffill"
    indicator: bool = False
    short: str = "error"
    encode: str = "onehot"
    covariates: str = "standard"
    transform: str = "none"
    scaling: str = "none"
    scaling_per: str = "series"

    @property
    def indicates(self) -> bool:
        """Whether the network also sees which values were observed."""
        return self.indicator or self.missing == "mask"

    @property
    def refuses(self) -> bool:
        """Whether there are values, or holes, that are an error."""
        return self.missing == "error" or self.transform != "none"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            one_of(name, getattr(self, name), choices)
