"""qsync: reverse ETL as code from dbt to Qualified."""

from __future__ import annotations

__version__ = "0.1.0"
