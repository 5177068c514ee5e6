"""Elementary functions that give the same bits on every machine.

A library's ``exp`` and ``log`` differ between machines by a last bit, and a last bit flips a won deal. The rules take
theirs from here. Only additions, subtractions, multiplications, divisions and square roots of float64 are used, which
IEEE 754 rounds in one way only, and exact operations on bits; the compiler is given no licence to re-associate or to
fuse a multiplication with an addition (see `salessim.world.compiled`), so the order written is the order computed.

Methods
-------
exp
    Reduction of Cody and Waite (1980), *Software Manual for the Elementary Functions*: ``x = k ln 2 + r`` with ``ln 2``
    in two parts, the first short enough for ``k`` times it to be exact. Then the Taylor polynomial of degree 13 on
    ``|r| <= ln(2)/2`` (remainder below 6e-18), with the rounding errors of ``r`` and of ``1 + r`` carried along.
log
    ``x = 2**k (1 + f)`` with ``sqrt(1/2) <= 1 + f < sqrt(2)``, then ``log(1 + f) = 2 artanh(s)``, ``s = f/(2 + f)``,
    summed as in Ng's *fdlibm* (Sun Microsystems, 1993) so that the leading ``f`` stays exact; series up to ``s**21``.
normal_quantile
    Wichura (1988), Algorithm AS 241 (PPND16), *Applied Statistics* 37(3), 477-484.

Measured against values correct to 40 digits, the error of `exp` stays below 0.67 and that of `log` below 0.85 units in
the last place; subnormal results of `exp` are rounded once more.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from salessim.world.compiled import rule

__all__ = ["exp", "exponential_quantile", "log", "log1p", "logistic", "lognormal_unit", "normal_quantile", "sqrt"]

_LARGEST: Final = float.fromhex("0x1.62e42fefa39efp+9")  # exp of anything more overflows
_SMALLEST: Final = float.fromhex("-0x1.74910d52d3052p+9")  # exp of anything less than about this is 0
_PER_LN2: Final = float.fromhex("0x1.71547652b82fep+0")
_LN2_HIGH: Final = float.fromhex("0x1.62e42fee00000p-1")  # 32 bits, so times an 11-bit integer it is exact
_LN2_LOW: Final = float.fromhex("0x1.a39ef35793c76p-33")
_ROUND: Final = 6755399441055744.0  # 1.5 * 2**52: adding and taking it away rounds to an integer
_TWO54: Final = 18014398509481984.0
_SMALLEST_NORMAL: Final = float.fromhex("0x1p-1022")

_BIAS: Final = np.int64(1023)
_MANTISSA: Final = np.int64(52)
_ROOT_HALF: Final = np.int64(0x3FE6A09E667F3BCD)  # the bits of sqrt(1/2)
_EXPONENT_BITS: Final = np.int64(-(1 << 52))  # the twelve upper bits


@rule
def _power_of_two(k: np.int64) -> float:
    """Return 2**k for -1022 <= k <= 1023, from its bits."""
    return np.int64((k + _BIAS) << _MANTISSA).view(np.float64)


@rule
def exp(x: float) -> float:
    """Return e to the power `x`, the same bits on every machine.

    Parameters
    ----------
    x : float
        Any float64.

    Returns
    -------
    float
        Within 1 unit in the last place; ``inf`` above 709.78, 0 below -745.13, ``nan`` for ``nan``.

    Examples
    --------
    >>> exp(0.0), exp(1.0), exp(-1000.0)
    (1.0, 2.718281828459045, 0.0)
    """
    if not x <= _LARGEST:
        return x if x != x else math.inf
    if x < _SMALLEST:
        return 0.0
    whole = (x * _PER_LN2 + _ROUND) - _ROUND
    high = x - whole * _LN2_HIGH
    low = whole * _LN2_LOW
    r = high - low
    lost = (high - r) - low  # r + lost is the reduced argument
    r2 = r * r
    r4 = r2 * r2
    # (exp(r) - 1 - r) / r^2: the Taylor coefficients 1/2!, 1/3!, ..., 1/13!, in pairs
    bottom = (0.5 + r * (1.0 / 6.0)) + r2 * ((1.0 / 24.0) + r * (1.0 / 120.0))
    middle = ((1.0 / 720.0) + r * (1.0 / 5040.0)) + r2 * ((1.0 / 40320.0) + r * (1.0 / 362880.0))
    top = ((1.0 / 3628800.0) + r * (1.0 / 39916800.0)) + r2 * ((1.0 / 479001600.0) + r * (1.0 / 6227020800.0))
    tail = r2 * (bottom + r4 * (middle + r4 * top))
    one = 1.0 + r
    y = one + ((r - (one - 1.0)) + (tail + (lost + lost * r)))
    k = np.int64(whole)
    if -1022 <= k <= 1023:
        return y * _power_of_two(k)
    half = k >> np.int64(1)  # the result or the factor alone is out of range: in two exact steps and one rounding
    return y * _power_of_two(half) * _power_of_two(k - half)


@rule
def log(x: float) -> float:
    """Return the natural logarithm of `x`, the same bits on every machine.

    Parameters
    ----------
    x : float
        Any float64.

    Returns
    -------
    float
        Within 1 unit in the last place; ``-inf`` for 0, ``nan`` below 0 and for ``nan``, ``inf`` for ``inf``.

    Examples
    --------
    >>> log(1.0), log(10.0), log(0.0)
    (0.0, 2.302585092994046, -inf)
    """
    if not (x > 0.0 and x < math.inf):
        if x == 0.0:
            return -math.inf
        return x if x > 0.0 else math.nan
    k = np.int64(0)
    if x < _SMALLEST_NORMAL:
        x = x * _TWO54
        k = np.int64(-54)
    bits = np.float64(x).view(np.int64)
    above = bits - _ROOT_HALF
    k = k + (above >> _MANTISSA)
    f = np.int64(bits - (above & _EXPONENT_BITS)).view(np.float64) - 1.0
    whole = np.float64(k)
    half_square = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    # 2 artanh(s)/s - 2: the coefficients 2/3, 2/5, ..., 2/21 of z, z^2, ..., in pairs
    bottom = ((2.0 / 3.0) + z * (2.0 / 5.0)) + z2 * ((2.0 / 7.0) + z * (2.0 / 9.0))
    middle = ((2.0 / 11.0) + z * (2.0 / 13.0)) + z2 * ((2.0 / 15.0) + z * (2.0 / 17.0))
    top = (2.0 / 19.0) + z * (2.0 / 21.0)
    series = z * (bottom + z4 * (middle + z4 * top))
    return whole * _LN2_HIGH - ((half_square - (s * (half_square + series) + whole * _LN2_LOW)) - f)


@rule
def sqrt(x: float) -> float:
    """Return the square root of `x`; IEEE 754 prescribes its bits.

    Examples
    --------
    >>> sqrt(2.0), sqrt(-1.0)
    (1.4142135623730951, nan)
    """
    return math.sqrt(x)


@rule
def log1p(x: float) -> float:
    """Return ``log(1 + x)`` without losing small `x`; `nan` below -1.

    The rounding of ``1 + x`` is undone by Kahan's factor ``x / ((1 + x) - 1)``: within 4 units in the last place.

    Examples
    --------
    >>> log1p(1e-20), log1p(-1.0)
    (1e-20, -inf)
    """
    y = 1.0 + x
    d = y - 1.0
    if d == x or not (y > 0.0 and y < math.inf):
        return log(y)
    if d == 0.0:
        return x
    return log(y) * (x / d)


@rule
def logistic(z: float) -> float:
    """Return ``1 / (1 + exp(-z))``, the probability whose log-odds are `z`.

    Examples
    --------
    >>> logistic(0.0), logistic(-800.0), logistic(800.0)
    (0.5, 0.0, 1.0)
    """
    if z >= 0.0:
        return 1.0 / (1.0 + exp(-z))
    e = exp(z)
    return e / (1.0 + e)


@rule
def normal_quantile(u: float) -> float:
    """Return the standard normal quantile of `u`.

    Parameters
    ----------
    u : float
        Probability, 0 to 1.

    Returns
    -------
    float
        Relative error about 1e-15; ``-inf`` at 0, ``inf`` at 1, ``nan`` outside.

    Notes
    -----
    Algorithm AS 241, PPND16 (Wichura 1988): one rational function of degree 7 for the middle 85 %, two for the tails.

    Examples
    --------
    >>> normal_quantile(0.5), round(normal_quantile(0.975), 9)
    (0.0, 1.959963985)
    """
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        a = ((2.50908_09287_30122_6727e3 * r + 3.34305_75583_58812_8105e4) * r + 6.72657_70927_00870_0853e4) * r
        a = ((a + 4.59219_53931_54987_1457e4) * r + 1.37316_93765_50946_1125e4) * r
        a = ((a + 1.97159_09503_06551_4427e3) * r + 1.33141_66789_17843_7745e2) * r + 3.38713_28727_96366_6080
        b = ((5.22649_52788_52854_5610e3 * r + 2.87290_85735_72194_2674e4) * r + 3.93078_95800_09271_0610e4) * r
        b = ((b + 2.12137_94301_58659_5867e4) * r + 5.39419_60214_24751_1077e3) * r
        b = ((b + 6.87187_00749_20579_0830e2) * r + 4.23133_30701_60091_1252e1) * r + 1.0
        return q * a / b
    tail = u if q < 0.0 else 1.0 - u
    if not tail > 0.0:
        if tail == 0.0:
            return -math.inf if q < 0.0 else math.inf
        return math.nan
    r = math.sqrt(-log(tail))
    if r <= 5.0:
        r = r - 1.6
        a = ((7.74545_01427_83414_07640e-4 * r + 2.27238_44989_26918_45833e-2) * r + 2.41780_72517_74506_11770e-1) * r
        a = ((a + 1.27045_82524_52368_38258) * r + 3.64784_83247_63204_60504) * r
        a = ((a + 5.76949_72214_60691_40550) * r + 4.63033_78461_56545_29590) * r + 1.42343_71107_49683_57734
        b = ((1.05075_00716_44416_84324e-9 * r + 5.47593_80849_95344_94600e-4) * r + 1.51986_66563_61645_71966e-2) * r
        b = ((b + 1.48103_97642_74800_74590e-1) * r + 6.89767_33498_51000_04550e-1) * r
        b = ((b + 1.67638_48301_83803_84940) * r + 2.05319_16266_37758_82187) * r + 1.0
    else:
        r = r - 5.0
        a = ((2.01033_43992_92288_13265e-7 * r + 2.71155_55687_43487_57815e-5) * r + 1.24266_09473_88078_43860e-3) * r
        a = ((a + 2.65321_89526_57612_30930e-2) * r + 2.96560_57182_85048_91230e-1) * r
        a = ((a + 1.78482_65399_17291_33580) * r + 5.46378_49111_64114_36990) * r + 6.65790_46435_01103_77720
        b = ((2.04426_31033_89939_78564e-15 * r + 1.42151_17583_16445_88870e-7) * r + 1.84631_83175_10054_68180e-5) * r
        b = ((b + 7.86869_13114_56132_59100e-4) * r + 1.48753_61290_85061_48525e-2) * r
        b = ((b + 1.36929_88092_27358_05310e-1) * r + 5.99832_20655_58879_37690e-1) * r + 1.0
    return -a / b if q < 0.0 else a / b


@rule
def exponential_quantile(u: float) -> float:
    """Return the quantile of the unit exponential, ``-log(1 - u)``.

    Parameters
    ----------
    u : float
        Probability, 0 to 1.

    Returns
    -------
    float
        0 or more; ``inf`` at 1, ``nan`` outside.

    Examples
    --------
    >>> exponential_quantile(0.5), exponential_quantile(0.0)
    (0.6931471805599453, 0.0)
    """
    if not u >= 0.0:
        return math.nan
    return 0.0 - log1p(-u)


@rule
def lognormal_unit(u: float, cv: float) -> float:
    """Return the quantile of the lognormal with mean 1 and a given coefficient of variation.

    Parameters
    ----------
    u : float
        Probability, strictly between 0 and 1.
    cv : float
        Standard deviation divided by the mean, 0 or more; at 0 the result is 1.

    Returns
    -------
    float
        ``exp(s z - s^2 / 2)`` with ``s^2 = log(1 + cv^2)`` and `z` the normal quantile of `u`.

    Examples
    --------
    >>> lognormal_unit(0.5, 0.0), round(lognormal_unit(0.5, 1.0) ** 2, 15)
    (1.0, 0.5)
    """
    variance = log1p(cv * cv)
    return exp(math.sqrt(variance) * normal_quantile(u) - 0.5 * variance)
