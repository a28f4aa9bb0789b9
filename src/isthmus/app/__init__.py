"""The one place for wiring: command line, settings, and the commands themselves.

Owns: the process (exit codes, standard output, environment, signals). Takes: arguments and settings files.
Emits: answers on standard output, progress and logs on standard error. Never: decides about money or orders.
"""
