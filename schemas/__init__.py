"""What everyone agrees on: checklists, instruments, record schemas, rules and rights.

Pure Python over plain data. This room imports nothing but the standard library and marshmallow,
opens no database, no socket and no file but its own package data.
"""
