"""Run libraries' own tests against the drop-ins.

::

    python tests/upstream/run.py [LIBRARY ...] [--checkouts DIR] [--json FILE]

Tests in wheels run as they are, source distributions are downloaded from the package index, and
repositories are read from DIR/<library>, a checkout of the revision in `sources.py`; without it
they are skipped. The library is patched (`edgewise.patch`) while its tests run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from pathlib import Path

from sources import SOURCES, Source

from edgewise.compat.catalogue import library
from edgewise.parity.run import installed_version

HERE = Path(__file__).resolve().parent
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")


def download(source: Source, folder: Path) -> Path:
    """Unpack a source distribution; returns its top folder."""
    project = f"{INDEX}/{source.place}/"
    with urllib.request.urlopen(project, timeout=60) as page:
        links = re.findall(r'href="([^"#]+)', page.read().decode())
    stem = re.sub("[-_]", "[-_]", source.place)
    name = rf"{stem}-{re.escape(source.revision)}\.tar\.gz"
    (link,) = {link for link in links if re.search(f"/{name}$", link)}
    with urllib.request.urlopen(urllib.parse.urljoin(project, link), timeout=300) as data:
        archive = folder / "sdist.tar.gz"
        archive.write_bytes(data.read())
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return next(one for one in folder.iterdir() if one.is_dir())


def run_suite(name: str, suite, root: Path | None) -> dict:
    """Run one file of a library's tests with the library patched."""
    with tempfile.TemporaryDirectory() as scratch:
        report, calls = Path(scratch, "report.xml"), Path(scratch, "calls.json")
        target = ["--pyargs", suite.path] if root is None else [str(root / suite.path)]
        options = ["-q", "-p", "edgewise_patched", "-p", "no:cacheprovider", "--tb=line"]
        options += ["--junitxml", str(report), "-o", "addopts=", "-W", "ignore"]
        options += ["--import-mode=importlib"]  # the installed library, not the checkout's
        if root is not None:  # names of tests start from here
            options += ["--rootdir", str(root)]
            options += [] if SOURCES[name].conftest else ["--noconftest"]
        for test, _ in suite.deselected:
            # tests in wheels lie outside of pytest's root, their names begin behind the file
            options += ["--deselect", f"{'' if root is None else suite.path}::{test}"]
        environment = os.environ | {
            "EDGEWISE_UPSTREAM": name,
            "EDGEWISE_UPSTREAM_ROOT": str(root or ""),
            "EDGEWISE_UPSTREAM_CALLS": str(calls),
            "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        }
        command = [sys.executable, "-m", "pytest", *target, *options]
        done = subprocess.run(
            command, env=environment, cwd=scratch, capture_output=True, text=True, check=False
        )
        if not report.exists():
            return {"suite": suite.path, "error": (done.stdout + done.stderr)[-2000:]}
        cases = list(ET.parse(report).getroot().iter("testcase"))
        outcome = [next((child.tag for child in case), "passed") for case in cases]
        failed = [
            f"{case.get('classname')}::{case.get('name')}"
            for case, what in zip(cases, outcome, strict=True)
            if what in ("failure", "error")
        ]
        return {
            "suite": suite.path,
            "passed": sum(what in ("passed", "system-out", "properties") for what in outcome),
            "skipped": outcome.count("skipped"),
            "failed": failed,
            "deselected": len(suite.deselected),
            "calls": sum(json.loads(calls.read_text()).values()) if calls.exists() else 0,
        }


def run_library(name: str, checkouts: Path | None) -> dict:
    """Run all suites of a library."""
    one, source = library(name), SOURCES[name]
    found = {"library": name, "version": installed_version(one), "suites": []}
    with tempfile.TemporaryDirectory() as scratch:
        root = None
        if source.where == "sdist":
            try:
                root = download(source, Path(scratch))
            except OSError as error:
                found["skipped"] = f"the source distribution cannot be downloaded: {error}"
                print("skipped", name, found["skipped"], file=sys.stderr)
                return found
        elif source.where == "repository":
            root = None if checkouts is None else checkouts / name
            if root is None or not root.is_dir():
                found["skipped"] = f"needs a checkout of {source.place} at {source.revision}"
                return found
        for suite in one.suites:
            result = run_suite(name, suite, root)
            found["suites"].append(result)
            print(name, json.dumps(result)[:300], file=sys.stderr)
    return found


def main() -> int:
    """Run what the command line asks for; 1 if a test fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("libraries", nargs="*", default=list(SOURCES))
    parser.add_argument("--checkouts", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = [run_library(name, options.checkouts) for name in options.libraries]
    text = json.dumps(results, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    else:
        print(text)
    bad = [s for r in results for s in r["suites"] if s.get("failed") or "error" in s]
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
