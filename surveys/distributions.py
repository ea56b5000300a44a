"""The distributions behind the intervals, from the standard library alone.

One function does the work: the regularised incomplete beta function I_x(a, b), by its continued
fraction (DLMF 8.17.22, evaluated by Lentz's method), and its inverse. It is taken at the logit
u = ln(x / (1 - x)): there neither tail loses digits, and the derivative of I by u is simply
x^a (1 - x)^b / B(a, b).
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

NORMAL_975: float = NormalDist().inv_cdf(0.975)
"""The 97.5 % point of the standard normal distribution, 1.959963985…"""

_TINY = 1e-300
_CLOSE = 1e-16


def beta_log_tails(u: float, a: float, b: float) -> tuple[float, float]:
    """ln I_x(a, b) and ln(1 - I_x(a, b)) at x = 1 / (1 + e^-u), for a, b > 0 and abs(u) < 700."""
    x, y = 1 / (1 + math.exp(-u)), 1 / (1 + math.exp(u))
    density = _log_density(u, a, b)
    if x < (a + 1) / (a + b + 2):
        lower = density + math.log(_continued_fraction(x, a, b) / a)
        return lower, math.log1p(-math.exp(lower))
    upper = density + math.log(_continued_fraction(y, b, a) / b)
    return math.log1p(-math.exp(upper)), upper


def beta_logit_quantile(probability: float, a: float, b: float, *, upper: bool) -> float:
    """The logit of the point that has ``probability`` (0 < p < 1) below it, or above if ``upper``.

    Newton's method on the logarithm of the tail, which is concave in u: where the tail is too
    small each step falls short of the root, so that it is not jumped over for ever.
    """
    u, target = math.log(a / b), math.log(probability)
    for _ in range(200):
        tail = beta_log_tails(u, a, b)[1 if upper else 0]
        step = (tail - target) * math.exp(tail - _log_density(u, a, b))
        step = max(-8.0, min(8.0, step))
        u += step if upper else -step
        if abs(step) <= 1e-15 * max(1.0, abs(u)):
            break
    return u


@lru_cache(maxsize=8192)
def t_two_sided(freedom: float, outside: float = 0.05) -> float:
    """The t with probability ``outside`` beyond ±t: Student's t with ``freedom`` > 0 degrees.

    ``freedom`` may be any real number. From t² / (freedom + t²) ~ Beta(1/2, freedom/2).
    """
    if outside <= 0.5:
        u = beta_logit_quantile(outside, 0.5, freedom / 2, upper=True)
    else:
        u = beta_logit_quantile(1 - outside, 0.5, freedom / 2, upper=False)
    return math.sqrt(freedom) * math.exp(u / 2)


def _log_density(u: float, a: float, b: float) -> float:
    """ln of the derivative of I by u: ln of x^a (1 - x)^b / B(a, b)."""
    return -a * math.log1p(math.exp(-u)) - b * math.log1p(math.exp(u)) - _log_beta(a, b)


def _continued_fraction(x: float, a: float, b: float) -> float:
    """DLMF 8.17.22; converges in about √max(a, b) steps for x < (a + 1) / (a + b + 2)."""
    c = 1.0
    d = 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _nonzero(1 + even * d)
        c = _nonzero(1 + even / c)
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _nonzero(1 + odd * d)
        c = _nonzero(1 + odd / c)
        value *= c * d
        if abs(c * d - 1) < _CLOSE * 4:
            return value
    raise ArithmeticError(f"the beta function did not settle at x={x}, a={a}, b={b}")


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _log_beta(a: float, b: float) -> float:
    """ln B(a, b). With a large argument, differences of ln Γ would cancel: Stirling's instead."""
    small, large = min(a, b), max(a, b)
    if large < 10:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    share = small / (small + large)
    rest = _stirling(large) - _stirling(small + large) + large * math.log1p(-share)
    if small < 10:
        return (
            math.lgamma(small)
            + rest
            + small
            - small * math.log(small + large)
            - 0.5 * math.log1p(-share)
        )
    return (
        0.5 * math.log(2 * math.pi / large)
        + _stirling(small)
        + rest
        + (small - 0.5) * math.log(share)
    )


def _stirling(x: float) -> float:
    """ln Γ(x) - ((x - ½) ln x - x + ½ ln 2π) for x ≥ 10 (DLMF 5.11.1)."""
    s = 1 / (x * x)
    return (
        1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * 691 / 360360))))
    ) / x
