"""`qsync test`: the sync tests of the project, offline."""

from __future__ import annotations

import click

from qsync.cli.loading import load_valid
from qsync.cli.options import (
    CommonOptions,
    SelectionOptions,
    common_options,
    json_option,
    selection_options,
)
from qsync.cli.saying import say, tell_diagnostics
from qsync.exit_codes import ExitCode


@click.command("test")
@selection_options
@json_option
@common_options
def test(selection: SelectionOptions, as_json: bool, common: CommonOptions) -> ExitCode:
    """Run the sync tests: given these rows, exactly this is sent.

    Tests stand under `tests:` in *.qsync.yml. Each runs through the real mapping, SQL and
    serialization on a DuckDB in memory: no warehouse, no key, nothing is sent. --select takes names
    and globs of tests as well as syncs. Ends with 1 when a test fails.
    """
    from qsync.cli.telling import print_json
    from qsync.cli.testing import no_test, run_tests
    from qsync.views.console import data_console
    from qsync.views.tests_document import FAILED, tests_document
    from qsync.views.tests_text import render_tests

    loaded = load_valid(common)
    tested, warnings = run_tests(common, loaded, selection)
    document = tests_document(tested)
    tell_diagnostics(warnings)
    if not tested:
        say("nothing_selected", no_test(loaded))
    if as_json:
        print_json(document)
    else:
        render_tests(document, data_console())
    return ExitCode.FAILED if document[FAILED] else ExitCode.OK
