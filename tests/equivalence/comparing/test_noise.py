"""Differences between two runs of one side are listed; they settle ids, times and names of their kind, no numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Content, File, Kind, Model, Point, Policy, Snapshot, Verdict, compare_snapshots
from compatkit.equivalence.comparing.noise import compare_over_noise, fits
from tests.equivalence.plants import KINDS, generated_run
from tests.equivalence.plants import Kind as Plant

IDS = [UUID(int=number, version=4).hex for number in (0xABC1, 0xABC2, 0xABC3)]
FITTING = {
    "ids": IDS,
    "UUIDs": [str(UUID(run_id)) for run_id in IDS],
    "temporary folders": [f"/tmp/tmp{name}/out" for name in ("40ewlfxd", "b01x0yr_", "zzzz0000")],
    "dates": ["2026-11-28T21:56:05", "2026-11-28T21:56:07", "2026-12-01T01:00:00"],
    "days": ["model-20261128", "model-20261129", "model-20261130"],
    "seconds since 1970": ["at 1795903061", "at 1795903063", "at 1795909999"],
    "a folder by day and clock": [f"outputs/2026-11-29/01-20-3{number}" for number in range(3)],
    "a folder by month and host": [f"runs/Nov29_01-20-3{number}_host" for number in range(3)],
    "underscores": [f"2026_11_29_01_20_3{number}" for number in range(3)],
    "day first": [f"29/11/2026 01:20:3{number}" for number in range(3)],
    "day and month in words": [f"29-Nov-2026 01:20:3{number}" for number in range(3)],
    "month first": [f"Nov 29, 2026 01:20:3{number}" for number in range(3)],
    "half a day": ["11/29/2026, 11:59:58 AM", "11/29/2026, 11:59:59 AM", "11/29/2026, 12:00:00 PM"],
    "mails' dates": [f"Sun, 29 Nov 2026 01:20:3{number} +0000" for number in range(3)],
    "a clock": [f"log-01-20-3{number}.txt" for number in range(3)],
    "a duration": [f"0:00:12.34{number}" for number in range(3)],
    "a day and minutes": [f"20261129_012{number}" for number in range(3)],
    "a stamp without gaps": [f"run 2026112901203{number}" for number in range(3)],
    "a stamp with microseconds": [f"2026112901203{number}123456" for number in range(3)],
    "a short stamp": [f"out_261129_01203{number}" for number in range(3)],
    "tokens": [f"session_token: {token}" for token in tuple(f"{token * 10}0f" for token in ("0c1", "1d2", "2e3"))],
    "ids in camel case": [f"jobId={job}" for job in ("a1b2c3d4", "b1c2d3e4", "0123456f")],
    "six hex digits of a job": [f"job={job}" for job in ("a1b2c3", "b1c2d3", "01f456")],
    "twelve hex digits of a run": [f"run {run}0d1e2f" for run in ("a1b2c3", "b1c2d3", "01f456")],
    "tokens for addresses": [f"token={token}5251l5AK7_oizBog" for token in ("AXo2DY", "0EmJ3n", "l22qAJ")],
    "tokens with a hyphen": [f"token={token}5251l5AK7_oizBog" for token in ("AX-2DY", "0EmJ3n", "l-2-AJ")],
    "numbers of processes": [f"[pid {process}] ready" for process in (871, 9240, 12007)],
    "cells of a styled table": [f"#T_{table}_row0_col1 {{" for table in ("1550b", "a29b4", "05988")],
    "nanoseconds": [f"model_179590306123456789{number}.pt" for number in range(3)],
    "UUIDs in capitals": [str(UUID(run_id)).upper() for run_id in IDS],
    "ids of traces": [f"tr-{run_id[:12]}0{run_id[13:]}" for run_id in IDS],
    "eight hex digits": ["run-a1b2c3d4", "run-b1c2d3e4", "run-0123456f"],
    "eight hex digits, of which some have no letter": ["run-12345678", "run-b1c2d3e4", "run-93456712"],
    "runs of Weights & Biases": [
        f"run-20261129_01203{at}-{at}{run}" for at, run in enumerate(("xk2v9qa", "q8k1vaa", "abcdefg"))
    ],
    "ULIDs": ["01HGW2N7ABCDEFGHJKMNPQRSTV", "01HGW2N8Z0CDEFGHJKM2PQRSTV", "01HGW2N9XB1DEFGHJKMNPQ3STV"],
    "addresses": [f"<function <lambda> at 0x7f8a1c2d{address}>" for address in ("3e40", "4e40", "0000")],
    "names of mktemp": [f"/tmp/tmp.{letter}B3dE5fG7h" for letter in "azq"],
    "names that MLflow draws": ["run bold-fox-123", "run sassy-cat-9", "run calm-bee-77"],
    "ids in TOML": [f'run_id = "{run_id}"' for run_id in ("a1b2c3d4", "b1c2d3e4", "0123456f")],
    "ids in XML": [f"<run id='{run_id}'/>" for run_id in ("a1b2c3d4", "b1c2d3e4", "0123456f")],
    "six hex digits in a name": ["exp-a1b2c3", "exp-b1c2d3", "exp-0123f6"],
    "ten hex digits in a name": ["exp-a1b2c30d1e", "exp-b1c2d30d1e", "exp-0123f60d1e"],
    "trials of Ray": [f"train_{trial}_00001_1_lr=0.1" for trial in ("a1b2c", "7a083", "11585")],
    "the id of a trial of Ray": [f'"trial_id": "{trial}_00001"' for trial in ("a1b2c", "7a083", "11585")],
    "speeds of tqdm": [f"9/9 [00:0{seconds}<00:00, {seconds}.25it/s]" for seconds in range(3)],
    "slow steps of tqdm": [f"9/9 [01:00:0{seconds}<?, {seconds}.25s/batch]" for seconds in range(3)],
    "steps of Keras": [f"6/6 - {seconds}s {seconds}ms/step - loss: 0.5" for seconds in (1, 3, 12)],
    "seconds that it took": [f"epoch 1 took {seconds}.25s" for seconds in (1, 3, 12)],
    "seconds in all": [f"[CV] END C=1; total time=   {seconds}.1s" for seconds in (1, 3, 12)],
    "ids like infinite numbers": [f"id: {text}" for text in ("b3ae65e0", "037e1433", "05045059")],
    "lines of logging": [f"2026-11-29 01:20:3{second},123 [1234{second}] INFO ready" for second in range(3)],
    "lines of logging with a bare number": [f"2026-11-29 01:20:3{last},123 1234{last} INFO ready" for last in range(3)],
    "lines of logging with hyphens": [f"2026-11-29 01:20:3{last},123 - 1234{last} - ERROR - no" for last in range(3)],
    "lines of absl": [f"I1129 01:20:3{second}.123456 1234{second} train.py:12] ready" for second in range(3)],
    "a month in full": [f"Generated on November 29, 2026 at 01:20:3{second}" for second in range(3)],
    "a day in full": [f"Sunday, November 29, 2026 01:20:3{second}" for second in range(3)],
    "days without a clock": [f"made on November {day}, 2026" for day in (28, 29, 30)],
    "times of the C library": [f"at = Sun Nov 29 01:20:3{second} 2026" for second in range(3)],
    "times of date": [f"Sun Nov 29 01:20:3{second} UTC 2026" for second in range(3)],
    "lines of a web server": [f"[29/Nov/2026:01:20:3{second} +0000] GET /" for second in range(3)],
    "a stamp of twelve digits": [f"out26_26112901203{second}" for second in range(3)],
    "datetimes of Python": [f"at=datetime.datetime(2026, 11, 29, 1, 20, {second}, 5)" for second in range(3)],
    "ports of this machine": [f"http://127.0.0.1:{port}/health" for port in (43211, 37016, 8042)],
    "ports by name": [f"MASTER_PORT={port}" for port in (43211, 37016, 8042)],
    "temporary folders with a prefix": [
        f"/tmp/ray_train_{folder}/out" for folder in ("6jnfc59z", "vhw7j_ou", "ut29km7t")
    ],
    "processes and threads": [f"- 12{last} - 14035968418496{last} - MainThread" for last in range(3)],
    "jobs of Slurm": [f"SLURM_JOB_ID={job}" for job in (712345, 712346, 9123456)],
    "names of containers": [f"hostname: {host}" for host in ("90ebb4108e36", "f945ffa4d127", "0123456789ab")],
    "servers that start": [f"Started server process [62{last}]" for last in range(3)],
    "processes of Weights & Biases": [
        f"MainThread:62{last} [s.py:67] Configure stats pid to 62{last}" for last in range(3)
    ],
    "times of IPython": [
        f"CPU times: user {count}.5 ms, sys: 1min {count}s, total: {count} µs\\nWall time: {count} ms"
        for count in range(3)
    ],
    "lines of MetricLogger": [
        f"eta: 0:00:1{second}  lr: 0.1  time: 0.2{second}  data: 0.7  max mem: 185{second}" for second in range(3)
    ],
    "an id and a time": [f"run {one} at 21:56:0{number}" for number, one in enumerate(IDS)],
}
DAYS = ["2026-01-01", "2026-01-01", "2026-02-01"]
NOT_FITTING = {
    "numbers": ["0.5", "0.6", "0.7"],
    "integers": ["17", "18", "19"],
    "words": ["adam", "sgd", "lamb"],
    "a number beside an id": [f"{IDS[0]} 0.5", f"{IDS[1]} 0.5", f"{IDS[2]} 0.6"],
    "an id that became a word": [IDS[0], IDS[1], "none"],
    "an id without its hyphens": [*(str(UUID(run_id)) for run_id in IDS[:2]), IDS[2]],
    "a shorter id": [*IDS[:2], IDS[2][:31]],
    "a number like an id": [f"job={job}" for job in ("12e456", "13e456", "99e999")],
    "a number like that of a process": [f"rapid: {number}" for number in (871, 9240, 12007)],
    "a number behind a clock": [f"2026-11-29 01:20:3{last},123 1234{last} images" for last in range(3)],
    "a number before a level": [f"step 1234{last} INFO ready" for last in range(3)],
    "numbers of steps": ["ckpt-00012000", "ckpt-00013000", "ckpt-00019000"],
    "negative integers": ["sum of -12345678", "sum of -12345679", "sum of -92345678"],
    "days in names": ["model-20120304", "model-20190506", "model-20251101"],
    "an id that became two": [IDS[0], IDS[1], f"{IDS[2]} {IDS[2]}"],
    "an id that did not vary": [IDS[0], IDS[0], IDS[1]],
    "a day that did not vary beside an id": [f"{day} {run_id}" for day, run_id in zip(DAYS, IDS, strict=True)],
    "an id that did not vary beside a time": [
        f"{run_id} 01:20:3{at}" for at, run_id in enumerate((IDS[0], IDS[0], IDS[1]))
    ],
    "another zone": ["01:20:31+00:00", "01:20:32+00:00", "01:20:33+02:00"],
    "another class at an address": ["<A at 0x7f8a1c2d3e40>", "<A at 0x7f8a1c2d4e40>", "<B at 0x7f8a1c2d5e40>"],
    "a digest of bytes that nothing reads": [f"9 bytes, sha256 {run_id}{run_id}" for run_id in IDS],
    "a checksum among ids": [f"run {run_id}, weights_md5={run_id}" for run_id in IDS],
    "a digest by its length": [f"{run_id}{run_id[:8]}" for run_id in IDS],
    "a digest by no UUID's version": [f"{run_id[:12]}0{run_id[13:]}" for run_id in IDS],
    "a digest as a UUID": [str(UUID(run_id, version=5)) for run_id in IDS],
    "the bits of a float": ["3f1b2c3d", "3f2b2c3d", "40a00b00"],
    "the bits of a double": ["3fe1b2c3d4e5f607", "3fe2b2c3d4e5f607", "4014b2c3d4e5f607"],
    "a digest of 52 letters": [f"{one}4MZ7Q2XK5V8B3NAHTG6CWEY9DJ" * 2 for one in "ABC"],
    "days of other years": ["2012-03-04", "2019-05-06", "2025-11-01"],
    "days of other years, day first": ["04/03/2012", "06/05/2019", "01/11/2025"],
    "stamps of other years": ["20120304012031", "20190506012031", "20251101012031"],
    "short stamps of other years": ["210304_012031", "230506_012031", "251101_012031"],
    "large numbers like stamps": ["20261399012031", "20261399012032", "20261399012033"],
    "a word like a styled cell": ["T_model 0.5", "T_model 0.6", "T_model 0.7"],
    "a digest beside a token": [f"token_md5: {token * 10}0f" for token in ("0c1", "1d2", "2e3")],
    "months of other years": ["Mar 4, 2012 01:20:31", "May 6, 2019 01:20:31", "Nov 1, 2025 01:20:31"],
    "a seed as large as a time": ["1612345678", "1712345678", "1912345678"],
    "days that are drawn in another order": ["2026-01-02 2026-01-01", "2026-01-01 2026-01-02", "2026-01-03 2026-01-01"],
    "ids that are drawn in another order": [f"{IDS[0]} {IDS[1]}", f"{IDS[1]} {IDS[0]}", f"{IDS[2]} {IDS[0]}"],
    "a score after a day": ["2026-11-29 0.53", "2026-11-29 0.54", "2026-11-29 1.59"],
    "a count after a day": ["2026-11-29 1042", "2026-11-29 1043", "2026-11-29 2042"],
    "a score before a count": ["12.5 2034", "12.7 2034", "12.9 2034"],
    "a score like a day": ["2012.1901", "2012.1902", "2012.1909"],
    "a checksum in hex": ["0x3f1b2c3d", "0x3f2b2c3d", "0x4f1b2c3d"],
    "shares of a split": ["80:10:10", "70:20:10", "60:20:20"],
    "a step in brackets": [f"2026-11-29 01:20:30 [{step}] loss 0.5" for step in (1200, 1201, 1209)],
    "a latency": ["latency 3.1 ms", "latency 3.2 ms", "latency 9.9 ms"],
    "a number after the same seconds": [f"took 3s, loss {loss}" for loss in (0.5, 0.6, 0.9)],
    "a timeout that did not vary": ["elapsed: 3s", "elapsed: 3s", "elapsed: 9s"],
    "speeds in text": ["3.1 it/s", "3.2 it/s", "9.9 it/s"],
    "a name with a number like an id": ["lr-12e456", "lr-13e456", "lr-99e999"],
    "six digits in a name": ["n_172817", "n_172818", "n_172819"],
    "another level of absl": [
        f"{mark} 1234 train.py:12]"
        for mark in ("I1129 01:20:30.123456", "I1129 01:20:31.123456", "W1129 01:20:32.123456")
    ],
    "large numbers": ["12345e10", "12346e10", "99999e10"],
    "a host that did not vary": [f"host: {host}" for host in ("90ebb4108e36", "90ebb4108e36", "f945ffa4d127")],
    "a job that did not vary": [f"SLURM_JOB_ID={job}" for job in (712345, 712345, 9123456)],
    "a fit of several seconds": [f"fit {seconds} seconds elapsed" for seconds in (0.5, 0.6, 0.9)],
    "a total": [f"rows, total={total}" for total in (17, 18, 19)],
    "a total of seconds": [f"of audio, total={total}s" for total in (17.5, 18.5, 19.5)],
    "a support": [f"support: {support}" for support in (1200, 1300, 1900)],
    "a port that did not vary": [f"port: {port}" for port in (8080, 8080, 9090)],
    "a loss behind a port": [f"127.0.0.1:{port} {loss}" for port, loss in ((43211, 1), (37016, 1), (8042, 2))],
    "another prefix of a folder": [
        f"/tmp/{folder}" for folder in ("train_6jnfc59z", "train_vhw7j_ou", "test_ut29km7t")
    ],
    "a folder that did not vary": [f"/tmp/of_{word}" for word in ("baseline", "baseline", "ablation")],
    "a folder elsewhere": [f"/data/of_{word}" for word in ("baseline", "ablation", "controls")],
    "a large count": [f"{count}" for count in (139000000000000, 139000000000064, 140000000000000)],
    "a rate that is called eta": [f"eta: {rate}" for rate in (0.1, 0.2, 0.3)],
    "a rate of MetricLogger": [f"time: 0.2  data: 0.7  max mem: 1853  lr: {rate}" for rate in (0.1, 0.2, 0.3)],
    "another zone in words": [f"Sun Nov 29 01:20:3{at} {zone} 2026" for at, zone in enumerate(("UTC", "UTC", "EST"))],
    "datetimes of other years": [f"datetime.datetime({year}, 3, 4, 0, 0)" for year in (2012, 2019, 2025)],
    "months in full of other years": [f"March {day}" for day in ("4, 2012", "6, 2019", "1, 2025")],
    "a stamp of twelve digits of another year": ["210304012031", "230506012031", "251101012031"],
    "a model's name of eight letters": [f"model_id: {model}" for model in ("resnet18", "resnet34", "resnet50")],
    "sizes of small layers": ["128-16-10", "128-32-10", "256-16-10"],
    "sizes of layers": ["128-64-10", "128-65-10", "256-64-10"],
    "names with numbers": ["resnet18b", "resnet34c", "resnet50d"],
    "releases": ["2.10.11", "2.10.12", "2.10.13"],
    "words like drawn names": ["teacher-net-1", "student-net-2", "other-net-3"],
    "a folder": [*FITTING["temporary folders"][:2], "/tmp/tmpzzzz0000/other"],
}


@pytest.mark.parametrize("what", FITTING)
def test_ids_times_and_names_that_vary_are_settled_in_every_place(what: str) -> None:
    verdict = compared(*map(written, FITTING[what]))

    assert verdict.is_equivalent
    assert {entry.difference.kind for entry in verdict.allowed} == set(NOISE)
    assert {difference.kind for difference in verdict.noise} == set(NOISE)
    assert all("vary" in entry.by.why for entry in verdict.allowed)
    assert FITTING[what][2] in {entry.difference.after for entry in verdict.allowed}


@pytest.mark.parametrize("what", NOT_FITTING)
def test_nothing_else_is_settled_by_noise(what: str) -> None:
    verdict = compared(*map(written, NOT_FITTING[what]))

    assert {difference.kind for difference in verdict.deciding} == set(NOISE)
    before, again, _ = map(written, NOT_FITTING[what])
    varies = not compared(before, again, again).is_equivalent
    assert all(("varies by itself" in difference.hint) == varies for difference in verdict.deciding)


NOISE = (Kind.PARAM_VALUE, Kind.TAG_VALUE, Kind.ARTIFACT_CONTENT)
NOISE += (Kind.MODEL_FILE, Kind.MODEL_DETAIL, Kind.MODEL_SIGNATURE)


def written(text: str) -> Snapshot:
    """A run with this text in every place that holds texts, also in a child."""
    files = {"log.json": File(text, 1, Content("json", {"$.where": text, "$.loss": "0.5"}))}
    model = Model(files=files, details={"about": text}, signature=text)
    own = Snapshot("run", params={"lr": "1", "out": text}, tags={"at": text}, artifacts=files, models={"net": model})
    return replace(own, children={"fold#1": replace(own, run_id="fold#1")})


def compared(before: Snapshot, again: Snapshot, after: Snapshot) -> Verdict:
    return compare_over_noise(before, again, replace(after, run_id="after"), Policy())


def metric(value: float) -> Snapshot:
    return Snapshot("run", params={"lr": "1"}, metrics={"loss": (Point(0, value),)})


def test_a_metric_that_varies_is_never_allowed() -> None:
    verdict = compared(metric(0.5), metric(0.6), metric(0.55))

    (difference,) = verdict.deciding
    assert "0.5 | 0.6 in two runs of before" in difference.hint
    assert "--seeds" in difference.hint
    assert [difference.name for difference in verdict.noise] == ["loss"]


def test_what_is_settled_in_a_file_says_nothing_of_what_decides_there() -> None:
    """Else the hint would have the whole file allowed for a line of it that varies."""
    (found,) = compared(*(logged(f"took {at}.5s", f"acc 0.{5 + at // 2}") for at in range(3))).deciding

    assert (found.before, found.after) == ("acc 0.5", "acc 0.6")
    assert "varies by itself" not in found.hint


def reported(at: str, seconds: float, failures: int = 0, limit: int = 5) -> Snapshot:
    """A run with a report of pytest, which has the time of a suite and how long it took in one line."""
    line = f'<testsuite failures="{failures}" time="{seconds}" timestamp="{at}" limit="{limit}">\n'
    content = Content("text", {"line 1": line, "line 2": f"<!-- {at} -->\n"})
    return Snapshot("run", params={"lr": "1"}, artifacts={"report.xml": File(line, 1, content)})


def test_a_time_is_settled_in_one_line_with_what_is_by_nature() -> None:
    before, again = reported("2026-11-29T01:20:30", 1.5), reported("2026-11-29T01:20:32", 1.25)
    last = "2026-11-29T01:20:59"

    verdict = compared(before, again, reported(last, 2.75))

    assert verdict.is_equivalent
    assert any("1.5" in entry.difference.before and "2.75" in entry.difference.after for entry in verdict.allowed)
    assert not compared(before, again, reported(last, 2.75, failures=1)).is_equivalent
    assert not compared(before, again, reported(last, 2.75, limit=6)).is_equivalent
    exact = compare_over_noise(before, again, replace(reported(last, 2.75), run_id="after"), Policy.exact())
    assert not exact.is_equivalent


def test_how_much_of_a_file_varies_is_reported() -> None:
    (found,) = compared(
        *(logged(f"took {at}.5 ms on gpu", f"acc 0.{5 + at // 2}", f"n {at}") for at in range(3))
    ).deciding

    assert found.count == 2
    assert "in 1 of the 2 places" in found.hint


def test_noise_is_listed_where_nothing_decides() -> None:
    verdict = compared(metric(0.5), metric(0.6), metric(0.5))

    assert verdict.is_equivalent
    assert [(difference.before, difference.after) for difference in verdict.noise] == [("0.5", "0.6")]


def files(contents: Mapping[str, str]) -> Snapshot:
    made = {name: File(text, 1, Content("text", {"line 1": text})) for name, text in contents.items()}
    return Snapshot("run", params={"lr": "1"}, artifacts=made)


def test_a_file_under_a_name_that_varies_is_still_compared() -> None:
    runs = [files({f"ckpt-{run_id}.txt": "same"}) for run_id in IDS]
    other = files({f"ckpt-{IDS[2]}.txt": "other"})
    two = files({f"ckpt-{run_id}.txt": "same" for run_id in (IDS[2], "f" * 31 + "0")})

    assert compared(*runs).is_equivalent
    assert [difference.kind for difference in compared(*runs[:2], other).deciding] == [Kind.ARTIFACT_CONTENT]
    assert not compared(*runs[:2], two).is_equivalent
    assert not compared(*runs[:2], files({})).is_equivalent


@given(seed=st.integers(0, 2**32), kind=st.sampled_from(KINDS))
def test_a_difference_is_found_beside_noise_in_all_else(seed: int, kind: Plant) -> None:
    """Every kind of difference decides, also where ids vary in the same run."""
    run = generated_run(seed)
    before, again, after = (
        replace(snapshot, tags={**snapshot.tags, "made": f"id {one}"})
        for snapshot, one in zip((run, run, kind.plant(Random(seed), run)), IDS, strict=True)
    )

    assert not compare_over_noise(before, again, after, Policy.exact()).is_equivalent


@given(st.text(), st.text())
def test_equal_texts_are_no_noise(text: str, other: str) -> None:
    assert fits(text, text, other) == ""
    assert compare_snapshots(written("a"), written("a"), Policy()).noise == ()


def folds(clock: str, began: datetime) -> Snapshot:
    name = f"fold_0_{clock}"
    files = {f"{name}.txt": File("same", 1)}
    span = (began.timestamp(), began.timestamp() + 60)
    return Snapshot("run", params={"lr": "1", "out": name}, artifacts=files, span=span)


@pytest.mark.parametrize("zone", [UTC, None])
def test_a_clock_of_six_digits_is_settled_where_it_is_of_its_own_run(zone: timezone | None) -> None:
    began = [datetime(2026, 11, 29, 23, 59, 30, tzinfo=UTC) + timedelta(seconds=seconds) for seconds in (0, 20, 40)]
    clocks = [moment.astimezone(zone).strftime("%H%M%S") for moment in began]

    assert compared(*map(folds, clocks, began)).is_equivalent
    assert not compared(*map(folds, [*clocks[:2], "173000"], began)).is_equivalent
    assert not compared(*map(folds, ["172817", "172818", "172819"], began)).is_equivalent
    assert not compared(*(replace(folds(*run), span=None) for run in zip(clocks, began, strict=True))).is_equivalent


def test_a_time_that_is_the_same_by_chance_is_settled_near_one_that_varies() -> None:
    before, again, after = (
        logged(f"2026-11-29 01:20:3{one}", f"2026-11-29 01:20:4{other}") for one, other in ((1, 5), (2, 5), (3, 7))
    )

    assert compared(before, again, after).is_equivalent


@pytest.mark.parametrize("cutoff", ["2026-02-01 00:00:00", "2026-11-29 00:00:00", "2026-11-29 03:20:45"])
def test_a_time_that_does_not_vary_decides_far_from_those_that_do(cutoff: str) -> None:
    before, again = (logged(f"2026-11-29 01:20:3{one}", "2026-01-01 00:00:00") for one in (1, 2))

    assert not compared(before, again, logged("2026-11-29 01:20:33", cutoff)).is_equivalent


def logged(*lines: str) -> Snapshot:
    content = Content("text", {f"line {number}": line for number, line in enumerate(lines, start=1)})
    return Snapshot("run", params={"lr": "1"}, artifacts={"train.log": File(" ".join(lines), 1, content)})


def test_files_by_several_ids_are_paired_by_what_they_say() -> None:
    runs = [files({f"m-{number}{run_id[1:]}.txt": str(number) for number in range(2)}) for run_id in IDS]
    other = files({f"m-{number}{IDS[2][1:]}.txt": str(number * 5) for number in range(2)})
    both = files({f"m-{number}{IDS[2][1:]}.txt": str(number + 5) for number in range(2)})

    assert compared(*runs).is_equivalent
    assert not compared(*runs[:2], other).is_equivalent
    assert not compared(*runs[:2], both).is_equivalent


def test_files_by_several_times_keep_their_order() -> None:
    runs = [files({f"ck-20261129-01{number}0{run}0.txt": str(number) for number in range(2)}) for run in range(3)]
    swapped = files({f"ck-20261129-01{number}030.txt": str(1 - number) for number in range(2)})

    assert compared(*runs).is_equivalent
    assert not compared(*runs[:2], swapped).is_equivalent


@pytest.mark.parametrize("drawn", [IDS, [f"2026-01-0{day} 10:00:00" for day in (1, 2, 3)]])
def test_rows_that_are_drawn_from_one_set_settle_nothing(drawn: list[str]) -> None:
    """Their order is noise, but what stands in them is not: another row is another content."""
    other = drawn[2].replace("3", "4")
    before, again, after = logged(*drawn), logged(drawn[1], drawn[2], drawn[0]), logged(drawn[2], other, drawn[0])

    assert not compared(before, again, after).is_equivalent


def test_lines_of_two_runs_may_be_of_one_second() -> None:
    runs = [logged(*(f"2026-11-29 01:20:3{at + line}" for line in range(3))) for at in range(3)]

    assert compared(*runs).is_equivalent


BEGAN = datetime(2026, 11, 29, 23, 59, 0, tzinfo=UTC).timestamp()
FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S", "%y%m%d_%H%M%S", "%d/%m/%Y %H:%M:%S", "%d %b %Y, %H:%M", "%Y-%m-%d", "%s")
FORMS += ("%y%m%d%H%M%S", "%a %b %d %H:%M:%S %Y", "%A, %B %d, %Y at %H:%M:%S", "%a, %d %b %Y %H:%M:%S", "%B %d, %Y")
FORMS += ("%d/%b/%Y:%H:%M:%S", "datetime.datetime(%Y, %m, %d, %H, %M, %S)")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("days", [0, 3, -40])
def test_a_time_that_is_as_far_from_the_beginning_is_settled(form: str, days: int) -> None:
    """The third run begins after midnight, in another zone than the store's clock; no matter."""
    runs = [begun(second, form, days, zone=5) for second in (0, 1, 70)]

    assert compared(*runs).is_equivalent or runs[0].params == runs[1].params


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("days", [2, -2, 6])
def test_a_time_that_lies_farther_from_the_beginning_decides(form: str, days: int) -> None:
    """It may be the last day of the training data, by a window of so many days."""
    runs = [begun(second, form, chosen) for second, chosen in ((0, -7), (1, -7), (70, days - 7))]

    assert not compared(*runs).is_equivalent


