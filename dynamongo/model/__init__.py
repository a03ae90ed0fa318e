"""`Model`: its verbs, instances, result sets and bulk writes."""

from __future__ import annotations

from dynamongo.model.model import Model

__all__ = ["Model"]
