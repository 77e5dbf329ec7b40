# Every command runs in the environment that uv.lock describes.

# lint, types, architecture, docs and the core tests
check:
    uv run python -m tools.check

# only the tests; arguments go to pytest
test *arguments:
    uv run pytest {{arguments}}

# everything that CI runs
full:
    uv run python -m tools.check full

# tests against real servers on this machine
integration:
    uv run pytest tests/integration tests/conformance

# an S3 server on this machine to try things against; it prints its port and serves until Ctrl-C
servers:
    uv run python -m tests.servers.locked_moto

# whole commands, crashes and reports in a browser
e2e:
    uv run pytest tests/e2e tests/crash

# kill processes at work without warning, so many times, and see that nothing is lost
torture rounds="500":
    STOOK_TORTURE_ROUNDS={{rounds}} uv run pytest tests/crash/test_torture.py

# property tests with many more examples
fuzz:
    HYPOTHESIS_PROFILE=full uv run pytest tests/property tests/stateful

# measure against cp and a bare loop; names of benchmarks, or all
bench *names:
    uv run python -m bench {{names}}

# make generated pages again
gen:
    uv run python -m tools.cli_reference

# build the documentation into site/, or look at it while writing
docs:
    uv run mkdocs build --strict
docs-serve:
    uv run mkdocs serve

# put code into shape
format:
    uv run ruff check --fix src tests tools bench docs
    uv run ruff format src tests tools bench docs

# a changelog entry: just news added name-of-it "What is new, for its users."
news kind name text:
    uv run towncrier create --content "{{text}}" "+{{name}}.{{kind}}.md"

# the changelog as the next release would have it
news-preview:
    uv run towncrier build --draft
