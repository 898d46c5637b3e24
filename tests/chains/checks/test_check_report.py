"""Reports of checks: JUnit XML that parsers take, stable JSON, a table of 80 columns, a picture that is SVG."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import msgspec
import pytest

from bridge.core.audio import Audio
from bridge.printing import Printer
from chains.checks.check_list import run_checks
from chains.checks.check_picture import compute_curves, draw_picture
from chains.checks.check_report import ChainCheckReport, to_dict, to_junit
from chains.checks.check_run import CheckTarget, check_target
from chains.checks.check_table import describe_all, describe_counts, draw_table, list_fixes
from chains.checks.host_session import Rendered, RenderSettings
from chains.checks.outcome import CheckResult, Outcome
from chains.checks.subject import Subject
from chains.document.chain import Chain, Member
from tests.chains.checks.made_up_session import NAME, MadeUpSession

RESULTS = (
    CheckResult(
        check="load", outcome=Outcome.PASS, finding="Plugin \x00<&> ♫ 1.0", figures={"load_s": 0.1}, duration_s=0.1004
    ),
    CheckResult(check="dc", outcome=Outcome.WARN, finding="DC of -70 dBFS", fix="put a high-pass behind it"),
    CheckResult(
        check="blocks", outcome=Outcome.FAIL, finding="differs: " + "very " * 30 + "long", fix="use one size",
        figures={"block_64_db": -57.0, "block_1_db": None},
    ),
    CheckResult(check="latency", outcome=Outcome.SKIP, finding="not measurable"),
)  # fmt: skip
REPORT = ChainCheckReport(
    chain="warm [bold]bus", host="auto", rate=48_000, strictness=2, duration_s=1.25, results=RESULTS
)
PASSED = msgspec.structs.replace(REPORT, chain="fine", results=RESULTS[:1])
WARNED = msgspec.structs.replace(REPORT, chain="dull", results=RESULTS[:2])
SUITE_ATTRIBUTES = {"name", "tests", "failures", "errors", "skipped", "time"}
"""Those of the common schema that are written; name and tests are required."""


def test_junit_has_the_fields_of_the_common_schema() -> None:
    root = ElementTree.fromstring(to_junit([REPORT, REPORT]))
    assert root.tag == "testsuites"
    assert root.attrib == {
        "name": "sideman chain check", "tests": "8", "failures": "2", "errors": "0", "time": "2.500",
    }  # fmt: skip
    for suite in root:
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == SUITE_ATTRIBUTES
        assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "1")
        assert [child.tag for child in suite] == ["properties"] + ["testcase"] * 4
        assert all(set(one.attrib) == {"name", "value"} for one in suite[0])
        assert all({"classname", "name"} <= set(case.attrib) for case in suite.findall("testcase"))
    assert [case.get("time") for case in root[0].findall("testcase")] == ["0.100", "0.000", "0.000", "0.000"]
    cases = {case.get("name"): case for case in root[0].findall("testcase")}
    assert [child.tag for child in cases["blocks"]] == ["failure"]
    assert set(cases["blocks"][0].attrib) == {"message", "type"}
    assert "The size of blocks changes nothing." in (cases["blocks"][0].text or "")
    assert [child.tag for child in cases["latency"]] == ["skipped"]
    assert "warn: DC" in cases["dc"].findtext("system-out", "")
    assert "Plugin ?<&> ♫ 1.0" in cases["load"].findtext("system-out", "")


@pytest.mark.parametrize(
    ("chain", "name"),
    [
        ("bass-tight", "bass-tight"),
        ("/tmp/x y/warm bus.toml", "warm_bus"),
        (r"C:\\mixes\\warm.toml", "warm"),
        ("/usr/lib/vst3/A.vst3/", "A_vst3"),
        ("urn:zamaudio:ZamComp", "urn_zamaudio_ZamComp"),
    ],
)
def test_junit_has_class_names_without_paths_and_no_value_that_was_not_measured(chain: str, name: str) -> None:
    text = to_junit([msgspec.structs.replace(REPORT, chain=chain)])
    assert {one.get("classname") for one in ElementTree.fromstring(text).iter("testcase")} == {f"sideman.chain.{name}"}
    assert [one.get("name") for one in ElementTree.fromstring(text).iter("property")] == [
        "load.load_s", "blocks.block_64_db",
    ]  # fmt: skip


def test_json_is_stable_and_can_be_read_back() -> None:
    data = json.loads(json.dumps(to_dict([REPORT]), allow_nan=False))
    assert (data["schema"], data["failed"]) == (1, True)
    assert list(data["chains"][0]) == ["chain", "host", "rate", "strictness", "duration_s", "results"]
    assert list(data["chains"][0]["results"][0]) == ["check", "outcome", "finding", "fix", "figures", "duration_s"]
    assert msgspec.convert(data["chains"][0], ChainCheckReport) == REPORT


def test_the_table_fits_into_80_columns_and_cuts_nothing() -> None:
    file = io.StringIO()
    Printer(file=file, width=80).print(draw_table(REPORT))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(file.getvalue().split()).count("very") == 30
    assert [line.split()[0] for line in lines if line[0] != " "] == ["pass", "warn", "fail", "skip"]
    assert list_fixes(REPORT) == ["dc: put a high-pass behind it", "blocks: use one size"]
    assert describe_counts(REPORT) == "1 pass, 1 warn, 1 fail, 1 skip in 1.2 s"


def test_what_is_skipped_for_one_reason_is_one_line() -> None:
    failed = CheckResult(check="load", outcome=Outcome.FAIL, finding="no such plugin", fix="install it")
    skips = tuple(CheckResult(check=f"c{n}", outcome=Outcome.SKIP, finding="it does not load") for n in range(15))
    other = CheckResult(check="tail", outcome=Outcome.SKIP, finding="another reason")
    report = msgspec.structs.replace(REPORT, results=(failed, *skips, other))
    file = io.StringIO()
    Printer(file=file, width=80).print(draw_table(report))
    lines = [" ".join(line.split()) for line in file.getvalue().splitlines()]
    assert lines == ["fail load no such plugin", "skip 15 checks it does not load", "skip tail another reason"]


def test_the_time_of_each_check_is_measured_and_they_are_within_that_of_the_chain() -> None:
    now_s = 0.0

    class SlowSession(MadeUpSession):
        """A session in which each render takes a second."""

        def render(self, source: Audio, settings: RenderSettings) -> Rendered:
            nonlocal now_s
            now_s += 1.0
            return super().render(source, settings)

    target = CheckTarget(NAME, Chain(members=(Member(plugin=NAME, format="vst3"),)))
    report, _ = check_target(target, lambda host: SlowSession(frozenset(), host), lambda: now_s)
    times_s = {
        case.get("name"): float(case.get("time", "")) for case in ElementTree.fromstring(to_junit([report]))[0][1:]
    }
    assert times_s["load"] == 0.0
    assert times_s["repeat"] >= 5.0
    assert sum(times_s.values()) <= report.duration_s


@pytest.mark.parametrize(("fault", "is_drawn"), [("latency", True), ("silence", False), ("crash at load", False)])
def test_the_picture_is_svg_with_curves_where_something_sounds(fault: str, is_drawn: bool) -> None:
    chain = Chain(members=(Member(plugin=NAME, format="vst3"),))
    subject = Subject(chain, lambda host: MadeUpSession(frozenset({fault}), host))
    results = run_checks(subject, 1, lambda: 0.0)
    report = ChainCheckReport(chain="a <b> & c", host="auto", rate=48_000, strictness=1, duration_s=1, results=results)
    root = ElementTree.fromstring(draw_picture(report, compute_curves(subject)))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(root.findall("{*}polyline")) == (2 if is_drawn else 0)
    texts = [text.text for text in root.findall("{*}text")]
    assert "a <b> & c" in texts
    assert ("fresh process" in texts) == is_drawn


def test_the_last_line_says_how_many_were_tested_and_which_failed() -> None:
    assert describe_all([PASSED, WARNED, REPORT, REPORT]) == (
        "4 tested, 2 failed, 1 with warnings; failed: warm [bold]bus"
    )
    assert describe_all([PASSED, PASSED]) == "2 tested, 0 failed"
