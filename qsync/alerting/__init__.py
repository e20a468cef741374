"""Alerting: the only room that imports apprise, and with it anything that sends messages."""

from __future__ import annotations

from qsync.alerting.delivery import TIMEOUT, Delivery, Outcome, deliver, is_installed

__all__ = ["TIMEOUT", "Delivery", "Outcome", "deliver", "is_installed"]
