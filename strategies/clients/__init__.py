"""Programs for clients: directed ones, and random ones.

build     short ways to write a program
directed  scenarios written for rules
drawing   random programs and peers
"""
