"""Evaluation of the band: songs whose chords are known, simulated input, measures, baselines, a table.

python -m research.accompaniment.evaluation --symbolic DIR --stems DIR --songs 12
"""
