"""How likely spot losses together exceed what there is to spare: the probability itself, beside the normal tail of bound_spot_risk.

Losses L_z are 0 or 1 with given shares r_z and covariance; these do not fix how more than two pools are lost together, so a law
is chosen. Where every covariance is that of one common shock, c/(1 - c) (1 - r_z)(1 - r_w), the law is the shock's: with
probability c all pools are lost, else each by itself with (r_z - c)/(1 - c). Else L_z = 1 where a standard normal is below
Phi^-1(r_z), the normals correlated pair by pair so that the covariances come out (Emrich and Piedmonte 1991). Up to
`POOLS_ENUMERATED` pools under a shock every way of losing them is counted; else losses are drawn, always the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray

POOLS_ENUMERATED = 15  # 2^15 ways take a millisecond
DRAWS = 200_000  # standard error of a share of 1 %: 0.02 %
SEED = 7
SHOCK_TOLERANCE = 1e-9
CORRELATIONS = np.linspace(-0.9995, 0.9995, 4000)  # latent ones that are tried; 0 lies between two of them
ROUNDING_SHARE = 1e-6  # of the spare capacity: a loss of all of it is not more than it


@dataclass(frozen=True, eq=False)
class JointLosses:
    """The law of the losses of some pools.

    Parameters
    ----------
    loss_share
        ``[z]`` probability that the pool is lost.
    covariance
        ``[z, z]`` of the losses.
    """

    loss_share: Array
    covariance: Array

    @cached_property
    def shock_share(self) -> float | None:
        """Probability of the common shock that explains every covariance, no pool being lost less often; None where none does."""
        apart = ~np.eye(len(self.loss_share), dtype=bool)
        if not apart.any():
            return 0.0
        kept = np.outer(1.0 - self.loss_share, 1.0 - self.loss_share)[apart]
        odds = np.divide(self.covariance[apart], kept, out=np.zeros(len(kept)), where=kept > 0)
        if np.ptp(odds) > SHOCK_TOLERANCE or odds[0] < -SHOCK_TOLERANCE:
            return None
        shock = float(max(odds.mean(), 0.0) / (1.0 + max(odds.mean(), 0.0)))
        return shock if shock <= self.loss_share.min() + SHOCK_TOLERANCE else None

    def excess_probability(self, lost_rps: Array, spare_rps: float) -> float:
        """Probability that the losses sum to more than there is to spare.

        Parameters
        ----------
        lost_rps
            ``[z]`` what goes with each pool, >= 0.
        """
        limit = spare_rps + ROUNDING_SHARE * max(abs(spare_rps), 1.0)
        at_work = np.flatnonzero(lost_rps > 0)
        if self.shock_share is not None and len(at_work) <= POOLS_ENUMERATED:
            return self._enumerated(at_work, lost_rps, limit)
        return float((self.drawn @ lost_rps > limit).mean())

    def _enumerated(self, at_work: IntArray, lost_rps: Array, limit: float) -> float:
        shock = self.shock_share or 0.0
        sums, shares = np.zeros(1), np.ones(1)
        for z in at_work:
            own = (self.loss_share[z] - shock) / (1.0 - shock)
            sums = np.concatenate([sums, sums + lost_rps[z]])
            shares = np.concatenate([shares * (1.0 - own), shares * own])
        apart = float(shares[sums > limit].sum())
        return shock * float(lost_rps.sum() > limit) + (1.0 - shock) * apart

    @cached_property
    def drawn(self) -> BoolArray:
        """``[n, z]`` losses drawn from the law."""
        rng = np.random.default_rng(SEED)
        if self.shock_share is not None:
            own = (self.loss_share - self.shock_share) / (1.0 - self.shock_share)
            alone = rng.random((DRAWS, len(own))) < own
            return np.asarray(alone | (rng.random((DRAWS, 1)) < self.shock_share))
        root = np.linalg.cholesky(self.latent_correlation)
        normals = rng.standard_normal((DRAWS, len(root))) @ root.T
        return np.asarray(normals < ndtri(self.loss_share))

    @cached_property
    def latent_correlation(self) -> Array:
        """``[z, z]`` correlation of the normals: their density integrated up to it is the covariance (Plackett 1954).

        Pools that are always or never lost have no covariance, nor their normals a correlation.
        """
        h = ndtri(self.loss_share)
        rho = CORRELATIONS
        room = 1.0 - rho**2
        found = np.eye(len(h))
        uncertain = np.flatnonzero(np.isfinite(h))
        for z in uncertain:
            for w in uncertain[uncertain < z]:
                exponent = -(h[z] ** 2 - 2.0 * rho * h[z] * h[w] + h[w] ** 2) / (2.0 * room)
                density = np.exp(exponent) / (2.0 * np.pi * np.sqrt(room))
                steps = (density[1:] + density[:-1]) / 2.0 * np.diff(rho)
                covariance = np.concatenate([[0.0], np.cumsum(steps)])
                covariance -= np.interp(0.0, rho, covariance)
                found[z, w] = found[w, z] = np.interp(self.covariance[z, w], covariance, rho)
        values, vectors = np.linalg.eigh(found)
        nearest = (vectors * np.maximum(values, 1e-9)) @ vectors.T  # pairs alone may contradict one another
        spread = np.sqrt(np.diag(nearest))
        return np.asarray(nearest / np.outer(spread, spread))
