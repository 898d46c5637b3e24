"""Evaluation of separators: songs whose stems are known, figures, baselines, and a table.

python -m research.separation.evaluation --multitrack DIR --songs a,b --with separation.dsp --seconds 60 --offset 60
"""
