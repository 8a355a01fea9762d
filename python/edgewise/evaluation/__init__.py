"""Evaluating whole data sets: pairing files, measuring every case, tables, summaries."""

from .case import CaseResult, measure_case
from .cases import Case, Note, Pairs
from .checks import Problem, check
from .config import Config, Execution
from .configuration_file import read_toml
from .evaluation_result import Evaluation
from .gates import Gate, GateResult, parse_gate
from .run import evaluate, evaluate_pair, run
from .runner import ProgressEvent
from .summary import Policies, Summary, SummaryRow, summarize
from .tables import Table, read_cases, read_values

__all__ = [
    "Case",
    "CaseResult",
    "Config",
    "Evaluation",
    "Execution",
    "Gate",
    "GateResult",
    "Note",
    "Pairs",
    "Policies",
    "Problem",
    "ProgressEvent",
    "Summary",
    "SummaryRow",
    "Table",
    "check",
    "evaluate",
    "evaluate_pair",
    "measure_case",
    "parse_gate",
    "read_cases",
    "read_toml",
    "read_values",
    "run",
    "summarize",
]
