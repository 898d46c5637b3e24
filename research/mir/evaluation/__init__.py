"""How well an engine listens: songs whose beats, chords and key are known, scores, other trackers, and a table.

python -m research.mir.evaluation --annotated DIR --multitrack DIR --engines mir.chroma --seconds 60
"""
