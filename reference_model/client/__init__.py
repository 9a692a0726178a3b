"""What the documentation demands of a client library: programs of application calls and peer's answers, and what must come of them.

    program  the values: calls, what the peer awaits and sends
    uris     which connection strings are right
    frames   what each call must send
    predict  what the application must get, in which order: an `Expectation`

Source: clients.md, wire.md §2 to §8. Pure, like the model of servers.
"""
