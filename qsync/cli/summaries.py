"""What each command is for, in a sentence: `qsync --help` imports no command to list them."""

from __future__ import annotations

SUMMARIES: dict[str, str] = {
    "init": "Set up qsync in a dbt project.",
    "new": "Write a sync called NAME for a model.",
    "validate": "Check the project's files: offline, without credentials.",
    "test": "Run the sync tests: given these rows, exactly this is sent.",
    "ls": "List the syncs with model, object, fields and tags.",
    "exposures": "Write the syncs as dbt exposures.",
    "plan": "Show what would change in Qualified.",
    "show": "Show a plan that `qsync plan --out` wrote.",
    "apply": "Send what changed to Qualified.",
    "resume": "Send what is left of RUN, and nothing else.",
    "retry": "Send rejected records again, those that rest among them.",
    "status": "Show how each sync stands.",
    "rejects": "Show what Qualified rejected, by reason, and what to do.",
    "alerts": "Tell people when syncs go wrong: try it, check.",
    "report": "Write one HTML page about all syncs.",
    "inspect": "Show what a run did at Qualified, request by request.",
    "why": "Tell a record's story, from column to result.",
    "catalog": "Keep the field catalog: pull it, show it, compare it.",
    "state": "See and mend what qsync remembers of what it sent.",
    "forget": "Purge people from state, and never send them again.",
    "unlock": "Free the lock of a run that is dead.",
    "ledger": "Keep the ledger: the seed that models read run records from.",
    "debug": "Check everything that qsync needs.",
    "emulator": "Run a local Qualified to rehearse syncs against.",
    "completion": "Print the script that completes commands.",
}
"""The first sentence of each command's own help, word for word."""
