"""Principals: what people may ask of those who keep their data (DPDP Act 2023, chapter III).

To see it, to take it along, to be erased, and to be told who saw it.
"""
