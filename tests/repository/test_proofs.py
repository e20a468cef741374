"""What docs/reliability.md calls proven is what tests say they prove, in agreed words."""

from __future__ import annotations

import pytest

from docs.proofs import Fault, Promise, Proof, proofs, proofs_in


def _module(decorator: str) -> str:
    return f"import pytest\n\n@pytest.mark.slow\n{decorator}\ndef test_a_b() -> None: ...\n"


def test_every_fault_and_every_promise_has_a_test() -> None:
    found = proofs()
    assert [fault for fault in Fault if fault not in {proof.fault for proof in found}] == []
    assert [word for word in Promise if word not in {proof.promise for proof in found}] == []


def test_no_test_says_the_same_twice() -> None:
    found = proofs()
    assert len(set(found)) == len(found)


def test_a_marker_becomes_a_sentence() -> None:
    source = _module('@pytest.mark.proves(fault="redirect", promise="nothing leaks")')
    wanted = Proof(Fault.REDIRECT, Promise.NO_LEAK, "a b", "x/test_y.py", slow=True)
    assert list(proofs_in(source, "x/test_y.py")) == [wanted]


@pytest.mark.parametrize(
    "decorator",
    [
        '@pytest.mark.proves(fault="bad weather", promise="nothing leaks")',
        '@pytest.mark.proves(fault="redirect", promise="all is well")',
        '@pytest.mark.proves(fault="redirect")',
        '@pytest.mark.proves("redirect", "nothing leaks")',
        "@pytest.mark.proves(fault=WORD, promise='nothing leaks')",
        "@pytest.mark.proves",
    ],
)
def test_a_marker_with_other_words_is_refused_with_its_place(decorator: str) -> None:
    with pytest.raises(ValueError, match=r"^x/test_y\.py: test_a_b: "):
        list(proofs_in(_module(decorator), "x/test_y.py"))
