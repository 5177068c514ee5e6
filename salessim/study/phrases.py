"""The sentences of verdicts in every language, as data, and how their figures are written."""

from __future__ import annotations

import math

from salessim.errors import StudyError, explain, nearest

__all__ = ["PHRASES", "figures", "phrase", "probability", "quantity", "share"]

#: language -> key -> template. All languages have the same keys and the same fields.
PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "better": "{Plan} is better than {against}: {difference} {measure} ({level} interval {low} to {high})"
        "{futures}; {size}.",
        "worse": "{Plan} is worse than {against}: {difference} {measure} ({level} interval {low} to {high})"
        "{futures}; {size}.",
        "practically equal": "{Plan} and {against} are practically equal: {difference} {measure} "
        "({level} interval {low} to {high}){futures}; inside the smallest difference that matters ({delta}).",
        "cannot tell": "Cannot tell yet whether {plan} or {against} is better: {difference} {measure} so far "
        "({level} interval {low} to {high}){futures}; about {more} more replications will decide it, whichever way.",
        "futures": ", best in {wins} of futures",
        "exceeds": "exceeds the smallest difference that matters ({delta})",
        "may not exceed": "not yet certain to exceed the smallest difference that matters ({delta})",
        "none better": "None of the other plans beats {baseline} by a difference that matters.",
        "others better": "Better than {baseline} as well: {plans}.",
        "already better": "Already better than {baseline}: {plans}.",
        "probability": "Probability that the mean of {plan} is the best of {count} plans: {probability}.",
        "skewed": "The differences between {plan} and {against} are strongly skewed: read this interval with care "
        "until there are more replications.",
        "holds": "Over the ranges of the assumptions this holds in {share} of {n} draws "
        "({level} interval {low} to {high}).",
        "elsewhere": "Where it does not hold, the lead goes to {leaders}.",
        "no verdict": "Over the ranges of the assumptions there is no verdict to hold yet; in {n} draws the lead goes "
        "to {leaders}.",
        "leader": "{plan} ({share})",
        "comma": ", ",
        "space": " ",
        "percent": "{number} %",
        "more than": "more than {percent}",
        "less than": "less than {percent}",
        "with unit": "{number} {unit}",
    },
    "zh": {
        "better": "{Plan}优于{against}：{measure}{difference}（{level}区间{low}至{high}）{futures}；{size}。",
        "worse": "{Plan}劣于{against}：{measure}{difference}（{level}区间{low}至{high}）{futures}；{size}。",
        "practically equal": "{Plan}与{against}实际相当：{measure}{difference}（{level}区间{low}至{high}）{futures}；"
        "在最小有意义差异（{delta}）之内。",
        "cannot tell": "尚不能判断{plan}与{against}孰优：{measure}目前{difference}（{level}区间{low}至{high}）"
        "{futures}；约需再运行{more}次重复即可见分晓。",
        "futures": "，在{wins}的未来情形中最优",
        "exceeds": "超过最小有意义差异（{delta}）",
        "may not exceed": "尚不能确定超过最小有意义差异（{delta}）",
        "none better": "其他方案均未以有意义的差异胜过{baseline}。",
        "others better": "同样优于{baseline}的还有：{plans}。",
        "already better": "已确定优于{baseline}的有：{plans}。",
        "probability": "{plan}的均值在{count}个方案中最优的概率：{probability}。",
        "skewed": "{plan}与{against}的差异分布明显偏斜：在增加重复次数之前，请谨慎看待该区间。",
        "holds": "在各项假设的取值范围内，{n}次抽样中有{share}支持这一结论（{level}区间{low}至{high}）。",
        "elsewhere": "不成立之处，领先的是{leaders}。",
        "no verdict": "尚无可检验的结论；在各项假设的取值范围内，{n}次抽样中领先的是{leaders}。",
        "leader": "{plan}（{share}）",
        "comma": "、",
        "space": "",
        "percent": "{number}%",
        "more than": "超过{percent}",
        "less than": "不到{percent}",
        "with unit": "{number}{unit}",
    },
}

#: language -> (size from which it is used, word), largest first
_SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "en": ((1e9, " billion"), (1e6, " million")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}
_MOST_DECIMALS = 4


def phrase(language: str, key: str, **fields: object) -> str:
    """Return the sentence `key` in `language` with its fields filled in.

    Raises
    ------
    StudyError
        The language is unknown.

    Examples
    --------
    >>> phrase("en", "none better", baseline="today")
    'None of the other plans beats today by a difference that matters.'
    """
    return _table(language)[key].format(**fields)


