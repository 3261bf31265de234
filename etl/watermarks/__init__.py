"""Reading only what is new: how far a source has been read, moved on once it is loaded.

An extractor with a watermark reads from the position that was reached before. What it read is a
*window*: it goes along in the manifests of the datasets that are made of it, to the loaders. When
the last of them has committed, the window's end becomes the position; nothing moves it earlier.

A load that adds rows claims the window before it begins. Should the execution then fail, the next
one reads that same window again: loads that were committed know it and add nothing.

`config` is what a graph says, `store` what is kept, `reading` the extractor's side, `loading` the
loaders'.
"""
