"""From a status to the error tree of `qsync.execution.remote` (API.md, "Errors")."""

from __future__ import annotations

from dataclasses import dataclass, field

from qsync.execution.remote import AuthError, FinalError, RejectedBatchError, ScopeError
from qsync.qualified.answers import error_code, is_json_object, named_items
from qsync.qualified.wire import Method, Reply

SAFE_AGAIN = "Running again is safe."


@dataclass(frozen=True, slots=True)
class Call:
    """A request as its caller means it.

    Attributes:
        method: GET may always be repeated; POST only when it is known that nothing happened.
        path: Below the base URL, quoted.
        shown: The path for messages, without ids.
        scope: The scope it takes; None when any valid key will do.
        body: JSON, already serialized.
        takes: Statuses beside 2xx that are an answer and no error.
        reserve: For a submit: requests that there must be room for after it. None is any other
            request, which waits behind no submit.
        effect: What a POST may have led to when its answer is lost, for messages.
    """

    method: Method
    path: str
    shown: str
    scope: str | None = None
    # It holds people's values: not for a repr in a traceback.
    body: bytes | None = field(default=None, repr=False)
    takes: frozenset[int] = frozenset()
    reserve: int | None = None
    effect: str = "the job may exist"

    def __str__(self) -> str:
        return f"{self.method} {self.shown}"


def describe(call: Call, reply: Reply) -> str:
    """The status and, when it is one word, the code; never the body's text."""
    code = error_code(reply)
    return f"Qualified answered {reply.status}{f' ({code})' if code else ''} to {call}"


def refusal(call: Call, reply: Reply, key_name: str) -> FinalError:
    """The error for an answer that would be the same next time."""
    status, code = reply.status, error_code(reply)
    message = describe(call, reply)
    if status == 401:
        return AuthError(
            message,
            status=status,
            code=code,
            hint=f"Check that {key_name} holds the key of the right team, and that the Enterprise "
            "API is enabled for that team.",
        )
    if status == 403:
        return ScopeError(message, status=status, code=code, hint=_scope_hint(call, reply))
    if status == 422 and call.method == "POST":
        refused = RejectedBatchError(message, status=status, code=code)
        refused.named = named_items(reply)
        return refused
    if 300 <= status < 400:
        return FinalError(
            f"{message}: redirects are refused, they would send the key elsewhere",
            status=status,
            hint="Set base_url in qsync.yml to the address the API itself answers at.",
        )
    hint = "Check base_url in qsync.yml." if not is_json_object(reply) else None
    return FinalError(message, status=status, code=code, hint=hint)


def _scope_hint(call: Call, reply: Reply) -> str:
    if not is_json_object(reply):
        return (
            "The answer is not the API's own: a proxy or a firewall in between may refuse this "
            "machine."
        )
    if call.scope is None:
        return "This call needs no scope; ask Qualified's support whether the key is restricted."
    return f"Give the key the scope {call.scope} in Qualified's settings."
