"""Fixtures for tests (`dynamongo.testing.plugin`), and the contract that every backend of dynamongo keeps.

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

The fixture may have any scope: each test makes its own tables, under names that no other test uses, and deletes them.
A test named in `known_failures` runs all the same and has to fail, so that the entry goes when its reason does.
The package needs pytest, and nothing else in dynamongo imports it.
"""

import pytest

pytest.register_assert_rewrite("dynamongo.testing.contract")
