"""How well the band plays: songs whose chords are known, what it is told of them, measures, others beside it, a table.

python -m research.accompaniment.evaluation --symbolic DIR --stems DIR --songs 12
"""
