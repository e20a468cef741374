"""Which node of the manifest a sync's model means, as dbt's `ref` would find it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from qsync.artifacts.model import Manifest, ModelReference, Node
from qsync.diagnostics import Diagnostic, Position, Severity


def resolve(
    manifest: Manifest,
    ref: ModelReference,
    project_name: str,
    *,
    position: Position | None = None,
    sync: str | None = None,
) -> Node | Diagnostic:
    """Find a model, snapshot or seed.

    Without a package the project's own node wins over a package's, as in dbt. Without a version the
    latest is meant.

    Args:
        manifest: dbt's manifest.
        ref: What the sync wrote.
        project_name: The dbt project's name.
        position: Where the sync wrote it; the manifest otherwise.
        sync: The sync's name, for the diagnostic.

    Returns:
        The node, or an error: `QS201` not in the manifest, `QS202` disabled, `QS203` ephemeral,
        `QS204` in several packages, `QS205` no such version.
    """
    place = position or Position(manifest.path)

    def error(code: str, message: str, hint: str) -> Diagnostic:
        return Diagnostic(code, Severity.ERROR, place, message, hint, sync)

    named = [node for node in manifest.named(ref.name) if ref.package in (None, node.package)]
    if ref.package is None and any(_own(node, project_name) for node in named):
        own = [node for node in named if _own(node, project_name)]
        # A disabled one of the project's must not hide a package's living one, as in dbt.
        named = own if any(not node.disabled for node in own) else named
    if not named:
        return error("QS201", *_unknown(manifest, ref))
    living = [node for node in named if not node.disabled]
    if not living:
        hint = "enable it (`enabled: true`) and run `dbt parse`, or map another model"
        return error("QS202", f"`{ref.name}` is disabled in dbt", hint)
    packages = sorted({node.package for node in living})
    if len(packages) > 1:
        hint = f"name the package: `ref('{packages[0]}', '{ref.name}')`"
        where = " and ".join(packages)
        return error("QS204", f"`{ref.name}` is in several packages: {where}", hint)
    node = _version_of(living, ref.version)
    if node is None:
        known = ", ".join(sorted(item.version for item in living if item.version is not None))
        hint = (
            f"versions in the manifest: {known}" if known else "it has no versions: leave `v=` out"
        )
        return error("QS205", f"`{ref.name}` has no version {ref.version or '(latest)'}", hint)
    if node.materialized == "ephemeral":
        hint = "materialize it as a view or table: there is nothing in the warehouse to read"
        return error("QS203", f"`{ref.name}` is ephemeral", hint)
    return node


def _own(node: Node, project_name: str) -> bool:
    return node.package == project_name


def _version_of(living: Sequence[Node], version: str | None) -> Node | None:
    if version is None:
        return next((node for node in living if node.is_latest), None)
    return next((node for node in living if node.version == version), None)


def _unknown(manifest: Manifest, ref: ModelReference) -> tuple[str, str]:
    elsewhere = sorted({node.package for node in manifest.named(ref.name)})
    written = f"`{ref.name}` of package `{ref.package}`" if ref.package else f"`{ref.name}`"
    message = f"model {written} is not in the manifest"
    if elsewhere:
        return message, f"it is in {' and '.join(elsewhere)}"
    names = sorted({node.name for node in manifest.nodes.values() if not node.disabled})
    near = get_close_matches(ref.name, names, n=1, cutoff=0.6)
    hint = "if it is new, run `dbt parse` or `dbt run` first"
    return message, f"did you mean `{near[0]}`? {hint[0].upper()}{hint[1:]}" if near else hint