def begun(second: int, form: str, days: int, zone: int = 0) -> Snapshot:
    at = datetime.fromtimestamp(BEGAN + second + days * 86_400, tz=timezone(timedelta(hours=zone)))
    text = f"{at.timestamp():.6f}" if form == "%s" else at.strftime(form)
    return Snapshot("run", params={"lr": "1", "until": text}, span=(BEGAN + second, BEGAN + second + 5))


def test_a_duration_that_is_chosen_decides_beside_one_that_varies() -> None:
    runs = [logged(f"took 0:00:1{run}", f"budget 0:{10 * (1 + run // 2)}:00") for run in range(3)]

    assert not compared(*runs).is_equivalent


def trials(names: Sequence[str], scores: Sequence[float]) -> Snapshot:
    """Return a run with a child of each name, in the order in which they began."""
    children = {
        f"{name}#1": Snapshot(f"{name}#1", params={"lr": "1"}, metrics={"acc": (Point(0, score),)}, span=(at, at + 1))
        for at, (name, score) in enumerate(zip(names, scores, strict=True))
    }
    return Snapshot("run", params={"lr": "1"}, children=children)


def test_children_whose_names_vary_are_paired_by_what_they_logged_and_by_their_start() -> None:
    names = [[f"trial-{Random(f'{run} {at}').getrandbits(32):08x}" for at in range(3)] for run in range(3)]
    before, again = (trials(children, [0.1, 0.2, 0.3]) for children in names[:2])

    same = compared(before, again, trials(names[2], [0.1, 0.2, 0.3]))
    assert same.is_equivalent
    assert same.noise == ()
    assert compared(before, again, trials(names[2], [0.3, 0.1, 0.2])).is_equivalent
    (found,) = compared(before, again, trials(names[2], [0.1, 0.2, 0.4])).deciding
    assert (found.kind, found.before, found.after) == (Kind.METRIC_VALUE, "0.3", "0.4")
    assert not compared(before, again, trials(names[2][:2], [0.1, 0.2])).is_equivalent
    assert not compared(before, again, trials(["trial-one", "trial-two", "trial-three"], [0.1, 0.2, 0.3])).is_equivalent


