"""Class scores brought to another grid, beside other libraries: `python -m benches resample`.

Labels are compared first, where the best class is more than 1e-5 above the next one. Memory is what
the resident set rises by in a process of its own; Linux. `network`: few classes are large anywhere;
`noise`: all are everywhere, the hardest input for us.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.racing import Contender, machine, optional, race, set_threads
from edgewise.voxels import resample, resample_argmax

from . import memory
from .contest import Field
from .results import Marks, add_results

_MARKS = Marks("resample")


@dataclass(frozen=True, slots=True)
class Case:
    """Scores of some classes on one grid, and the shape of the other grid."""

    id: str
    classes: int
    source: tuple[int, int, int]
    target: tuple[int, int, int]
    kind: str = "network"
    dtype: str = "float32"

    @property
    def title(self) -> str:
        """What the table calls it."""
        shapes = " to ".join("x".join(map(str, shape)) for shape in (self.source, self.target))
        return f"{self.classes} classes, {self.kind}, {self.dtype}, {shapes}"


CASES = (
    Case("105", 105, (64, 96, 96), (96, 144, 144)),
    Case("105-noise", 105, (64, 96, 96), (96, 144, 144), "noise"),
    Case("105-half", 105, (64, 96, 96), (96, 144, 144), dtype="float16"),
    Case("105-down", 105, (96, 144, 144), (64, 96, 96)),
    Case("26", 26, (51, 128, 128), (102, 256, 256)),
    Case("3", 3, (64, 128, 128), (128, 256, 256)),
)


def _logits(case: Case, quick: bool) -> tuple[Any, tuple[int, ...]]:
    source, target = case.source, case.target
    if quick:
        source, target = (tuple(max(2, n // 8) for n in shape) for shape in (source, target))
    rng = np.random.default_rng(0)
    if case.kind == "noise":
        logits = rng.standard_normal((case.classes, *source), dtype=np.float32)
    else:
        coarse = tuple(max(2, n // 16) for n in source)
        logits = np.empty((case.classes, *source), np.float32)
        for one in logits:
            one[...] = resample(8 * rng.standard_normal(coarse, dtype=np.float32), source)
            one += 0.2 * rng.standard_normal(source, dtype=np.float32)
    return logits.astype(case.dtype), target


def _sure(logits: Any, shape: tuple[int, ...]) -> Any:
    """Where the best class is more than 1e-5 above the next one."""
    best = second = np.full(shape, -np.inf, np.float32)
    for one in logits:
        value = resample(one, shape)
        second = np.maximum(second, np.minimum(best, value))
        best = np.maximum(best, value)
    return best - second > 1e-5


def _torch(torch: Any, logits: Any, shape: tuple[int, ...]) -> Any:
    tensor = torch.from_numpy(logits)[None].float()
    with torch.inference_mode():
        return _larger(torch, tensor, shape)[0].argmax(0).to(torch.uint8).numpy()


def _torch_by_class(torch: Any, logits: Any, shape: tuple[int, ...]) -> Any:
    """As little memory as torch can do with."""
    best = torch.full(shape, -torch.inf)
    labels = torch.zeros(shape, dtype=torch.uint8)
    with torch.inference_mode():
        for label, one in enumerate(torch.from_numpy(logits)):
            value = _larger(torch, one[None, None].float(), shape)[0, 0]
            labels[value > best] = label
            torch.maximum(best, value, out=best)
    return labels.numpy()


def _larger(torch: Any, tensor: Any, shape: tuple[int, ...]) -> Any:
    interpolate = torch.nn.functional.interpolate
    return interpolate(tensor, size=shape, mode="trilinear", align_corners=False)


def _skimage(skimage: Any, logits: Any, shape: tuple[int, ...]) -> Any:
    """nnU-Net's way of bringing logits back."""
    scores = np.empty((len(logits), *shape), np.float32)
    for one, out in zip(logits, scores, strict=True):
        out[...] = skimage.resize(one.astype(float), shape, 1, mode="edge", anti_aliasing=False)
    return scores.argmax(0)


