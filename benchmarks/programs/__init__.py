"""Whole programs, run as processes of their own by the suite `cold`.

`python with_LIBRARY.py get URL` gets a row, prints a line when it has it, and ends when its input does.
`python with_LIBRARY.py test` is the first test of a process, in memory: ten puts and ten gets. It prints the processor
time that they take with the declaration of the model and the table, in milliseconds; imports are not part of it.
"""