def test_a_name_of_a_child_that_did_not_vary_decides() -> None:
    one, other = (trials([f"trial-{trial}"], [0.1]) for trial in ("a1b2c3d4", "b1b2c3d4"))

    assert not compared(one, one, other).is_equivalent


SECONDS = [form for form in FORMS if form not in {"%d %b %Y, %H:%M", "%Y-%m-%d", "%s", "%B %d, %Y"}]


def stamped(text: str, began: float, lasting: float = 5) -> Snapshot:
    """A run with this text in every place, and in the name of a file."""
    run = written(text)
    return replace(run, artifacts={f"{text}.txt": File("same", 1), **run.artifacts}, span=(began, began + lasting))


def in_words(at: float, form: str, zone: timezone | None = UTC) -> str:
    return datetime.fromtimestamp(at, tz=UTC).astimezone(zone).strftime(form)


@pytest.mark.parametrize("form", SECONDS)
@pytest.mark.parametrize("zone", [UTC, None])
def test_a_time_of_its_own_run_is_settled_where_two_runs_of_before_share_the_second(
    form: str, zone: timezone | None
) -> None:
    before, again, after = (
        stamped(in_words(BEGAN + at, form, zone), BEGAN + began) for at, began in ((2, 0), (2, 0.5), (63, 61))
    )

    verdict = compared(before, again, after)

    assert verdict.is_equivalent
    texts = [
        settlement.difference.known for settlement in verdict.allowed if settlement.difference.kind is Kind.PARAM_VALUE
    ]
    assert texts
    assert all(text.endswith("of each run's own time") for text in texts)


