"""Ray Train as the engine of a training: its processes train, and the caller logs and keeps checkpoints.

So what a training needs of the outside (the tracking store, a folder, the data) it needs where it was called, on
whichever machines it runs. Ray is imported when it is used.
"""
