"""Pytest fixtures (`dynamongo.testing.plugin`), and the contract that every backend must fulfil.

To run the contract on a backend of your own, subclass `BackendContract` in a test module and override the fixture
`backend`::

    import pytest
    from dynamongo.testing.contract import BackendContract

    from my_package import MyBackend


    class TestMyBackend(BackendContract):
        known_failures = {
            "test_decimal_key_is_the_same_key": "the store compares numbers as text",
            "test_number_is_refused[39 digits]": "the store keeps 40 digits",
        }

        @pytest.fixture
        def backend(self):
            backend = MyBackend()
            yield backend
            backend.close()

Verbs that are awaited use the backend's `execute_async`, or its `execute` in a thread. Two more classes test that::

    from dynamongo.testing.contract import Awaited, TaskContract


    class TestMyBackendAwaited(BackendContract):
        @pytest.fixture
        def backend(self):
            with Awaited(MyBackend()) as backend:
                yield backend


    class TestMyBackendInTasks(TaskContract):
        aftermath = 0.1  # seconds in which the store may still carry out what was cancelled

        @pytest.fixture
        def backend(self):
            return MyBackend()

The fixture may have any scope: each test creates tables of its own, under unique names, and deletes them. A test in
`known_failures` still runs and must fail, so that the entry is removed once its reason is gone.
The package needs pytest; nothing else in dynamongo imports it.
"""

import pytest

pytest.register_assert_rewrite("dynamongo.testing.contract")