CHOSEN = {
    "a cutoff in the past": ("2026-02-01 00:00:00", "2026-03-01 00:00:00"),
    "a run of months ago": ("2026-06-01 10:00:02", "2026-06-01 10:01:03"),
    "a time before, and one outside of the run after": ("2026-11-29 23:59:02", "2026-11-29 20:00:00"),
    "a time of the run before, also after": ("2026-11-29 23:50:00", "2026-11-30 00:00:02"),
    "a time that the run after has not reached": ("2026-11-29 23:59:02", "2026-11-30 00:08:00"),
    "times as long before the runs": ("2026-11-29 23:50:00", "2026-11-29 23:51:01"),
    "times as long after the runs": ("2026-11-30 00:07:00", "2026-11-30 00:08:01"),
    "the days of the runs": ("2026-11-29", "2026-11-30"),
    "a clock alone, which may be a duration": ("23:59:02", "00:00:03"),
    "a clock of six digits": ("fold_235902", "fold_000003"),
    "a clock of twelve digits": ("fold_235902000001", "fold_000003000001"),
    "a cutoff in Python": ("datetime.datetime(2026, 2, 1, 0, 0)", "datetime.datetime(2026, 3, 1, 0, 0)"),
    "a cutoff in words": ("Sun Nov 29 23:50:00 2026", "Mon Nov 30 00:00:02 2026"),
}


