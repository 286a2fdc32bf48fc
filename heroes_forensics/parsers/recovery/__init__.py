"""Recovery: what lies where no file is, found by its own structure.

`free` says where a volume holds nothing, `search` goes through it sector by sector, and one module
for each family of formats follows a candidate's own structure to its end. Nothing is decoded here.
"""
