"""The tests that every backend must pass: `BackendContract`, one class per subject, and `TaskContract`."""

from dynamongo.testing.contract.aliasing import AliasingContract
from dynamongo.testing.contract.awaited import Awaited
from dynamongo.testing.contract.base import ContractBase
from dynamongo.testing.contract.batches import BatchContract
from dynamongo.testing.contract.capacity import CapacityContract
from dynamongo.testing.contract.computed import ComputedContract
from dynamongo.testing.contract.concurrency import ConcurrencyContract
from dynamongo.testing.contract.conditions import ConditionContract
from dynamongo.testing.contract.expiry import ExpiryContract
from dynamongo.testing.contract.index_pages import IndexPageContract
from dynamongo.testing.contract.index_projections import IndexProjectionContract
from dynamongo.testing.contract.index_tables import IndexTableContract
from dynamongo.testing.contract.indexes import IndexContract, IndexKeyContract
from dynamongo.testing.contract.isolation import IsolationContract
from dynamongo.testing.contract.keys import KeyContract
from dynamongo.testing.contract.long_key_queries import LongKeyQueryContract
from dynamongo.testing.contract.long_keys import LongKeyContract
from dynamongo.testing.contract.pages import PageContract
from dynamongo.testing.contract.projections import ProjectionContract
from dynamongo.testing.contract.queries import QueryContract
from dynamongo.testing.contract.returned import ReturnContract
from dynamongo.testing.contract.segments import SegmentContract
from dynamongo.testing.contract.sizes import SizeContract
from dynamongo.testing.contract.table import Table
from dynamongo.testing.contract.table_changes import TableChangeContract
from dynamongo.testing.contract.table_settings import TableSettingsContract
from dynamongo.testing.contract.tables import TableContract
from dynamongo.testing.contract.tasks import TaskContract
from dynamongo.testing.contract.tokens import TokenContract
from dynamongo.testing.contract.transact_gets import TransactGetContract
from dynamongo.testing.contract.transactions import TransactWriteContract
from dynamongo.testing.contract.traps import TrapContract
from dynamongo.testing.contract.updates import UpdateContract
from dynamongo.testing.contract.values import ValueContract
from dynamongo.testing.contract.writes import WriteContract

__all__ = ["Awaited", "BackendContract", "ContractBase", "Table", "TaskContract"]


class BackendContract(
    ValueContract,
    SizeContract,
    KeyContract,
    ConditionContract,
    WriteContract,
    UpdateContract,
    ComputedContract,
    ReturnContract,
    ProjectionContract,
    QueryContract,
    PageContract,
    BatchContract,
    CapacityContract,
    TableContract,
    TableChangeContract,
    TableSettingsContract,
    IndexContract,
    IndexKeyContract,
    IndexPageContract,
    IndexProjectionContract,
    IndexTableContract,
    LongKeyContract,
    LongKeyQueryContract,
    TransactWriteContract,
    TokenContract,
    TransactGetContract,
    SegmentContract,
    ExpiryContract,
    IsolationContract,
    AliasingContract,
    ConcurrencyContract,
    TrapContract,
):
    """Everything that a backend must do. Subclass it and override the fixture `backend`."""
