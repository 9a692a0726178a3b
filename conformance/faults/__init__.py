"""Faults by a proxy between us and the target: toxiproxy, which a user runs, or which is started for a run.

`api` speaks with it and mends what its Python client does not do; `server` starts one; `proxies` hands proxies to the connections of a
scenario. None of this judges anything: a proxy that cannot be had is a ProxyError, and what it was needed for is not measured.
"""
