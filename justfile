# One word per job. `pip install rust-just` brings `just`.

python := ".venv/bin/python"

# fresh virtual environment with the package and everything the tests use
setup:
    python3 -m venv .venv
    .venv/bin/pip install --quiet --upgrade pip
    .venv/bin/pip install '.[test]' --group dev

# rebuild the extension in place after a change of the Rust code
build:
    .venv/bin/maturin develop --release

# formatters, linters, types, layers
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --quiet -- -D warnings
    .venv/bin/ruff format --check python tests benches
    .venv/bin/ruff check python tests benches
    .venv/bin/mypy
    .venv/bin/lint-imports --config pyproject.toml

# all tests but the slow ones
test:
    cargo test --workspace --quiet
    {{python}} -m pytest -n 2

# full-size checks and long fault runs
slow:
    {{python}} -m pytest -m slow

# ratios to peers on this machine (values must agree before a time is printed); see docs/speed.md
bench *arguments:
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE {{python}} -m benches {{arguments}}

# write the pages that are generated from the definitions
docs:
    {{python}} -c 'from edgewise.metrics.reference_page import render; print(render(), end="")' > docs/metrics.md
    {{python}} -c 'from edgewise.compat.reference_page import render; print(render(), end="")' > docs/drop-ins-reference.md
    {{python}} -c 'from edgewise.models.reference_page import render; print(render(), end="")' > docs/networks.md
