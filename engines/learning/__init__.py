"""Parts of networks that more than one engine learns with; needs the extra ``train``, never loaded while playing."""
