"""The report's page: one HTML file that needs nothing but itself."""

from __future__ import annotations

from qsync.views.report.page import report_page

__all__ = ["report_page"]