def share(value: float, language: str = "en", *, decimals: int = 0) -> str:
    """Write a share as a percentage that never rounds to certainty.

    Examples
    --------
    >>> share(0.968), share(1.0), share(0.9999), share(0.002, "zh")
    ('97 %', '100 %', 'more than 99 %', '不到1%')
    """
    step = 10.0 ** (-decimals - 2)
    if 1.0 - step / 2 <= value < 1.0:
        return phrase(language, "more than", percent=_percent(100 * (1.0 - step), language, decimals))
    if 0.0 < value < step / 2:
        return phrase(language, "less than", percent=_percent(100 * step, language, decimals))
    return _percent(100.0 * value, language, decimals)


def probability(value: float, language: str = "en") -> str:
    """Write an estimated probability: unlike a counted share it is never certain.

    Examples
    --------
    >>> probability(1.0), probability(0.42)
    ('more than 99 %', '42 %')
    """
    return share(min(max(value, 1e-12), 1.0 - 1e-12), language)


def quantity(value: float, language: str = "en", *, unit: str = "", relative: bool = False) -> str:
    """Write one unsigned figure to two or three digits, as a percentage or with its unit.

    Examples
    --------
    >>> quantity(0.01, relative=True), quantity(1234567, unit="CNY"), quantity(1234567, "zh", unit="元")
    ('1 %', '1.23 million CNY', '123万元')
    """
    if relative:
        return _percent(100.0 * value, language, _enough_decimals(100.0 * value))
    factor, word = _scale(abs(value), language)
    decimals = _enough_decimals(value / factor)
    return _with_unit(f"{value / factor:,.{decimals}f}{word}", unit, language)


def figures(
    difference: float, low: float, high: float, language: str = "en", *, unit: str = "", relative: bool = False,
    short: bool = False,
) -> tuple[str, str, str]:  # fmt: skip
    """Write a difference and its interval with signs and as many decimals as the interval's width deserves.

    The bounds share the scale and the unit of the difference. A bound that is not zero is never written as zero.
    `short`, where room is scarce: no more than three digits of the longest of the three.

    Examples
    --------
    >>> figures(0.0412, 0.0291, 0.0533, relative=True)
    ('+4.1 %', '+2.9', '+5.3')
    >>> figures(-1234567, -2000000, -469134, "zh", unit="元")
    ('−123万元', '−200万', '−47万')
    >>> figures(-0.12931, -0.13687, -0.12176, relative=True, short=True)
    ('−12.9 %', '−13.7', '−12.2')
    """
    finite = [abs(x) for x in (difference, low, high) if math.isfinite(x)]
    factor, word = (0.01, "") if relative else _scale(max(finite), language)
    half = (high - low) / 2.0 / factor
    decimals = _decimals(half) if math.isfinite(half) and half > 0 else _enough_decimals(difference / factor)
    if short:
        decimals = min(decimals, max(2 - math.floor(math.log10(max([*finite, factor]) / factor)), 0))
    bounds = [x / factor for x in (low, high) if math.isfinite(x) and x != 0]
    while decimals < _MOST_DECIMALS and any(round(x, decimals) == 0 for x in bounds):
        decimals += 1
    first, lower, upper = (_signed(x / factor, decimals, word) for x in (difference, low, high))
    if relative:
        return phrase(language, "percent", number=first), lower, upper
    return _with_unit(first, unit, language), lower, upper


def _table(language: str) -> dict[str, str]:
    if language not in PHRASES:
        raise StudyError(
            explain("no such language", where="language", value=language, remedy=nearest(str(language), PHRASES))
        )
    return PHRASES[language]


def _percent(number: float, language: str, decimals: int) -> str:
    return phrase(language, "percent", number=f"{number:,.{decimals}f}")


def _with_unit(number: str, unit: str, language: str) -> str:
    return phrase(language, "with unit", number=number, unit=unit) if unit else number


def _scale(size: float, language: str) -> tuple[float, str]:
    _table(language)
    return next(((limit, word) for limit, word in _SCALES[language] if size >= limit), (1.0, ""))


def _signed(number: float, decimals: int, word: str = "") -> str:
    """Write a number with a true minus sign; what rounds to zero has neither sign nor scale."""
    if math.isinf(number):
        return "+∞" if number > 0 else "−∞"
    rounded = round(number, decimals) + 0.0
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded):,.{max(decimals, 0)}f}{word if rounded else ''}"


def _decimals(half_width: float) -> int:
    """Return the decimals at which a half-width shows two digits; negative ones round to tens, hundreds, ..."""
    return min(1 - math.floor(math.log10(half_width)), _MOST_DECIMALS)


def _enough_decimals(number: float) -> int:
    """Return the fewest decimals that show three significant digits, or all there are."""
    if number == 0:
        return 0
    most = min(max(2 - math.floor(math.log10(abs(number))), 0), _MOST_DECIMALS)
    return next(d for d in range(most + 1) if d == most or abs(round(number, d) - number) < 1e-9 * abs(number))
