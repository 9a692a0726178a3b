"""Performing client programs: the application's side through an adapter, the server's side by a peer that the program steers.

wire     the peer's connections: listening, frames in, bytes out
perform  a program, step by step, into an Observation
"""
