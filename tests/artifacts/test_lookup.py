"""Nodes and fields are found by name at once, however many there are."""

from __future__ import annotations

from qsync.artifacts import Manifest, Node
from qsync.fields.model import Field, FieldCatalog


def test_every_node_of_a_name_is_found_in_the_manifests_order() -> None:
    nodes = [Node(f"model.p{n}.x", "x", f"p{n}", "model") for n in (2, 1)]
    other = Node("model.p1.y", "y", "p1", "model")
    manifest = Manifest(
        *("m.json", 12, "", "", None, "", None), nodes={n.unique_id: n for n in (*nodes, other)}
    )
    assert manifest.named("x") == tuple(nodes)
    assert manifest.named("z") == ()


def test_a_catalog_makes_its_index_once() -> None:
    catalog = FieldCatalog((Field("a", "A", "string"),))
    assert catalog.of("lead") is catalog.of("lead")
    assert list(catalog.of("lead")) == ["a"]
    assert list(catalog.of("company")) == []
