"""What `qsync debug` checks on this machine: versions, the project's files, proxies."""

from __future__ import annotations

import os
import platform
import re
import sys
import urllib.request
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from qsync import __version__
from qsync.artifacts import read_manifest
from qsync.cli.loading import InvalidProjectError, Loaded, errors_of, load
from qsync.cli.options import CommonOptions
from qsync.cli.wiring import relative
from qsync.diagnostics import Diagnostic, Severity
from qsync.fields import read_catalog
from qsync.project.security import is_loopback
from qsync.views.debug_text import CheckOutcome, CheckResult

OLDEST_PYTHON = (3, 11)
OLDEST_DBT, FIRST_DBT_TOO_NEW = (1, 11), (2,)

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that name certificates, in the order in which they count."""


def ok(name: str, said: str) -> CheckResult:
    """It is as it should be."""
    return CheckResult(name, CheckOutcome.OK, said)


def warning(name: str, said: str, todo: str | None) -> CheckResult:
    """It works, or need not."""
    return CheckResult(name, CheckOutcome.WARNING, said, todo)


def failed(name: str, said: str, todo: str | None) -> CheckResult:
    """It must be mended."""
    return CheckResult(name, CheckOutcome.FAILED, said, todo)


def skipped(name: str, why: str) -> CheckResult:
    """Another check failed that this one stands on."""
    return CheckResult(name, CheckOutcome.SKIPPED, f"not checked: {why}")


def check_versions() -> Iterator[CheckResult]:
    """Python, qsync and dbt-core, without importing dbt."""
    python = f"Python {platform.python_version()}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield failed("python", python, "qsync needs Python 3.11 or newer")
    else:
        yield ok("python", python)
    yield ok("qsync", f"qsync {__version__}")
    found = _version("dbt-core")
    wanted = "qsync needs dbt-core 1.11 or newer, below 2: pip install 'dbt-core>=1.11,<2'"
    if found is None:
        yield failed("dbt-core", "dbt-core is not installed in qsync's environment", wanted)
        return
    parts = tuple(int(part) for part in re.findall(r"\d+", found)[:2])
    if OLDEST_DBT <= parts < FIRST_DBT_TOO_NEW:
        yield ok("dbt-core", f"dbt-core {found}")
    else:
        yield failed("dbt-core", f"dbt-core {found}", wanted)


def check_adapter(adapter_type: str) -> CheckResult:
    """The package of dbt's adapter."""
    package = f"dbt-{adapter_type}"
    found = _version(package)
    if found is None:
        return warning("adapter", f"{adapter_type}, of a package that is not {package}", None)
    return ok("adapter", f"{package} {found}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def check_project(common: CommonOptions) -> tuple[Loaded | None, CheckResult]:
    """The files a user writes; what was read of them unless qsync.yml or dbt_project.yml is bad."""
    name = "project"
    try:
        loaded = load(common)
    except InvalidProjectError as error:
        return None, _first("project", error.diagnostics)
    if errors_of(loaded.diagnostics):
        return loaded, _first(name, loaded.diagnostics)
    count = len(loaded.project.syncs)
    said = f"{loaded.project.name}, {count} {'sync' if count == 1 else 'syncs'}"
    if not count:
        return loaded, warning(name, said, "`qsync new NAME --model M --object lead` writes one")
    return loaded, ok(name, said)


def check_artifacts(loaded: Loaded) -> Iterator[CheckResult]:
    """dbt's manifest and the field catalog."""
    shown = relative(loaded.manifest_path, loaded.project_dir)
    manifest, problems = read_manifest(loaded.manifest_path, shown)
    if manifest is None:
        yield _first("manifest", tuple(problems))
    else:
        yield ok(
            "manifest", f"{shown}, by dbt {manifest.dbt_version}, {manifest.generated_at[:16]}"
        )
    catalog, found = read_catalog(loaded.catalog_path, loaded.catalog_path.name)
    if catalog is None:
        yield _first("field catalog", tuple(found))
    else:
        leads, companies = len(catalog.lead), len(catalog.company)
        said = f"{loaded.catalog_path.name}, {leads} lead fields, {companies} company fields"
        yield ok("field catalog", said)


def _first(name: str, diagnostics: tuple[Diagnostic, ...]) -> CheckResult:
    errors = [item for item in diagnostics if item.severity is Severity.ERROR]
    first = errors[0]
    more = f" (and {len(errors) - 1} more: `qsync validate`)" if len(errors) > 1 else ""
    place = f"{first.position}: " if first.position.line else ""
    return failed(name, f"{place}{first.message}{more}", first.hint)


def check_proxies(base_url: str) -> CheckResult:
    """The proxies that requests to Qualified go through. A proxy's password is never shown.

    Says too where the certificates are from that Qualified's is checked with, when the environment
    names others than those that come with qsync.
    """
    found = _proxy(base_url)
    if os.environ.get("SSLKEYLOGFILE"):
        return warning(
            "proxies",
            f"{found}; SSLKEYLOGFILE is set: who reads that file can read the traffic",
            "unset SSLKEYLOGFILE",
        )
    named = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    return ok("proxies", found if named is None else f"{found}, certificates from {named}")


def _proxy(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
    except ValueError:
        return "base_url is no address"
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    host = parts.hostname or ""
    if proxy is None or is_loopback(host):
        return f"none for {host}"
    if urllib.request.proxy_bypass(host):
        return f"NO_PROXY lets {host} through directly"
    try:
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        place = through.hostname or "an address that cannot be read"
        place += f":{through.port}" if through.port else ""
    except ValueError:
        place = "an address that cannot be read"
    return f"requests to {host} go through {place}"
