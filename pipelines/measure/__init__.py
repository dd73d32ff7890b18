"""Compare a result with its original, and judge a portrait by itself.

`measurements` compares: gaze, identity, texture, skin tone, eyes. `guards` are its limits on the
polish. `registration` aligns two versions of a photo first. `quality`, `naturalness` and
`artificial` judge one portrait without an original.
"""
