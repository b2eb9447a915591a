"""Real servers for tests and benchmarks: found or fetched, started, disturbed, stopped.

``need`` says what becomes of a test whose server cannot be had, ``ports`` and ``process``
start a program of any kind, ``jvm`` finds Java and fetches what runs on it, and each
server has a module of its own with a fixture that starts it once per test run.
"""
