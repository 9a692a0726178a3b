"""Adapters: small programs around a client library that speak JSON lines, so that the harness can drive a client in any language.

    protocol        the messages of both directions, held to their schemas
    process         an adapter as a child process or at a TCP address, whatever it does
    checking        `adapter check`: is it the adapter that is broken, or the client?
    reference       the adapter of the reference client; a pattern for others in Python
    official_python the adapter of the official Python client, for those who hold a licence

`docs/write-an-adapter.md` tells how to write one.
"""
