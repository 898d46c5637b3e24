"""Evaluation of mir engines: songs whose beats, chords and key are known, scores, reference trackers, and a table.

python -m research.mir.evaluation --annotated DIR --multitrack DIR --engines mir.chroma --seconds 60
"""
