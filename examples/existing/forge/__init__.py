"""Repositories, their issues and pull requests in one table, told apart by `_type`."""
