"""Faults: what can go wrong between a program and DynamoDB, injected when a test asks for it."""

from dynamongo.backends.memory.faults.fault import Fault
from dynamongo.backends.memory.faults.injection import FaultyCall
from dynamongo.backends.memory.faults.plan import FaultPlan

__all__ = ["Fault", "FaultPlan", "FaultyCall"]
