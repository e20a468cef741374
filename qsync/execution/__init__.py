"""Runs a plan: staged rows to bulk jobs, what became of them back into state.

Nothing is imported here, because the warehouse and the client need `ports` and `remote` alone. The
public face of sending one stream is `qsync.execution.deliver`.
"""