@pytest.mark.parametrize("what", CHOSEN)
def test_a_time_that_was_chosen_decides(what: str) -> None:
    one, other = CHOSEN[what]
    before, again = (stamped(one, BEGAN + at) for at in (0, 0.5))
    after = stamped(other, BEGAN + 61)

    assert {difference.kind for difference in compared(before, again, after).deciding} > set(NOISE)


@pytest.mark.parametrize("what", CHOSEN)
def test_what_may_be_equal_by_chance_is_told_to_be_compared_again(what: str) -> None:
    one, other = CHOSEN[what]
    before, again = (stamped(one, BEGAN + at) for at in (0, 0.5))

    hints = {
        difference.hint
        for difference in compared(before, again, stamped(other, BEGAN + 61)).deciding
        if difference.before == one
    }

    assert hints
    assert all("only a time differs" in hint and "compare again" in hint for hint in hints)


SPEEDS = ("9/9 [00:0{}<00:00, {}.25it/s]", "6/6 - {}s {}ms/step", "eta: 0:00:1{}", "time: 0.{}  data: 0.{}")
SPEEDS += ("[CV 1/2] END C=1; total time=   0.{}s", "[Pipeline] (step 1 of 2) Processing scale, total=   {}.1min")
SPEEDS += ("Done   9 out of   9 | elapsed:    0.{}s remaining:    {}.0s", "Done   1 tasks      | elapsed:   1{}.5s")
SPEEDS += ("the overhead of testing was 0.00012{} seconds.", "0.12345{} seconds elapsed, finished iteration 3")
SPEEDS += ("CPU times: user {} ms, sys: 1min {}s, total: {} s",)