def _field(case: Case, threads: int, *, quick: bool, compared: bool = True) -> Field:
    logits, shape = _logits(case, quick)
    sure = _sure(logits, shape) if compared else np.True_

    def value(labels: Any) -> Any:
        return np.where(sure, labels, 0)

    def peer(work: Any) -> Any:
        return lambda name, library: Contender(
            name, partial(work, library, logits, shape), like="edgewise", value=value
        )

    call = partial(resample_argmax, logits, shape, threads=threads)
    contenders = [
        Contender("edgewise", call, kind="ours", value=value),
        optional("torch", "", peer(_torch)),
        optional("torch", ", class by class", peer(_torch_by_class)),
    ]
    if case.classes == 26:
        contenders.append(optional("skimage", "", peer(_skimage), part="skimage.transform"))
    return Field(shape, contenders)


def main(arguments: list[str]) -> int:
    """Time the cases and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benches resample",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(c.id for c in CASES))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--limit", type=float, default=300.0, metavar="S")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    add_results(parser)
    parser.add_argument("--one", metavar="NAME", help="MiB of that contender, in this process")
    options = parser.parse_args(arguments)
    known = [case.id for case in CASES]
    for name in options.cases:
        if name not in known:
            parser.error(f"no case {name!r}: choose from {', '.join(known)}")
    if options.page:
        _MARKS.check(options.page, parser)
    cases = [case for case in CASES if not options.cases or case.id in options.cases]
    if options.one is not None:
        set_threads(1)
        field = _field(cases[0], 1, quick=options.quick, compared=False)
        print(json.dumps(memory.risen(field, options.one)))
        return 0
    if len(options.threads) > 1:
        rows = _one_process_each(options, cases)
    else:
        rows = [row for case in cases for row in _rows(case, options)]
    return _MARKS.deliver({"machine": machine(), "rows": rows}, markdown(rows), options)


def _one_process_each(options: argparse.Namespace, cases: list[Case]) -> list[dict[str, Any]]:
    """Run each number of threads in its own process: thread pools keep their first size."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for threads in options.threads:
            path = Path(scratch) / f"{threads}.json"
            command = [sys.executable, "-m", "benches", "resample", *(case.id for case in cases)]
            command += ["--threads", str(threads), "--rounds", str(options.rounds)]
            command += ["--limit", str(options.limit), "--json", str(path)]
            command += ["--quick"] if options.quick else []
            done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
            if not path.is_file():
                sys.exit(f"benches resample: {threads} threads ended with {done.returncode}")
            rows += json.loads(path.read_text())["rows"]
    return rows


def _rows(case: Case, options: argparse.Namespace) -> list[dict[str, Any]]:
    (threads,) = options.threads
    set_threads(threads)
    print(f"{threads} thread(s)  {case.title} ...", file=sys.stderr, flush=True)
    field = _field(case, threads, quick=options.quick)
    set_threads(threads)  # once more: the libraries are there now
    rows = []
    for outcome in race(field.contenders, rounds=options.rounds, limit=options.limit):
        row = {"case": case.title, "threads": threads, "name": outcome.name}
        if outcome.status == "ok":
            row["ms"] = outcome.median
            if threads == 1:
                row["mib"] = _memory(case, outcome.name, quick=options.quick)
        elif outcome.status == "missing":
            print(f"    {outcome.name}: {outcome.detail}", file=sys.stderr)
            continue
        else:
            row["problem"] = f"{outcome.status} {outcome.detail}"
        rows.append(row)
    return rows


def _memory(case: Case, name: str, *, quick: bool) -> float | None:
    """MiB by which the resident set of a fresh process rises during the call; Linux."""
    if not Path("/proc/self/clear_refs").exists():
        return None
    command = [sys.executable, "-m", "benches", "resample", case.id, "--one", name]
    command += ["--quick"] if quick else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table as Markdown: times faster and times the memory are those of edgewise."""
    lines = [
        "| scores | threads | library | ms | times ours | MiB | times ours |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    ours: dict[str, Any] = {}
    for row in rows:
        if row["name"] == "edgewise":
            ours = row
        cells = [row["case"], str(row["threads"]), row["name"]]
        if "problem" in row:
            cells += [row["problem"], "", "", ""]
        for key in ("ms", "mib") if "problem" not in row else ():
            number = row.get(key)
            own = ours.get(key)
            cells.append("" if number is None else _three(number))
            other = number is not None and own and row is not ours
            cells.append(_three(number / own) if other else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _three(number: float) -> str:
    """Three significant digits without an exponent."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
