"""The one place for wiring: command line, settings, and the commands themselves.

Owns: the process (exit codes, standard output, environment, signals). Takes: arguments and settings files.
Emits: answers on standard output, progress and logs on standard error. Never: decides about money or orders.
"""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
"""Processes that are started beside the server run other programs: gRPC has nothing to mend in them, and would say so
on standard error.
"""