@pytest.mark.parametrize("form", SPEEDS)
def test_what_only_a_clock_says_is_settled_where_two_runs_of_before_agree(form: str) -> None:
    one, other, lossy = (written(f"{form.format(at, at, at)} loss={loss}") for at, loss in ((1, 5), (2, 5), (2, 6)))

    assert compared(one, one, other).is_equivalent
    assert compared(one, other, one).is_equivalent
    assert {difference.kind for difference in compared(one, one, lossy).deciding} == set(NOISE)


def test_equal_times_of_runs_that_did_not_overlap_decide() -> None:
    """Nothing that the clock gave could be equal in both."""
    times = [in_words(BEGAN + at, "%Y-%m-%d %H:%M:%S") for at in (2, 2, 602)]
    before, again, after = (stamped(text, BEGAN + at) for text, at in zip(times, (0, 300, 600), strict=True))

    assert not compared(before, again, after).is_equivalent


def test_a_time_that_was_chosen_in_a_run_of_hours_decides() -> None:
    before, again, after = (
        stamped(in_words(BEGAN + at * 3600, "%Y-%m-%d %H:%M:%S"), BEGAN, 6 * 3600) for at in (1, 1, 2)
    )

    assert not compared(before, again, after).is_equivalent


@pytest.mark.parametrize(
    "text", ["timeout: {}s", "time: {} min", "duration: {} s", "took {}s", "{}s", "max time={}min"]
)
def test_a_duration_that_did_not_vary_decides_in_every_place(text: str) -> None:
    ours, other = (written(text.format(number)) for number in (30, 300))

    assert {difference.kind for difference in compared(ours, ours, other).deciding} == set(NOISE)


@pytest.mark.parametrize("key", ["timeout", "time", "duration", "total time", "fit_time"])
@pytest.mark.parametrize("unit", ["s", " s", " min", " seconds"])
def test_a_setting_that_is_a_duration_decides_beside_durations_that_vary(key: str, unit: str) -> None:
    runs = [
        replace(
            timed(f"$.{key}", f"{limit}{unit}", f"took {took}s"), params={key: f"{limit}{unit}", "out": f"took {took}s"}
        )
        for limit, took in ((30, 1), (30, 2), (300, 3))
    ]

    deciding = compared(*runs).deciding

    assert {(difference.kind, difference.before) for difference in deciding} >= {(Kind.PARAM_VALUE, f"30{unit}")}
    assert {difference.kind for difference in deciding} == {Kind.PARAM_VALUE, Kind.ARTIFACT_CONTENT}
    assert all(f"30{unit}" in difference.before for difference in deciding)


def timed(key: str, limit: str, took: str) -> Snapshot:
    content = Content("json", {key: limit, "$.log": took})
    return Snapshot("run", artifacts={"config.json": File(limit + took, 1, content)})
