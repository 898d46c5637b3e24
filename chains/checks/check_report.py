"""Check report: the results of a chain, as a table, as JSON and as JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

import msgspec

from chains.checks.check_list import CHECKS
from chains.checks.outcome import CheckResult, Outcome
from chains.document.chain_file import SUFFIX

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot contain; names of plugins and their messages may."""
SHOWN = {check.id: check.shows for check in CHECKS}


class ChainCheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one chain in one host at one rate.

    Attributes:
        chain: Its name, file or plugin, as the user gave it.
        host: ``auto``, ``pedalboard`` or ``dawdreamer``.
        rate: In Hz.
        strictness: 1 to 3.
        duration_s: How long it took.
        results: In the order of the checks.
    """

    chain: str
    host: str
    rate: int
    strictness: int
    duration_s: float
    results: tuple[CheckResult, ...]

    def count(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def has_failed(self) -> bool:
        """Whether any check failed."""
        return self.count(Outcome.FAIL) > 0

    @property
    def title(self) -> str:
        """The chain with host and rate."""
        return f"{self.chain} ({self.host}, {self.rate:,} Hz, strictness {self.strictness})"


def to_dict(reports: Sequence[ChainCheckReport]) -> dict[str, object]:
    """The reports as data for JSON: ``schema``, ``failed`` and ``chains``, each with its ``results``.

    A result has ``check``, ``outcome`` (pass, warn, fail, skip), ``finding``, ``fix``, ``figures`` and ``duration_s``;
    the names of figures end in their unit, and what is not measurable is null.
    """
    return {
        "schema": 1,
        "failed": any(report.has_failed for report in reports),
        "chains": [msgspec.to_builtins(report) for report in reports],
    }


def to_junit(reports: Sequence[ChainCheckReport]) -> bytes:
    """The reports as JUnit XML, UTF-8: a test suite for each chain, a test case for each check.

    A warning is a passed test with its text in ``system-out``, because JUnit knows none.
    """
    counts = _count_all(reports)
    del counts["skipped"]  # the common schema has it for a suite alone
    root = ElementTree.Element("testsuites", {"name": "sideman chain check", **counts})
    for report in reports:
        suite = ElementTree.SubElement(root, "testsuite", {"name": _clean(report.title), **_count_all([report])})
        properties = ElementTree.SubElement(suite, "properties")
        for result in report.results:
            for name, value in result.figures.items():
                if value is None:
                    continue
                about = {"name": _clean(f"{result.check}.{name}"), "value": _clean(str(value))}
                ElementTree.SubElement(properties, "property", about)
        for result in report.results:
            _add_case(suite, report, result)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _count_all(reports: Sequence[ChainCheckReport]) -> dict[str, str]:
    """The attributes of a suite that count."""
    results = [result for report in reports for result in report.results]
    return {
        "tests": str(len(results)),
        "failures": str(sum(result.outcome is Outcome.FAIL for result in results)),
        "errors": "0",
        "skipped": str(sum(result.outcome is Outcome.SKIP for result in results)),
        "time": f"{sum(report.duration_s for report in reports):.3f}",
    }


def _add_case(suite: ElementTree.Element, report: ChainCheckReport, result: CheckResult) -> None:
    about = {"classname": f"sideman.chain.{_name_class(report.chain)}", "name": result.check}
    case = ElementTree.SubElement(suite, "testcase", about | {"time": f"{result.duration_s:.3f}"})
    text = _clean(f"{result.finding}; {result.fix}" if result.fix else result.finding)
    if result.outcome is Outcome.FAIL:
        failure = ElementTree.SubElement(case, "failure", {"message": _clean(result.finding), "type": result.check})
        failure.text = f"{SHOWN.get(result.check, '')}\n{text}"
    elif result.outcome is Outcome.SKIP:
        ElementTree.SubElement(case, "skipped", {"message": text})
    else:
        ElementTree.SubElement(case, "system-out").text = f"{result.outcome.value}: {text}"


def _name_class(chain: str) -> str:
    """A chain's name, file or URI as a part of a class name: a path's last part, letters, figures, - and _ alone."""
    last = re.split(r"[/\\]", chain.rstrip("/\\"))[-1]
    return re.sub(r"[^\w-]+", "_", last.removesuffix(SUFFIX)).strip("_") or "chain"


def _clean(text: str) -> str:
    return NOT_XML.sub("?", text)
