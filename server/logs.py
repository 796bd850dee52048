"""One JSON object a line on standard error."""

from __future__ import annotations

import logging
import sys

import structlog


def _to_standard_error(*_: object) -> structlog.PrintLogger:
    """Standard error as it is at this moment: it may have been exchanged, and the one before closed."""
    return structlog.PrintLogger(sys.stderr)


def set_up_logs() -> None:
    """Structured logs; safe to call again."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )
